import { expect, test } from "vitest";
import { columns } from "./columns";

test("the largest value fills the chart, nothing still has a foot, and all stand side by side", () => {
  const [none, half, all] = columns([0, 5, 10], 90, 40);
  expect([none?.height, half?.height, all?.height]).toEqual([0.6, 20, 40]);
  expect(all?.y).toBe(0);
  expect((half?.x ?? 0) >= (none?.x ?? 0) + (none?.width ?? 0)).toBe(true);
  expect((all?.x ?? 0) + (all?.width ?? 0)).toBeLessThanOrEqual(90);
  expect(columns([], 90, 40)).toEqual([]);
});
