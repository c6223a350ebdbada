/**
 * One viewer's visit to one stream: asks the server what to play, tries the sources in order, notices when the picture
 * stands still, and finds back to it without a reload. Knows no words and no pixels; the element around it shows
 * what this says.
 */

import { ApiError, type PlayInfo, type Source } from "../api";
import { Backoff } from "./backoff";
import { choose, type Choice, type EngineName, type Rejection, type Support } from "./choose";
import type { Engine, FailureKind, StartEngine } from "./engines/engine";
import { LiveEdge } from "./live-edge";

export type State =
  /** Asking, connecting, waiting for the first picture. */
  | "loading"
  | "playing"
  | "paused"
  /** The browser wants a tap before it plays anything. */
  | "blocked"
  /** Nobody publishes this stream yet. */
  | "not-live"
  /** It was playing; the way back is being looked for. */
  | "reconnecting"
  /** It was playing and has been gone for a while. */
  | "ended"
  /** The server does not let this viewer in. */
  | "refused"
  /** This browser plays none of the codecs. */
  | "unsupported"
  /** The server cannot make sense of the request; asking again would not help. */
  | "failed";

/** Why the picture is not there; chooses the words on the screen. */
export type Cause = "unreachable" | "gone" | "stalled" | "sources-failed" | undefined;

export interface Snapshot {
  state: State;
  cause: Cause;
  /** The protocol playing or being tried. */
  protocol: string | undefined;
  info: PlayInfo | undefined;
  candidates: readonly Choice[];
  rejected: readonly Rejection[];
  /** Protocols tried without success since the last picture, with what went wrong. */
  tried: ReadonlyMap<string, string>;
  error: ApiError | undefined;
}

export interface SessionDeps {
  video: HTMLVideoElement;
  support: Support;
  ask(): Promise<PlayInfo>;
  load(name: EngineName): Promise<StartEngine>;
  resolve(source: Source): string;
  onChange(snapshot: Snapshot): void;
  onFirstFrame(): void;
  /** The picture is about to be taken away; time to keep a still of it. */
  onTeardown(): void;
  /** The browser allowed only silent playback. */
  onMuted(): void;
}

export class Session {
  private readonly deps: SessionDeps;
  private readonly backoff = new Backoff();
  private readonly off = new AbortController();
  private readonly ticker: ReturnType<typeof setInterval>;
  private snapshot: Snapshot = {
    state: "loading",
    cause: undefined,
    protocol: undefined,
    info: undefined,
    candidates: [],
    rejected: [],
    tried: new Map(),
    error: undefined,
  };
  private preferred: string | undefined;
  /** Protocol → until when it goes to the end of the line. */
  private demoted = new Map<string, number>();
  private engine: Engine | undefined;
  private liveEdge = new LiveEdge();
  /** Raised by everything that makes answers still under way worthless. */
  private turn = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private startTimer: ReturnType<typeof setTimeout> | undefined;
  private hasFrame = false;
  private hasPlayed = false;
  private frameAtMs = 0;
  private goneSinceMs: number | undefined;
  private pausedAtMs: number | undefined;
  private suspended = false;
  private lastTime = 0;
  private movedAtMs = 0;
  private stallCounted = false;
  private stallAskedAtMs = 0;

  constructor(deps: SessionDeps, preferred?: string) {
    this.deps = deps;
    this.preferred = preferred;
    const options = { signal: this.off.signal };
    deps.video.addEventListener("timeupdate", () => this.onTime(), options);
    deps.video.addEventListener("pause", () => this.onPause(), options);
    deps.video.addEventListener("play", () => this.onPlay(), options);
    window.addEventListener("online", () => this.hurry(), options);
    document.addEventListener("visibilitychange", () => this.hurry(), options);
    this.ticker = setInterval(() => this.tick(), TICK_MS);
    void this.askNow();
  }

  get current(): Snapshot {
    return this.snapshot;
  }

  /** The viewer chose a line: it comes first from now on; `undefined` lets the player choose again. */
  prefer(protocol: string | undefined): void {
    this.preferred = protocol;
    this.demoted.clear();
    this.retry();
  }

  /** Starts over at once. */
  retry(): void {
    this.backoff.reset();
    this.change({ tried: new Map() });
    this.teardown();
    if (this.snapshot.state !== "reconnecting") this.change({ state: "loading", cause: undefined, error: undefined });
    void this.askNow();
  }

