import { describe, expect, test } from "vitest";
import type { Shot } from "../api/videos";
import { momentOf, Replay, SPAN_MS, Spans } from "./replay";

const shot = (id: number, at_ms: number): Shot => ({ id, at_ms, position_ms: at_ms, user_id: 1, content: `${id}`, colour: "#ffffff", mode: "scroll" });
const ids = (shots: readonly Shot[]) => shots.map(({ id }) => id);

describe("the chat of a recording", () => {
  test("runs over the picture when it was said, each message once", () => {
    const replay = new Replay();
    replay.add([shot(2, 900), shot(1, 500)]);
    replay.add([shot(2, 900), shot(3, 1_200)]);
    expect(ids(replay.due(1_000))).toEqual([1, 2]);
    expect(ids(replay.due(1_250))).toEqual([3]);
    expect(ids(replay.due(1_250))).toEqual([]);
  });

  test("is not poured out after a jump, and comes again after one back", () => {
    const replay = new Replay();
    replay.add([shot(1, 500), shot(2, 50_000)]);
    replay.due(400);
    expect(ids(replay.due(60_000))).toEqual([]);
    expect(ids(replay.due(300))).toEqual([]);
    expect(ids(replay.due(600))).toEqual([1]);
  });

  test("keeps its place behind a gap, where the player's own time lags", () => {
    expect(momentOf(61_000, 1_700_000_091_000, 1_700_000_000_000)).toBe(91_000);
    expect(momentOf(61_000, undefined, 1_700_000_000_000)).toBe(61_000);
    expect(momentOf(61_000, 1_700_000_091_000, null)).toBe(61_000);
    expect(momentOf(0, 999, 1_000)).toBe(0);
  });

  test("is asked for ahead of time and only once", () => {
    const spans = new Spans();
    expect(spans.wanted(0)).toEqual([0]);
    expect(spans.wanted(1_000)).toEqual([]);
    expect(spans.wanted(SPAN_MS - 1_000)).toEqual([SPAN_MS]);
    spans.failed(SPAN_MS);
    expect(spans.wanted(SPAN_MS + 1)).toEqual([SPAN_MS]);
  });
});
