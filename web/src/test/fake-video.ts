/** A video element whose picture moves only when a test says so. */

export class FakeVideo extends EventTarget {
  currentTime = 0;
  playbackRate = 1;
  muted = false;
  paused = true;
  ended = false;
  ranges: [number, number][] = [];
  hasPlayed = false;
  /** What `play()` is refused with, while set. */
  refusal: DOMException | undefined;
  /** With this set, silence is refused as well. */
  refusesSilent = false;

  get buffered() {
    return timeRanges(this.ranges);
  }

  get played() {
    return timeRanges(this.hasPlayed ? [[0, this.currentTime]] : []);
  }

  async play(): Promise<void> {
    if (this.refusal !== undefined && (!this.muted || this.refusesSilent)) throw this.refusal;
    const wasPaused = this.paused;
    this.paused = false;
    if (wasPaused) this.dispatchEvent(new Event("play"));
  }

  pause(): void {
    this.paused = true;
    this.dispatchEvent(new Event("pause"));
  }

  /** Shows pictures up to `seconds`. */
  moveTo(seconds: number): void {
    this.hasPlayed = true;
    this.currentTime = seconds;
    this.dispatchEvent(new Event("timeupdate"));
  }
}

export function timeRanges(ranges: readonly (readonly [number, number])[]): TimeRanges {
  return {
    length: ranges.length,
    start: (index) => ranges[index]?.[0] ?? Number.NaN,
    end: (index) => ranges[index]?.[1] ?? Number.NaN,
  };
}
