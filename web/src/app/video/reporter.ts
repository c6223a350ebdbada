/** Counts what was really played, and says when the server is to be told. Pure: the clock comes from outside. */

export interface Report {
  position_ms: number;
  /** Played since the report before. */
  played_ms: number;
}

/** Between two reports while it plays. */
export const EVERY_MS = 10_000;

export class Reporter {
  private playedMs = 0;
  private playingSince: number | undefined;
  private reportedAt: number | undefined;

  /** Playback goes on. The first report is due at once. */
  play(now: number, positionMs: number): Report | undefined {
    this.playingSince ??= now;
    return this.reportedAt === undefined ? this.take(now, positionMs) : undefined;
  }

  /** The clock moved: a report when one is due. */
  tick(now: number, positionMs: number): Report | undefined {
    if (this.playingSince === undefined || this.reportedAt === undefined || now - this.reportedAt < EVERY_MS) return undefined;
    return this.take(now, positionMs);
  }

  /** It stands still: paused, waiting, ended, left. */
  stop(now: number, positionMs: number): Report | undefined {
    if (this.playingSince === undefined) return undefined;
    this.collect(now);
    this.playingSince = undefined;
    return this.take(now, positionMs);
  }

  private take(now: number, positionMs: number): Report {
    this.collect(now);
    const report = { position_ms: Math.round(positionMs), played_ms: Math.round(this.playedMs) };
    this.playedMs = 0;
    this.reportedAt = now;
    return report;
  }

  private collect(now: number): void {
    if (this.playingSince === undefined) return;
    this.playedMs += now - this.playingSince;
    this.playingSince = now;
  }
}
