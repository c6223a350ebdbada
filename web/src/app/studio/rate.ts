/** How fast bytes go, over the last seconds: steady enough to say how long the rest takes. Pure. */

const WINDOW_MS = 10_000;

export class Rate {
  private samples: { at: number; bytes: number }[] = [];

  /** So many bytes are there now. */
  note(now: number, bytes: number): void {
    const last = this.samples.at(-1);
    // Bytes that were sent and not taken come off again: what was measured before is void.
    if (last !== undefined && bytes < last.bytes) this.samples = [];
    this.samples.push({ at: now, bytes });
    this.samples = this.samples.filter(({ at }) => now - at <= WINDOW_MS);
  }

  /** Bytes a second; nothing while that is a guess. */
  perSecond(): number | undefined {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    if (first === undefined || last === undefined || last.at - first.at < 500) return undefined;
    return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000;
  }

  /** Milliseconds until `total` is there. */
  leftMs(total: number): number | undefined {
    const speed = this.perSecond();
    const bytes = this.samples.at(-1)?.bytes ?? 0;
    return speed === undefined || speed <= 0 ? undefined : ((total - bytes) / speed) * 1000;
  }

  clear(): void {
    this.samples = [];
  }
}
