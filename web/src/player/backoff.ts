/** How long to wait before asking again. */

export interface BackoffOptions {
  firstMs: number;
  maxMs: number;
  /** After this long without success the steps grow to `idleMs`: nobody is coming back soon. */
  patienceMs: number;
  idleMs: number;
  /** 0…1; spreads the viewers of one stream so that they do not all return in the same instant. */
  random: () => number;
}

export class Backoff {
  private readonly options: BackoffOptions;
  private attempt = 0;
  private waitedMs = 0;

  constructor(options: Partial<BackoffOptions> = {}) {
    this.options = { ...DEFAULTS, ...options };
  }

  /** The next wait; each is longer than the last, up to the limit. */
  nextMs(): number {
    const { firstMs, maxMs, patienceMs, idleMs, random } = this.options;
    const limit = this.waitedMs >= patienceMs ? idleMs : maxMs;
    const step = Math.min(limit, firstMs * 2 ** this.attempt);
    if (step < limit) this.attempt += 1;
    const wait = step * (1 - JITTER + 2 * JITTER * random());
    this.waitedMs += wait;
    return wait;
  }

  reset(): void {
    this.attempt = 0;
    this.waitedMs = 0;
  }
}

/** A returned stream must play again within 8 s: the longest step (plus jitter) leaves time to start it. */
const DEFAULTS: BackoffOptions = {
  firstMs: 500,
  maxMs: 4_000,
  patienceMs: 600_000,
  idleMs: 15_000,
  random: Math.random,
};

const JITTER = 0.2;
