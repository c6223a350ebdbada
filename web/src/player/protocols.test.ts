import { expect, test } from "vitest";
import { codecNames, protocolName, sourceUrl } from "./protocols";

test("a path becomes an address on the page's origin, in the scheme its protocol speaks", () => {
  const page = "https://tv.example:8443/watch/live/demo?sign=1";
  expect(sourceUrl("http-flv", "/live/demo.flv?sign=2", page)).toBe("https://tv.example:8443/live/demo.flv?sign=2");
  expect(sourceUrl("ws-flv", "/live/demo.flv", page)).toBe("wss://tv.example:8443/live/demo.flv");
  expect(sourceUrl("ws-fmp4", "/live/demo.mp4", "http://tv.example/watch/live/demo")).toBe("ws://tv.example/live/demo.mp4");
});

test("RTMP has its own port, and a whole address is left as it is", () => {
  expect(sourceUrl("rtmp", "/live/demo?sign=2", "http://tv.example:8000/")).toBe("rtmp://tv.example/live/demo?sign=2");
  expect(sourceUrl("rtmp", "rtmp://other:1936/live/demo", "http://tv.example:8000/")).toBe("rtmp://other:1936/live/demo");
});

test("names people know", () => {
  expect(protocolName("ws-fmp4")).toBe("WS-fMP4");
  expect(protocolName("moq")).toBe("moq");
  expect(codecNames(["hvc1.1.6.L93.B0", "Opus", "x-new.1"])).toBe("H.265 · Opus · x-new.1");
});
