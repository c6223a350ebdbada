import { expect, test } from "vitest";
import { Backoff } from "./backoff";

const steady = () => 0.5;

test("waits grow up to the limit and stay there", () => {
  const backoff = new Backoff({ random: steady });
  const waits = Array.from({ length: 6 }, () => backoff.nextMs());
  expect(waits).toEqual([500, 1000, 2000, 4000, 4000, 4000]);
});

test("after success the waits start over", () => {
  const backoff = new Backoff({ random: steady });
  backoff.nextMs();
  backoff.nextMs();
  backoff.reset();
  expect(backoff.nextMs()).toBe(500);
});

test("even the longest wait leaves time to be playing 8 s after the stream is back", () => {
  const backoff = new Backoff({ random: () => 1 });
  for (let i = 0; i < 20; i += 1) expect(backoff.nextMs()).toBeLessThan(5_000);
});

test("viewers do not all return in the same instant", () => {
  const first = (random: number) => new Backoff({ random: () => random }).nextMs();
  expect(first(0)).toBeCloseTo(400);
  expect(first(1)).toBeCloseTo(600);
});

test("when nobody came back for long the server is asked less often", () => {
  const backoff = new Backoff({ random: steady, patienceMs: 5_000, idleMs: 15_000 });
  const waits = Array.from({ length: 7 }, () => backoff.nextMs());
  expect(waits.slice(0, 4)).toEqual([500, 1000, 2000, 4000]);
  expect(waits.at(-1)).toBe(15_000);
});