  /** Jumps to the newest picture. */
  goLive(): void {
    const { video } = this.deps;
    if (this.engine?.goLive) this.engine.goLive();
    else if (video.buffered.length > 0) this.jump(this.liveEdge.keepAheadS);
    if (video.paused) void video.play().catch(() => {});
  }

  /** Seconds behind live as far as this side can know. */
  delayS(): number | undefined {
    const known = this.engine?.delayS?.();
    if (known !== undefined) {
      const ahead = (this.snapshot.info?.clock_ahead_ms ?? 0) / 1000;
      return Math.max(0, known + ahead);
    }
    return this.hasFrame ? this.aheadS() : undefined;
  }

  receivedBytes(): number {
    return this.engine?.receivedBytes() ?? 0;
  }

  /** Seconds of media in hand beyond the picture shown. */
  aheadS(): number {
    const { buffered, currentTime } = this.deps.video;
    for (let i = 0; i < buffered.length; i += 1) {
      if (currentTime >= buffered.start(i) - 0.1 && currentTime <= buffered.end(i)) return buffered.end(i) - currentTime;
    }
    return 0;
  }

  destroy(): void {
    this.off.abort();
    clearInterval(this.ticker);
    this.teardown();
  }

  /** Learns the viewer count and what is offered, without touching what plays. */
  async refresh(): Promise<void> {
    const info = await this.deps.ask().catch(() => undefined);
    if (info?.is_live === true && this.snapshot.state === "playing") this.change({ info });
  }

  private change(patch: Partial<Snapshot>): void {
    this.snapshot = { ...this.snapshot, ...patch };
    this.deps.onChange(this.snapshot);
  }

  private async askNow(): Promise<void> {
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    this.turn += 1;
    const turn = this.turn;
    try {
      const info = await this.deps.ask();
      if (turn === this.turn) this.onAnswer(info);
    } catch (error) {
      if (turn === this.turn) this.onRefusal(error instanceof ApiError ? error : new ApiError(0, "unreachable", String(error)));
    }
  }

  private onAnswer(info: PlayInfo): void {
    if (!info.is_live) {
      this.onGone();
      return;
    }
    this.goneSinceMs = undefined;
    const now = performance.now();
    const demoted = new Set([...this.demoted].filter(([, until]) => until > now).map(([protocol]) => protocol));
    const { candidates, rejected } = choose(info.sources, this.deps.support, this.preferred, demoted);
    this.change({ info, candidates, rejected, error: undefined });
    if (candidates.length === 0) {
      this.teardown();
      this.change({ state: "unsupported", cause: undefined, protocol: undefined });
    } else {
      void this.tryCandidate(0);
    }
  }

  private onRefusal(error: ApiError): void {
    if (error.status === 404) {
      this.onGone();
    } else if (error.status === 401 || error.status === 403) {
      this.teardown();
      this.change({ state: "refused", cause: undefined, error });
    } else if (error.status >= 400 && error.status < 500 && error.status !== 408 && error.status !== 429) {
      this.teardown();
      this.change({ state: "failed", cause: undefined, error });
    } else {
      this.goneSinceMs ??= performance.now();
      this.change({ state: this.absent("reconnecting"), cause: "unreachable", error });
      this.retryLater();
    }
  }

  /** The server answers, and nobody publishes. */
  private onGone(): void {
    this.goneSinceMs ??= performance.now();
    this.change({ state: this.absent("not-live"), cause: "gone", error: undefined });
    this.retryLater();
  }

  /** The state while there is no stream: depends on whether there ever was one, and how long ago. */
  private absent(neverPlayed: State): State {
    if (!this.hasPlayed) return neverPlayed;
    const goneForMs = performance.now() - (this.goneSinceMs ?? performance.now());
    return goneForMs > ENDED_AFTER_MS ? "ended" : "reconnecting";
  }

