/** Which messages of a broadcast run over the picture now, as its recording plays. Pure. */

import type { Shot } from "../api/videos";

/** A step longer than this is a jump: what lies between is not made up for. */
const JUMP_MS = 2_000;

/**
 * How long after the first moment of a broadcast what plays now was live. Where the encoder was away there is no media:
 * wall time goes on, the time of the player does not.
 */
export function momentOf(mediaMs: number, wallTimeMs: number | undefined, startsAt: number | null | undefined): number {
  return wallTimeMs === undefined || startsAt === null || startsAt === undefined ? mediaMs : Math.max(0, wallTimeMs - startsAt);
}

export class Replay {
  private shots: readonly Shot[] = [];
  private lastMs = 0;

  /** What was fetched, in any order; what is known already is not taken twice. */
  add(shots: readonly Shot[]): void {
    const known = new Set(this.shots.map(({ id }) => id));
    this.shots = [...this.shots, ...shots.filter(({ id }) => !known.has(id))].toSorted((a, b) => a.at_ms - b.at_ms);
  }

  /** What is said between the last look and this one. */
  due(nowMs: number): readonly Shot[] {
    const from = this.lastMs;
    this.lastMs = nowMs;
    if (nowMs <= from || nowMs - from > JUMP_MS) return [];
    return this.shots.filter(({ at_ms }) => at_ms > from && at_ms <= nowMs);
  }
}

/** Which spans have to be asked for so that what comes next is there. */
export class Spans {
  private readonly asked = new Set<number>();

  /** Beginnings of spans that are wanted now and were not before. */
  wanted(nowMs: number): number[] {
    const first = Math.floor(nowMs / SPAN_MS);
    const spans = nowMs % SPAN_MS > SPAN_MS - AHEAD_MS ? [first, first + 1] : [first];
    const fresh = spans.filter((span) => !this.asked.has(span));
    for (const span of fresh) this.asked.add(span);
    return fresh.map((span) => span * SPAN_MS);
  }

  /** It did not come: it may be asked for again. */
  failed(fromMs: number): void {
    this.asked.delete(fromMs / SPAN_MS);
  }
}

export const SPAN_MS = 300_000;
const AHEAD_MS = 20_000;
