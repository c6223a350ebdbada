import { expect, test } from "vitest";
import { browser, CODECS, playInfo } from "../test/play-info";
import { choose, mp4Type } from "./choose";

const ALL = ["http-flv", "ws-flv", "ws-fmp4", "hls", "dash", "rtmp"];

function order(...args: Parameters<typeof choose>): string[] {
  return choose(...args).candidates.map(({ source }) => source.protocol);
}

test("the server's order stands, without what this page cannot play", () => {
  expect(order(playInfo(ALL).sources, browser())).toEqual(["http-flv", "ws-flv", "ws-fmp4", "hls"]);
});

test("the viewer's line comes first and the rest stays as a way out", () => {
  expect(order(playInfo(ALL).sources, browser(), "hls")).toEqual(["hls", "http-flv", "ws-flv", "ws-fmp4"]);
});

test("a line nobody offers changes nothing", () => {
  expect(order(playInfo(ALL).sources, browser(), "quic")).toEqual(["http-flv", "ws-flv", "ws-fmp4", "hls"]);
});

test("what failed a moment ago goes to the end, even if preferred", () => {
  expect(order(playInfo(ALL).sources, browser(), "hls", new Set(["hls"]))).toEqual(["http-flv", "ws-flv", "ws-fmp4", "hls"]);
});

test("a codec the browser lacks is named", () => {
  const { candidates, rejected } = choose(playInfo(["http-flv", "hls"], ["hvc1.1.6.L93.B0", "mp4a.40.2"]).sources, browser(["hvc1"]));
  expect(candidates).toEqual([]);
  expect(rejected).toEqual([
    { protocol: "http-flv", codecs: ["hvc1.1.6.L93.B0"] },
    { protocol: "hls", codecs: ["hvc1.1.6.L93.B0"] },
  ]);
});

test("VP9 goes through fMP4 where the FLV engine cannot take it", () => {
  expect(order(playInfo(ALL, ["vp09.00.10.08", "opus"]).sources, browser())).toEqual(["ws-fmp4", "hls"]);
});

test("MP3 in FLV needs the bare MP3 type, not MP3 in MP4", () => {
  const sources = playInfo(["http-flv", "ws-fmp4"], ["avc1.64001f", "mp4a.40.34"]).sources;
  expect(order(sources, browser(["mp4a.40.34"]))).toEqual(["http-flv"]);
});

test("muxed fMP4 is only tried when the browser takes the codecs together", () => {
  const support = { isTypeSupported: (type: string) => !type.includes(",") };
  expect(order(playInfo(["ws-fmp4", "http-flv"]).sources, support)).toEqual(["http-flv"]);
});

test("names from an object's prototype are not protocols", () => {
  expect(order(playInfo(["constructor", "toString", "http-flv"]).sources, browser())).toEqual(["http-flv"]);
});

test("sound alone is asked for as audio", () => {
  expect(mp4Type(["mp4a.40.2"])).toBe('audio/mp4; codecs="mp4a.40.2"');
  expect(mp4Type(CODECS)).toBe('video/mp4; codecs="avc1.64001f,mp4a.40.2"');
});