  private retryLater(): void {
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => void this.askNow(), this.backoff.nextMs());
  }

  /** The network is back, or the viewer looks again: do not sit out the wait. */
  private hurry(): void {
    if (this.retryTimer !== undefined && !document.hidden) void this.askNow();
  }

  private async tryCandidate(index: number): Promise<void> {
    const choice = this.snapshot.candidates[index];
    if (choice === undefined) {
      this.teardown();
      this.change({ state: "reconnecting", cause: "sources-failed", protocol: undefined });
      this.retryLater();
      return;
    }
    this.teardown();
    const turn = this.turn;
    const { protocol } = choice.source;
    this.change({
      state: this.hasPlayed || this.snapshot.tried.size > 0 ? this.snapshot.state : "loading",
      protocol,
    });
    const failed = (kind: FailureKind | "late", detail: string) => {
      if (turn === this.turn) this.onFailure(index, kind, detail);
    };
    try {
      const start = await this.deps.load(choice.engine);
      if (turn !== this.turn) return;
      this.engine = start({
        video: this.deps.video,
        source: choice.source,
        url: this.deps.resolve(choice.source),
        tracks: this.snapshot.info?.tracks ?? [],
        onFailure: failed,
        onEnd: () => failed("network", "the server ended the stream"),
      });
    } catch (error) {
      failed("media", String(error));
      return;
    }
    this.startTimer = setTimeout(() => this.onLate(failed), FIRST_FRAME_MS[choice.engine]);
    this.watchFirstFrame(turn);
    await this.playVideo(turn);
  }

  private onLate(failed: (kind: "late", detail: string) => void): void {
    if (document.hidden) this.startTimer = setTimeout(() => this.onLate(failed), HIDDEN_RECHECK_MS);
    else failed("late", "no picture in time");
  }

  private watchFirstFrame(turn: number): void {
    const { video } = this.deps;
    video.requestVideoFrameCallback?.(() => {
      if (turn === this.turn) this.onFrame();
    });
  }

  /** Sound first if the viewer wants it; silent if the browser insists; a tap if it refuses even that. */
  private async playVideo(turn: number): Promise<void> {
    const { video } = this.deps;
    const refused = async (): Promise<boolean> => {
      try {
        await video.play();
        return false;
      } catch (error) {
        return error instanceof DOMException && error.name === "NotAllowedError";
      }
    };
    if (!(await refused()) || turn !== this.turn) return;
    if (!video.muted) {
      video.muted = true;
      this.deps.onMuted();
      if (!(await refused()) || turn !== this.turn) return;
    }
    clearTimeout(this.startTimer);
    this.change({ state: "blocked", cause: undefined });
  }

  private onFrame(): void {
    if (this.hasFrame || this.engine === undefined) return;
    clearTimeout(this.startTimer);
    this.hasFrame = true;
    this.hasPlayed = true;
    this.frameAtMs = performance.now();
    this.movedAtMs = this.frameAtMs;
    this.lastTime = this.deps.video.currentTime;
    this.goneSinceMs = undefined;
    this.deps.onFirstFrame();
    if (this.snapshot.state !== "blocked") {
      this.change({ state: this.deps.video.paused ? "paused" : "playing", cause: undefined, tried: new Map() });
    }
  }

  private onFailure(index: number, kind: FailureKind | "late", detail: string): void {
    const { protocol } = this.snapshot;
    const now = performance.now();
    if (protocol !== undefined && (!this.hasFrame || kind === "media")) {
      this.demoted.set(protocol, now + DEMOTED_FOR_MS);
      this.change({ tried: new Map(this.snapshot.tried).set(protocol, detail) });
    }
    if (!this.hasFrame) {
      void this.tryCandidate(index + 1);
      return;
    }
    if (now - this.frameAtMs > STEADY_AFTER_MS) this.backoff.reset();
    if (this.pausedAtMs !== undefined) {
      this.suspend();
      return;
    }
    this.teardown();
    this.change({ state: "reconnecting", cause: "gone" });
    this.retryLater();
  }

  private teardown(): void {
    this.turn += 1;
    clearTimeout(this.retryTimer);
    clearTimeout(this.startTimer);
    this.retryTimer = undefined;
    this.pausedAtMs = undefined;
    this.suspended = false;
    const { engine } = this;
    if (engine === undefined) return;
    if (this.hasFrame) this.deps.onTeardown();
    // Cleared first: the engine's own clean-up pauses the video, and that is not the viewer's wish.
    this.engine = undefined;
    this.hasFrame = false;
    this.liveEdge = new LiveEdge();
    this.deps.video.playbackRate = 1;
    engine.destroy();
  }

  private onTime(): void {
    const { video } = this.deps;
    // Where there is no picture (audio only, or a hidden tab) moving time is the first frame.
    if (!this.hasFrame && this.engine !== undefined && !video.paused && video.played.length > 0) this.onFrame();
  }

  private onPause(): void {
    if (!this.hasFrame || this.deps.video.ended) return;
    this.pausedAtMs = performance.now();
    this.change({ state: "paused", cause: undefined });
  }

  private onPlay(): void {
    const { state } = this.snapshot;
    this.pausedAtMs = undefined;
    if (this.suspended) {
      this.suspended = false;
      this.change({ state: "reconnecting", cause: undefined });
      void this.askNow();
    } else if (this.hasFrame && (state === "paused" || state === "blocked")) {
      this.movedAtMs = performance.now();
      this.change({ state: "playing", cause: undefined });
      if (state === "paused") this.goLive();
    } else if (state === "blocked") {
      this.change({ state: "loading" });
    }
  }

  private tick(): void {
    const now = performance.now();
    const { video } = this.deps;
    if (this.engine === undefined) return;
    if (this.pausedAtMs !== undefined && now - this.pausedAtMs > SUSPEND_AFTER_MS) {
      this.suspend();
      return;
    }
    this.skipGap();
    if (!this.hasFrame || video.paused) return;
    this.watchStall(now);
    if (this.engine.keepsLiveEdge || this.snapshot.state !== "playing") return;
    const chase = this.liveEdge.sample(now, this.aheadS());
    if (chase.kind === "jump") this.jump(chase.aheadS);
    else if (video.playbackRate !== chase.rate) video.playbackRate = chase.rate;
  }

  /** Paused for long: stop pulling the stream; the still stays on the screen, and play connects anew. */
  private suspend(): void {
    this.teardown();
    this.suspended = true;
  }

  private jump(aheadS: number): void {
    const { video } = this.deps;
    const last = video.buffered.length - 1;
    if (last < 0) return;
    const target = Math.max(video.buffered.start(last), video.buffered.end(last) - aheadS);
    if (target > video.currentTime) video.currentTime = target;
  }

  /** After a jump in the stream's clock the data goes on further ahead: go there. */
  private skipGap(): void {
    const { video } = this.deps;
    if (this.engine?.keepsLiveEdge !== false || this.aheadS() > 0.05) return;
    for (let i = 0; i < video.buffered.length; i += 1) {
      const start = video.buffered.start(i);
      if (start > video.currentTime && video.buffered.end(i) - start > 0.1) {
        video.currentTime = start + 0.01;
        return;
      }
    }
  }

  private watchStall(now: number): void {
    const { video } = this.deps;
    if (video.currentTime !== this.lastTime) {
      this.lastTime = video.currentTime;
      this.movedAtMs = now;
      this.stallCounted = false;
      if (this.snapshot.state === "reconnecting") this.change({ state: "playing", cause: undefined });
      if (now - this.frameAtMs > STEADY_AFTER_MS) this.backoff.reset();
      return;
    }
    const stillForMs = now - this.movedAtMs;
    if (stillForMs > 2 * TICK_MS && !this.stallCounted) {
      this.stallCounted = true;
      this.liveEdge.stalled(now);
      video.playbackRate = 1;
    }
    if (stillForMs > STALL_SHOWN_MS && this.snapshot.state === "playing") {
      this.change({ state: "reconnecting", cause: "stalled" });
    }
    const asksMs = this.stallAsksMs();
    if (stillForMs > asksMs && now - this.stallAskedAtMs > asksMs) {
      this.stallAskedAtMs = now;
      void this.askAboutStall();
    }
  }

  /** HLS waits for whole segments: it may be still for longer without anything being wrong. */
  private stallAsksMs(): number {
    return this.engine?.keepsLiveEdge === true ? 2 * STALL_ASKS_MS : STALL_ASKS_MS;
  }

  /**
   * The server still streams, and nothing arrives here: connect anew. It holds the stream for a publisher that is
   * away: stay, the picture goes on by itself.
   */
  private async askAboutStall(): Promise<void> {
    const { turn } = this;
    const info = await this.deps.ask().catch(() => undefined);
    const stillForMs = performance.now() - this.movedAtMs;
    if (turn !== this.turn || stillForMs < this.stallAsksMs() || info?.is_live !== true) return;
    this.teardown();
    this.retryLater();
  }
}

const TICK_MS = 250;
/** Time from connecting to the first picture after which the next source is tried. HLS has to fill segments first. */
const FIRST_FRAME_MS: Readonly<Record<EngineName, number>> = { mpegts: 8_000, fmp4: 8_000, hls: 15_000 };
const HIDDEN_RECHECK_MS = 2_000;
const DEMOTED_FOR_MS = 60_000;
/** Playing this long proves a source good: the next interruption starts with short waits again. */
const STEADY_AFTER_MS = 5_000;
const STALL_SHOWN_MS = 3_000;
const STALL_ASKS_MS = 6_000;
/** Longer than a publisher's usual reconnect. */
const ENDED_AFTER_MS = 30_000;
const SUSPEND_AFTER_MS = 15_000;
