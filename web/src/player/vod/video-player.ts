/**
 * `<video-player>`: plays a stored video. `open(video)` says which; `seek(ms)` goes to a place.
 *
 * Dispatches `expired` when the permission to watch has ended, `theatre` when the wide view is switched.
 * The `<video>` inside is `player.video`; its events tell everything else.
 */

import { h, icon, setText } from "../../dom";
import { language } from "../../i18n";
import { loadSound, saveSound } from "../preferences";
import type { mountVideoControls, VideoControls } from "./controls";
import { handleVideoKey } from "./keys";
import { loadVideoPreference, RATES, saveVideoPreference } from "./preferences";
import { openSource, type Trouble, type VideoSource } from "./source";
import { words } from "./texts";
import { chaptersVtt, clock, type Chapter } from "./time";

export interface PlayableVideo {
  /** The HLS playlist. */
  url: string;
  poster?: string | undefined;
  /** WebVTT of the pictures over the seek bar. */
  storyboard?: string | undefined;
  chapters: readonly Chapter[];
  durationMs: number;
  /** Where to begin. */
  startMs: number;
  /** Of what is still live: begin this long before its newest moment, in place of `startMs`. */
  backMs?: number;
  /** Whether the beginning is where this viewer stopped last time. */
  isResumed: boolean;
}

/** Long enough to read and reach for. */
const NOTE_MS = 6_000;

export class VideoPlayer extends HTMLElement {
  readonly video = h("video", { slot: "media", playsinline: true });
  private readonly frame = h("media-controller", { class: "lp-frame", nohotkeys: true, novolumepref: true, nomutedpref: true, defaultstreamtype: "on-demand" });
  private readonly buffering = h("span", { class: "lp-spinner lp-buffering", hidden: true });
  private readonly headline = h("p", { class: "lp-title" });
  private readonly text = h("p", { class: "lp-text" });
  private readonly overlay = h(
    "div",
    { class: "lp-overlay", hidden: true },
    h("div", { class: "lp-card", role: "status" }, h("div", { class: "lp-sign" }, icon("alert")), this.headline, this.text),
    h("button", { class: "button button-light", type: "button", onclick: () => this.source?.retry() }, words("retry")),
  );
  private readonly bigPlay = h("button", { class: "vp-play", type: "button", hidden: true, "aria-label": words("play"), onclick: () => this.togglePlay() }, icon("play"));
  private readonly unmute = h("button", { class: "lp-unmute", type: "button", hidden: true, onclick: () => this.setMuted(false) }, icon("muted"), words("unmute"));
  private readonly note = h("div", { class: "vp-note", role: "status", hidden: true });
  private source: VideoSource | undefined;
  private controls: VideoControls | undefined;
  private preference = loadVideoPreference();
  private off = new AbortController();
  private opened: PlayableVideo | undefined;
  private blobs: string[] = [];
  private mutedByUs = false;
  private noteTimer: ReturnType<typeof setTimeout> | undefined;

  connectedCallback(): void {
    this.frame.append(this.video);
    this.replaceChildren(this.frame, this.buffering, this.bigPlay, this.overlay, this.unmute, this.note);
    const sound = loadSound();
    this.video.volume = sound.volume;
    this.off = new AbortController();
    const { signal } = this.off;
    const on = (event: string, does: () => void) => this.video.addEventListener(event, does, { signal });
    on("volumechange", () => this.onVolume());
    on("waiting", () => (this.buffering.hidden = false));
    on("playing", () => {
      this.buffering.hidden = true;
      this.bigPlay.hidden = true;
      this.onPlaying();
    });
    on("seeked", () => (this.buffering.hidden = true));
    on("ratechange", () => this.controls?.refresh());
    const keys: EventTarget = this.hasAttribute("hotkeys") ? document : this;
    keys.addEventListener("keydown", (event) => this.onKey(event as KeyboardEvent), { signal });
    if (this.opened !== undefined) this.open(this.opened);
  }

  disconnectedCallback(): void {
    this.off.abort();
    this.close();
  }

  /** Plays this video from now on. The same one with a new address goes on where it is. */
  open(wanted: PlayableVideo): void {
    this.opened = wanted;
    if (!this.isConnected) return;
    this.close();
    if (wanted.poster !== undefined) this.video.poster = wanted.poster;
    this.source = openSource(this.video, wanted.url, wanted.startMs / 1000, {
      onReady: () => this.onReady(wanted),
      onChange: () => this.controls?.refresh(),
      onTrouble: (trouble) => this.onTrouble(trouble),
    });
  }

  /** A new permission for what is playing: goes on where it is. */
  renew(url: string): void {
    if (this.opened === undefined) return;
    this.open({ ...this.opened, url, startMs: this.video.currentTime * 1000, isResumed: false });
  }

  seek(ms: number): void {
    this.video.currentTime = ms / 1000;
  }

  /** When what is shown now happened, unix ms; nothing where the playlist does not say. */
  wallTimeMs(): number | undefined {
    return this.source?.wallTimeMs();
  }

  private close(): void {
    this.source?.destroy();
    this.source = undefined;
    for (const track of this.video.querySelectorAll("track")) track.remove();
    for (const blob of this.blobs) URL.revokeObjectURL(blob);
    this.blobs = [];
    clearTimeout(this.noteTimer);
  }

  private onReady(opened: PlayableVideo): void {
    if (opened.storyboard !== undefined) this.video.append(h("track", { kind: "metadata", label: "thumbnails", default: true, src: opened.storyboard }));
    if (opened.chapters.length > 0) {
      const blob = URL.createObjectURL(new Blob([chaptersVtt(opened.chapters, opened.durationMs)], { type: "text/vtt" }));
      this.blobs.push(blob);
      this.video.append(h("track", { kind: "chapters", label: "chapters", default: true, src: blob }));
    }
    const { backMs } = opened;
    if (backMs !== undefined) this.beginBefore(backMs);
    this.source?.setHeight(this.preference.height);
    this.source?.setCaptions(this.preference.captions);
    this.video.playbackRate = this.preference.rate;
    this.controls?.refresh();
    if (opened.isResumed) this.tellResumed(opened.startMs);
    void this.begin();
  }

