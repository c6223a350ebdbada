import { beforeEach, describe, expect, test } from "vitest";
import { keptViewer } from "./viewers";

const HOUR_MS = 3_600_000;

describe("who watches without signing in", () => {
  beforeEach(() => localStorage.clear());

  test("is the same after a reload, and another one for another video", () => {
    expect(keptViewer("film", "a", 0)).toBe("a");
    expect(keptViewer("film", "b", 5 * HOUR_MS)).toBe("a");
    expect(keptViewer("other", "c", 5 * HOUR_MS)).toBe("c");
  });

  test("is forgotten after six hours, when the clock was set back, and when many other videos were watched", () => {
    keptViewer("film", "a", 10 * HOUR_MS);
    expect(keptViewer("film", "b", 16 * HOUR_MS)).toBe("b");
    expect(keptViewer("film", "c", 15 * HOUR_MS)).toBe("c");
    for (let other = 0; other < 60; other += 1) keptViewer(`other ${other}`, "x", 15 * HOUR_MS);
    expect(keptViewer("film", "d", 15 * HOUR_MS)).toBe("d");
  });

  test("is no matter of what else lies in the storage", () => {
    for (const stored of ["nothing", "[1]", '{"film":"x"}', '{"film":[1,2]}']) {
      localStorage.setItem("weir.viewers", stored);
      expect(keptViewer("film", "a", 0)).toBe("a");
    }
  });
});
