import { expect, test } from "vitest";
import { chaptersText, parseChapters } from "./chapters";

test("chapters are written and read as people do, in their order", () => {
  const parsed = parseChapters("1:30 - 第一首歌\n\n 0:00 開場\n1:02:03 The end");
  expect(parsed).toEqual({
    chapters: [
      { start_ms: 0, title: "開場" },
      { start_ms: 90_000, title: "第一首歌" },
      { start_ms: 3_723_000, title: "The end" },
    ],
  });
  expect("chapters" in parsed && chaptersText(parsed.chapters)).toBe("0:00 開場\n1:30 第一首歌\n1:02:03 The end");
});

test("a line that is none is named", () => {
  expect(parseChapters("0:00 Start\nno time here")).toEqual({ line: 2, text: "no time here" });
  expect(parseChapters("0:10")).toEqual({ line: 1, text: "0:10" });
});
