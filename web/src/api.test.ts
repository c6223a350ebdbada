import { afterEach, expect, test, vi } from "vitest";
import { ApiError, clockAheadMs, fetchPlay, fetchStreams, parsePlay } from "./api";

afterEach(() => vi.unstubAllGlobals());

function answer(status: number, body: string): void {
  vi.stubGlobal("fetch", vi.fn(async () => new Response(body, { status })));
}

test("the stream name and the page's token reach the server, escaped", async () => {
  answer(200, '{"is_live":true}');
  await fetchPlay("live/小貓 1", new URLSearchParams({ sign: "9-a b" }));
  expect(fetch).toHaveBeenCalledWith("/api/v1/play/live/%E5%B0%8F%E8%B2%93%201?sign=9-a+b", expect.anything());
});

test("a refusal carries the server's code", async () => {
  answer(404, '{"error":{"code":"stream_not_found","message":"no stream live/x"}}');
  await expect(fetchPlay("live/x", new URLSearchParams())).rejects.toMatchObject({ status: 404, code: "stream_not_found" });
});

test("an error page of some proxy is still an error with a code", async () => {
  answer(502, "<html>Bad gateway</html>");
  await expect(fetchPlay("live/x", new URLSearchParams())).rejects.toMatchObject({ status: 502, code: "http_502" });
});

test("a server that does not answer is told apart from one that refuses", async () => {
  vi.stubGlobal("fetch", vi.fn(() => Promise.reject(new TypeError("failed"))));
  await expect(fetchPlay("live/x", new URLSearchParams())).rejects.toMatchObject({ status: 0, code: "unreachable" });
});

test("missing and wrong fields become harmless, a wrong answer does not", () => {
  const info = parsePlay({ is_live: "yes", sources: [null, { protocol: "hls", codecs: [1, "avc1.64001f"] }], tracks: {} });
  expect(info.is_live).toBe(false);
  expect(info.sources).toEqual([{ protocol: "hls", url: "", mime_type: "", codecs: ["avc1.64001f"], latency_ms: 0 }]);
  expect(info.tracks).toEqual([]);
  expect(() => parsePlay(["no"])).toThrow(ApiError);
});

test("a clock that is off by minutes is noticed, the steps of the Date header are not", () => {
  const date = "Sat, 21 Nov 2026 02:00:00 GMT";
  const at = Date.parse(date);
  expect(clockAheadMs(date, at + 900, at + 950)).toBe(0);
  expect(clockAheadMs(date, at - 60_000, at - 60_000)).toBe(60_500);
  expect(clockAheadMs(null, 0, 0)).toBe(0);
  expect(clockAheadMs("soon", 0, 0)).toBe(0);
});

test("a stream held for its publisher is not shown as live", async () => {
  answer(200, '{"streams":[{"stream":"live/a","viewer_count":2},{"stream":"live/b","is_live":false},7]}');
  const streams = [{ stream: "live/a", viewer_count: 2, started_at_ms: undefined, tracks: [] }];
  expect(await fetchStreams()).toEqual({ streams, publish_url: undefined });
});

test("the server says where to publish, wherever its RTMP port is", async () => {
  answer(200, '{"streams":[],"publish_url":"rtmp://tv.example:2935/live"}');
  expect((await fetchStreams()).publish_url).toBe("rtmp://tv.example:2935/live");
});
