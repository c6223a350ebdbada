import { expect, test } from "vitest";
import { LiveEdge, type Chase } from "./live-edge";

/** Feeds readings every 250 ms; `aheadAt` says what is buffered at a moment (in seconds). */
function run(edge: LiveEdge, seconds: number, aheadAt: (atS: number) => number, fromS = 0): Chase[] {
  const verdicts: Chase[] = [];
  for (let at = fromS; at < fromS + seconds; at += 0.25) verdicts.push(edge.sample(at * 1000, aheadAt(at)));
  return verdicts;
}

test("a picture close to live plays at its own speed", () => {
  expect(run(new LiveEdge(), 20, () => 0.4)).toSatisfy((verdicts: Chase[]) =>
    verdicts.every((verdict) => verdict.kind === "rate" && verdict.rate === 1),
  );
});

test("a little too much delay is played away gently, more of it faster", () => {
  expect(run(new LiveEdge(), 5, () => 1).at(-1)).toEqual({ kind: "rate", rate: 1.1 });
  expect(run(new LiveEdge(), 5, () => 3).at(-1)).toEqual({ kind: "rate", rate: 1.2 });
});

test("data that comes in lumps of two seconds is not mistaken for delay", () => {
  const sawtooth = (at: number) => 0.3 + (2 - (at % 2));
  expect(run(new LiveEdge(), 30, sawtooth)).toSatisfy((verdicts: Chase[]) =>
    verdicts.every((verdict) => verdict.kind === "rate" && verdict.rate === 1),
  );
});

test("far behind it jumps, and leaves a lump's worth in hand", () => {
  const verdicts = run(new LiveEdge(), 4, () => 40);
  expect(verdicts[0]).toEqual({ kind: "jump", aheadS: 0.4 });
});

test("a chase ends once the delay is gone", () => {
  const edge = new LiveEdge();
  run(edge, 5, () => 2);
  expect(edge.sample(5_250, 0.35)).toEqual({ kind: "rate", rate: 1 });
});

test("delay stays bounded over hours of a clock that runs 1 % slow", () => {
  const edge = new LiveEdge();
  let ahead = 0.5;
  let worst = 0;
  for (let tick = 0; tick < 4 * 3600 * 4; tick += 1) {
    const verdict = edge.sample(tick * 250, ahead);
    if (verdict.kind === "jump") ahead = verdict.aheadS;
    else ahead += 0.25 * (1.01 - verdict.rate);
    worst = Math.max(worst, ahead);
  }
  expect(worst).toBeLessThan(1);
});

test("every stall asks for more in hand, and quiet minutes give it back", () => {
  const edge = new LiveEdge();
  edge.stalled(0);
  edge.stalled(1_000);
  expect(edge.keepAheadS).toBeCloseTo(1.2);
  run(edge, 200, () => 1, 1);
  expect(edge.keepAheadS).toBeCloseTo(0.4);
});

test("a bad connection cannot make the delay grow without end", () => {
  const edge = new LiveEdge();
  for (let i = 0; i < 100; i += 1) edge.stalled(i * 1000);
  expect(edge.keepAheadS).toBe(3);
});
