import { describe, expect, test } from "vitest";
import { Lanes } from "./lanes";

const PICTURE = 1000;
const CROSS_MS = 8000;

describe("lanes of messages over the picture", () => {
  test("are filled from the top, and a full picture takes no more", () => {
    const lanes = new Lanes(2);
    expect(lanes.take(1, 200, PICTURE, CROSS_MS)).toBe(0);
    expect(lanes.take(1, 200, PICTURE, CROSS_MS)).toBe(1);
    expect(lanes.take(1, 200, PICTURE, CROSS_MS)).toBeUndefined();
  });

  test("are free again as soon as the last message has wholly come in", () => {
    const lanes = new Lanes(1);
    lanes.take(1, 200, PICTURE, CROSS_MS);
    expect(lanes.take(1000, 200, PICTURE, CROSS_MS)).toBeUndefined();
    expect(lanes.take(1600, 200, PICTURE, CROSS_MS)).toBe(0);
  });

  test("are not given to a long message that would catch up with a short one", () => {
    const lanes = new Lanes(1);
    lanes.take(1, 50, PICTURE, CROSS_MS);
    // It moves three times as fast and would reach the end while the short one is still on its way.
    expect(lanes.take(700, 2000, PICTURE, CROSS_MS)).toBeUndefined();
  });

  test("that stand still are held for as long as they are shown", () => {
    const lanes = new Lanes(1);
    expect(lanes.hold(0, 4000)).toBe(0);
    expect(lanes.hold(3999, 8000)).toBeUndefined();
    expect(lanes.hold(4000, 8000)).toBe(0);
  });
});
