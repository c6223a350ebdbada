import { describe, expect, test } from "vitest";
import { Reporter } from "./reporter";

describe("reports of what was played", () => {
  test("come at the start, every ten seconds while it plays, and when it stops", () => {
    const reporter = new Reporter();
    expect(reporter.play(0, 0)).toEqual({ position_ms: 0, played_ms: 0 });
    expect(reporter.tick(9_999, 9_999)).toBeUndefined();
    expect(reporter.tick(10_000, 10_000)).toEqual({ position_ms: 10_000, played_ms: 10_000 });
    expect(reporter.stop(13_000, 13_000)).toEqual({ position_ms: 13_000, played_ms: 3_000 });
    expect(reporter.stop(14_000, 13_000)).toBeUndefined();
  });

  test("count time played, not places jumped over nor pauses", () => {
    const reporter = new Reporter();
    reporter.play(0, 0);
    reporter.stop(2_000, 2_000);
    reporter.play(60_000, 500_000);
    expect(reporter.stop(61_000, 501_000)).toEqual({ position_ms: 501_000, played_ms: 1_000 });
  });
});
