/** Chapters as people write them, one a line: `1:30 The first song`. Pure. */

import { clock, parseClock, type Chapter } from "../../player/vod/time";

export function chaptersText(chapters: readonly Chapter[]): string {
  return chapters.map(({ start_ms, title }) => `${clock(start_ms / 1000)} ${title}`).join("\n");
}

/** The chapters, or which line is none. */
export function parseChapters(text: string): { chapters: Chapter[] } | { line: number; text: string } {
  const chapters: Chapter[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const [, time = "", title = ""] = /^\s*([\d:.]+)[\s\-–—.)]*(.*)$/.exec(line) ?? [];
    const start_ms = parseClock(time);
    if (start_ms === undefined || title.trim() === "") return { line: at + 1, text: line.trim() };
    chapters.push({ start_ms, title: title.trim() });
  }
  return { chapters: chapters.toSorted((a, b) => a.start_ms - b.start_ms) };
}
