/**
 * Keeps a live picture close to live, for hours.
 *
 * What is buffered ahead of the picture is delay. It arrives in lumps (one picture, or a whole picture group), so a
 * single reading says little; the *smallest* reading of the last seconds is what could be given up without a stall.
 * A little too much is played away slightly faster than real time, far too much is skipped.
 */

export type Chase = { kind: "rate"; rate: number } | { kind: "jump"; aheadS: number };

export class LiveEdge {
  private samples: { atMs: number; aheadS: number }[] = [];
  private targetS = TARGET_MIN_S;
  private rate = 1;
  private lastStallMs = Number.NEGATIVE_INFINITY;

  /** One reading of the buffer ahead of the picture; says at which rate to play, or how far from the end to jump. */
  sample(nowMs: number, aheadS: number): Chase {
    this.samples.push({ atMs: nowMs, aheadS });
    this.samples = this.samples.filter((sample) => sample.atMs > nowMs - WINDOW_MS);
    if (this.targetS > TARGET_MIN_S && nowMs - this.lastStallMs > RELAX_AFTER_MS) {
      this.targetS = Math.max(TARGET_MIN_S, this.targetS - TARGET_STEP_S);
      this.lastStallMs = nowMs;
    }
    const values = this.samples.map((sample) => sample.aheadS);
    const spare = Math.min(...values);
    const lump = Math.max(...values) - spare;
    if (spare > JUMP_AT_S) {
      this.samples = [];
      this.rate = 1;
      return { kind: "jump", aheadS: this.targetS + Math.min(lump, LUMP_MAX_S) };
    }
    // A verdict needs a full window, else the moment after a lump looks like too much buffer.
    const oldest = this.samples[0];
    const full = oldest !== undefined && nowMs - oldest.atMs >= WINDOW_MS * 0.8;
    if (spare <= this.targetS) this.rate = 1;
    else if (full && spare > this.targetS + FAST_AT_S) this.rate = RATE_FAST;
    else if (full && spare > this.targetS + SLOW_AT_S) this.rate = Math.max(this.rate, RATE_SLOW);
    return { kind: "rate", rate: this.rate };
  }

  /** The picture stood still for lack of data: this connection needs more in hand. */
  stalled(nowMs: number): void {
    this.lastStallMs = nowMs;
    this.targetS = Math.min(TARGET_MAX_S, this.targetS + TARGET_STEP_S);
    this.samples = [];
    this.rate = 1;
  }

  /** How much to leave ahead of the picture when going to live by hand. */
  get keepAheadS(): number {
    return this.targetS;
  }
}

/** Readings of this long: longer than the usual 2 s between key frames. */
const WINDOW_MS = 3_000;
const TARGET_MIN_S = 0.4;
const TARGET_MAX_S = 3;
const TARGET_STEP_S = 0.4;
/** Quiet time after which one step of extra delay is given back. */
const RELAX_AFTER_MS = 60_000;
const SLOW_AT_S = 0.3;
const FAST_AT_S = 1.2;
/** Rates at which speech still sounds natural. */
const RATE_SLOW = 1.1;
const RATE_FAST = 1.2;
const JUMP_AT_S = 6;
const LUMP_MAX_S = 4;