  private beginBefore(backMs: number): void {
    const go = () => {
      const { seekable } = this.video;
      if (seekable.length > 0) this.video.currentTime = Math.max(seekable.start(0), seekable.end(seekable.length - 1) - backMs / 1000);
    };
    this.video.addEventListener("loadedmetadata", go, { once: true });
  }

  /** With sound where the browser lets us, else without, else on a tap. */
  private async begin(): Promise<void> {
    this.video.muted = loadSound().muted && hasChosenSound();
    this.mutedByUs = false;
    try {
      await this.video.play();
    } catch (error) {
      if ((error as DOMException).name !== "NotAllowedError") return;
      this.mutedByUs = true;
      this.video.muted = true;
      await this.video.play().catch(() => (this.bigPlay.hidden = false));
    }
    this.showUnmute();
  }

  private onPlaying(): void {
    if (this.controls !== undefined) return;
    performance.mark("first-frame");
    void this.addControls().catch(() => {});
  }

  private async addControls(): Promise<void> {
    const labels = await import("../labels");
    labels.useLanguage(language);
    const { mountVideoControls: mount }: { mountVideoControls: typeof mountVideoControls } = await import("./controls");
    if (this.controls !== undefined) return;
    this.controls = mount(this.frame, this, {
      heights: () => this.source?.heights() ?? [],
      height: () => this.source?.height(),
      captions: () => this.source?.captions() ?? [],
      preference: () => this.preference,
      choose: (change) => this.choose(change),
      toggleTheatre: () => this.toggleTheatre(),
    });
    this.dataset.controls = "";
  }

  private choose(change: Partial<typeof this.preference>): void {
    this.preference = { ...this.preference, ...change };
    saveVideoPreference(this.preference);
    if ("height" in change) this.source?.setHeight(change.height);
    if ("captions" in change) this.source?.setCaptions(change.captions);
    if (change.rate !== undefined) this.video.playbackRate = change.rate;
    this.controls?.refresh();
  }

  private onTrouble(trouble: Trouble | undefined): void {
    if (trouble === "expired") {
      this.dispatchEvent(new CustomEvent("expired"));
      return;
    }
    this.overlay.hidden = trouble === undefined;
    if (trouble === undefined) return;
    this.buffering.hidden = true;
    setText(this.headline, words("failed"));
    setText(this.text, words(trouble));
  }

  private tellResumed(ms: number): void {
    const again = h("button", { class: "button button-light", type: "button", onclick: () => this.startAgain() }, words("fromStart"));
    this.note.replaceChildren(h("span", {}, words("resumed", { time: clock(ms / 1000) })), again);
    this.note.hidden = false;
    this.noteTimer = setTimeout(() => (this.note.hidden = true), NOTE_MS);
  }

  private startAgain(): void {
    this.note.hidden = true;
    this.seek(0);
    void this.video.play().catch(() => {});
  }

  private onVolume(): void {
    const { muted, volume } = this.video;
    if (!muted) this.mutedByUs = false;
    if (!this.mutedByUs) saveSound({ volume, muted });
    this.showUnmute();
  }

  private showUnmute(): void {
    this.unmute.hidden = !(this.video.muted && this.mutedByUs && !this.video.paused);
  }

  private setMuted(muted: boolean): void {
    this.mutedByUs = false;
    this.video.muted = muted;
    if (!muted && this.video.volume === 0) this.video.volume = 0.5;
  }

  private togglePlay(): void {
    if (this.video.paused) void this.video.play().catch(() => {});
    else this.video.pause();
  }

  private toggleTheatre(): void {
    this.dispatchEvent(new CustomEvent("theatre"));
  }

  private onKey(event: KeyboardEvent): void {
    const { video } = this;
    const handled = handleVideoKey(event, {
      togglePlay: () => this.togglePlay(),
      toggleMute: () => this.setMuted(!video.muted),
      toggleFullscreen: () => void (document.fullscreenElement === null ? this.requestFullscreen() : document.exitFullscreen()).catch(() => {}),
      togglePip: () => void (document.pictureInPictureElement === null ? video.requestPictureInPicture() : document.exitPictureInPicture()).catch(() => {}),
      toggleStats: () => {},
      changeVolume: (by) => {
        video.volume = Math.min(1, Math.max(0, video.volume + by));
        if (by > 0) this.setMuted(false);
      },
      seekBy: (seconds) => (video.currentTime = Math.max(0, Math.min(video.duration || 0, video.currentTime + seconds))),
      seekTo: (part) => (video.currentTime = (video.duration || 0) * part),
      changeSpeed: (step) => {
        const rate = RATES[RATES.findIndex((each) => each === this.preference.rate) + step];
        if (rate !== undefined) this.choose({ rate });
      },
      toggleCaptions: () => {
        const first = this.source?.captions()[0]?.language;
        this.choose({ captions: this.preference.captions === undefined ? first : undefined });
      },
      toggleTheatre: () => this.toggleTheatre(),
    });
    if (handled) event.preventDefault();
  }
}

/** Live pages begin silent; somebody who opens a video asked for it, unless they once chose silence here. */
function hasChosenSound(): boolean {
  try {
    return localStorage.getItem("weir.sound") !== null;
  } catch {
    return false;
  }
}

if (customElements.get("video-player") === undefined) customElements.define("video-player", VideoPlayer);
