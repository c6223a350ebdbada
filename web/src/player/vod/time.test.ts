import { describe, expect, test } from "vitest";
import { chapterAt, chaptersVtt, clock, parseClock } from "./time";

describe("times of a video", () => {
  test("are written with hours only where there are any", () => {
    expect([clock(0), clock(62.9), clock(3723), clock(Number.NaN)]).toEqual(["0:00", "1:02", "1:02:03", "0:00"]);
  });

  test("are read as people write them, in addresses and in chapters", () => {
    expect([parseClock("1:02:03"), parseClock("2:03"), parseClock("90"), parseClock("1h2m3s"), parseClock("5m")]).toEqual([3_723_000, 123_000, 90_000, 3_723_000, 300_000]);
    expect([parseClock(""), parseClock("abc"), parseClock("1:2:3:4"), parseClock("1:-2")]).toEqual([undefined, undefined, undefined, undefined]);
  });

  test("of chapters end where the next begins, and titles cannot be markup", () => {
    const vtt = chaptersVtt([{ start_ms: 0, title: "Start" }, { start_ms: 61_500, title: "<b>A & B</b>\n\n00:00" }], 120_000);
    expect(vtt).toBe("WEBVTT\n\n00:00:00.000 --> 00:01:01.500\nStart\n\n00:01:01.500 --> 00:02:00.000\n&lt;b>A &amp; B&lt;/b> 00:00\n");
  });

  test("name the chapter that is on", () => {
    const chapters = [{ start_ms: 1_000, title: "a" }, { start_ms: 5_000, title: "b" }];
    expect([chapterAt(chapters, 0), chapterAt(chapters, 1_000)?.title, chapterAt(chapters, 9_000)?.title]).toEqual([undefined, "a", "b"]);
  });
});
