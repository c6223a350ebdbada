/**
 * Feeds one source buffer: appends in order, one at a time; keeps memory bounded on both sides of the buffer.
 * Data the browser has played is taken out again; data it cannot take fast enough is an error, not a growing queue.
 */

export interface QueueEvents {
  onError(message: string): void;
}

/** The part of `SourceBuffer` used here. */
export type Buffer = Pick<SourceBuffer, "appendBuffer" | "remove" | "updating" | "buffered" | "addEventListener" | "removeEventListener">;

export class SourceQueue {
  private readonly buffer: Buffer;
  private readonly position: () => number;
  private readonly events: QueueEvents;
  private pending: Uint8Array<ArrayBuffer>[] = [];
  private pendingBytes = 0;
  private closed = false;
  private readonly pump = () => this.step();
  private readonly fail = () => this.stop("the browser could not decode the stream");

  constructor(buffer: Buffer, position: () => number, events: QueueEvents) {
    this.buffer = buffer;
    this.position = position;
    this.events = events;
    buffer.addEventListener("updateend", this.pump);
    buffer.addEventListener("error", this.fail);
  }

  push(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.closed) return;
    this.pending.push(bytes);
    this.pendingBytes += bytes.byteLength;
    if (this.pendingBytes > PENDING_MAX_BYTES) {
      this.stop(`${this.pendingBytes} bytes wait to be appended, more than ${PENDING_MAX_BYTES}`);
      return;
    }
    this.step();
  }

  close(): void {
    this.closed = true;
    this.pending = [];
    this.pendingBytes = 0;
    this.buffer.removeEventListener("updateend", this.pump);
    this.buffer.removeEventListener("error", this.fail);
  }

  private step(): void {
    if (this.closed || this.buffer.updating) return;
    try {
      if (this.trim(TRIM_AT_S, KEEP_BEHIND_S)) return;
      const next = this.pending[0];
      if (next === undefined) return;
      this.buffer.appendBuffer(next);
      this.pending.shift();
      this.pendingBytes -= next.byteLength;
    } catch (error) {
      if (error instanceof DOMException && error.name === "QuotaExceededError") {
        // Full: give up what was played, and try this one again when that is done.
        if (!this.trim(0, 1)) this.stop("the browser's media buffer is full of data not played yet");
      } else {
        this.stop(String(error));
      }
    }
  }

  /** Removes what lies more than `keepS` behind the picture, once that is more than `atS` long. */
  private trim(atS: number, keepS: number): boolean {
    const { buffered } = this.buffer;
    if (buffered.length === 0) return false;
    const end = this.position() - keepS;
    if (end - buffered.start(0) <= atS) return false;
    this.buffer.remove(buffered.start(0), end);
    return true;
  }

  private stop(message: string): void {
    if (this.closed) return;
    this.close();
    this.events.onError(message);
  }
}

/** About 20 s of a 6 Mbit/s stream: more waiting than this means the page is not keeping up. */
const PENDING_MAX_BYTES = 16 * 1024 * 1024;
const KEEP_BEHIND_S = 10;
const TRIM_AT_S = 10;
