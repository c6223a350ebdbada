import { expect, test } from "vitest";
import { Rate } from "./rate";

test("speed and time left go by the last seconds only", () => {
  const rate = new Rate();
  expect(rate.perSecond()).toBeUndefined();
  rate.note(0, 0);
  rate.note(1_000, 1_000_000);
  expect(rate.perSecond()).toBe(1_000_000);
  for (let s = 2; s <= 20; s += 1) rate.note(s * 1_000, 1_000_000 + (s - 1) * 100_000);
  expect(rate.perSecond()).toBe(100_000);
  expect(rate.leftMs(3_900_000)).toBe(10_000);
});

test("what was sent and lost is not counted as negative speed", () => {
  const rate = new Rate();
  rate.note(0, 0);
  rate.note(2_000, 8_000_000);
  rate.note(2_500, 4_000_000);
  expect(rate.perSecond()).toBeUndefined();
  rate.note(3_500, 5_000_000);
  expect(rate.perSecond()).toBe(1_000_000);
});
