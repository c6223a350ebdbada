/**
 * `<live-player stream="live/demo">`: plays a live stream, whatever it takes.
 *
 * Attributes: `stream` (`app/name`), `query` (passed to the server, e.g. a play token), `protocol` (line to prefer),
 * `hotkeys` (listen to the whole page's keys).
 * Mirrors `data-state` and `data-protocol`; dispatches `statechange` and, once a second, `stats`.
 */

import { fetchPlay } from "../api";
import { h, icon, setText } from "../dom";
import { language, t } from "../i18n";
import type { Controls } from "./controls";
import { loadEngine } from "./engines/engine";
import { handleKey } from "./hotkeys";
import { createOverlay } from "./overlay";
import { loadSound, saveSound } from "./preferences";
import { sourceUrl } from "./protocols";
import { Session, type Snapshot, type State } from "./session";
import { createMeter, createStatsPanel, type Stats } from "./stats";

export class LivePlayer extends HTMLElement {
  readonly video = h("video", { slot: "media", playsinline: true });
  /** The last picture, kept on screen while there is no other. */
  private readonly still = h("canvas", { class: "lp-still", hidden: true });
  private readonly frame = h("media-controller", {
    class: "lp-frame",
    nohotkeys: true,
    novolumepref: true,
    nomutedpref: true,
    defaultstreamtype: "live",
  });
  private readonly overlay = createOverlay({ retry: () => this.session?.retry(), play: () => this.togglePlay() });
  private readonly unmute = h(
    "button",
    { class: "lp-unmute", type: "button", hidden: true, onclick: () => this.setMuted(false) },
    icon("muted"),
    t("action.unmute"),
  );
  private readonly buffering = h("span", { class: "lp-spinner lp-buffering", hidden: true });
  private readonly panel = createStatsPanel(() => this.toggleStats());
  private session: Session | undefined;
  private controls: Controls | undefined;
  private off = new AbortController();
  private statsTimer: ReturnType<typeof setInterval> | undefined;
  private latest: Stats | undefined;
  private sawFirstFrame = false;
  /** Muted by the browser's rule or as the starting state, not by the viewer. */
  private mutedByUs = true;

  get state(): State {
    return this.session?.current.state ?? "loading";
  }

  get protocol(): string | undefined {
    return this.session?.current.protocol;
  }

  get snapshot(): Snapshot | undefined {
    return this.session?.current;
  }

  get stats(): Stats | undefined {
    return this.latest;
  }

  /** Prefers a line from now on; `undefined` leaves the choice to the player. */
  preferProtocol(protocol: string | undefined): void {
    this.session?.prefer(protocol);
  }

  /** Asks the server again for the viewer count and what is offered. */
  async refresh(): Promise<void> {
    await this.session?.refresh();
  }

  connectedCallback(): void {
    this.frame.append(this.video);
    this.replaceChildren(this.frame, this.still, this.buffering, this.overlay.root, this.unmute, this.panel.root);
    const sound = loadSound();
    this.video.volume = sound.volume;
    this.video.muted = sound.muted;
    this.mutedByUs = sound.muted;

    this.off = new AbortController();
    const options = { signal: this.off.signal };
    this.video.addEventListener("volumechange", () => this.onVolume(), options);
    this.video.addEventListener("waiting", () => (this.buffering.hidden = this.state !== "playing"), options);
    this.video.addEventListener("playing", () => (this.buffering.hidden = true), options);
    const keys: EventTarget = this.hasAttribute("hotkeys") ? document : this;
    keys.addEventListener("keydown", (event) => this.onKey(event as KeyboardEvent), options);

    const query = new URLSearchParams(this.getAttribute("query") ?? "");
    const stream = this.getAttribute("stream") ?? "";
    this.session = new Session(
      {
        video: this.video,
        support: { isTypeSupported: supportsType },
        ask: () => fetchPlay(stream, query),
        load: loadEngine,
        resolve: (source) => sourceUrl(source.protocol, source.url, location.href),
        onChange: (snapshot) => this.onChange(snapshot),
        onFirstFrame: () => this.onFirstFrame(),
        onTeardown: () => this.keepStill(),
        onMuted: () => {
          this.mutedByUs = true;
          this.showUnmute();
        },
      },
      this.getAttribute("protocol") ?? undefined,
    );
    this.onChange(this.session.current);
    const meter = createMeter(this.session, this.video);
    this.statsTimer = setInterval(() => {
      this.latest = meter();
      this.showStats(this.latest);
      this.dispatchEvent(new CustomEvent("stats", { detail: this.latest }));
    }, 1000);
  }

  disconnectedCallback(): void {
    this.off.abort();
    clearInterval(this.statsTimer);
    this.session?.destroy();
    this.session = undefined;
  }

  private onChange(snapshot: Snapshot): void {
    this.dataset.state = snapshot.state;
    this.dataset.protocol = snapshot.protocol ?? "";
    this.overlay.show(snapshot);
    if (snapshot.state !== "playing") this.buffering.hidden = true;
    this.showUnmute();
    this.dispatchEvent(new CustomEvent("statechange", { detail: snapshot }));
  }

  private onFirstFrame(): void {
    this.still.hidden = true;
    if (this.sawFirstFrame) return;
    this.sawFirstFrame = true;
    performance.mark("first-frame");
    // Out of reach just now: with the first picture of the next try they are asked for again.
    this.addControls().catch(() => (this.sawFirstFrame = false));
  }

  private async addControls(): Promise<void> {
    const labels = await import("./labels");
    labels.useLanguage(language);
    const { mountControls } = await import("./controls");
    this.controls = mountControls(this.frame, this, {
      goLive: () => this.session?.goLive(),
      toggleStats: () => this.toggleStats(),
    });
    this.dataset.controls = "";
  }

  private keepStill(): void {
    const { videoHeight: height, videoWidth: width } = this.video;
    if (width === 0) return;
    this.still.width = width;
    this.still.height = height;
    this.still.getContext("2d")?.drawImage(this.video, 0, 0);
    this.still.hidden = false;
  }

  private onVolume(): void {
    const { muted, volume } = this.video;
    if (!muted) this.mutedByUs = false;
    // The silence the browser insists on is not the viewer's choice: do not remember it.
    if (!this.mutedByUs) saveSound({ volume, muted });
    this.showUnmute();
  }

  private showUnmute(): void {
    const hasSound = this.snapshot?.info?.tracks.some((track) => track.kind === "audio") !== false;
    this.unmute.hidden = !(this.video.muted && this.mutedByUs && hasSound && this.state === "playing");
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

  private toggleStats(): void {
    this.panel.root.hidden = !this.panel.root.hidden;
    if (this.latest !== undefined) this.showStats(this.latest);
  }

  private showStats(stats: Stats): void {
    if (!this.panel.root.hidden) this.panel.show(stats);
    const { controls } = this;
    if (controls === undefined) return;
    const seconds = stats.delayS?.toFixed(1);
    const text = controls.live.querySelector(".lp-live-text");
    if (text !== null) setText(text, seconds === undefined ? t("live.badge") : `${t("live.badge")} ${seconds} s`);
    controls.live.setAttribute("aria-label", seconds === undefined ? t("action.goLive") : t("live.delayLabel", { seconds }));
    controls.live.title = t("action.goLive");
    controls.live.classList.toggle("lp-behind", stats.delayS === undefined || this.video.paused);
  }

  private onKey(event: KeyboardEvent): void {
    const handled = handleKey(event, {
      togglePlay: () => this.togglePlay(),
      toggleMute: () => this.setMuted(!this.video.muted),
      toggleFullscreen: () => void this.toggleFullscreen(),
      togglePip: () => void this.togglePip(),
      toggleStats: () => this.toggleStats(),
      changeVolume: (by) => {
        this.video.volume = Math.min(1, Math.max(0, this.video.volume + by));
        if (by > 0) this.setMuted(false);
      },
    });
    if (handled) event.preventDefault();
  }

  private async toggleFullscreen(): Promise<void> {
    try {
      if (document.fullscreenElement === null) await this.requestFullscreen();
      else await document.exitFullscreen();
    } catch {
      // Not allowed in this frame: the key simply does nothing.
    }
  }

  private async togglePip(): Promise<void> {
    try {
      if (document.pictureInPictureElement === null) await this.video.requestPictureInPicture();
      else await document.exitPictureInPicture();
    } catch {
      // No picture-in-picture here, or no picture yet.
    }
  }
}

function supportsType(type: string): boolean {
  const Source = window.MediaSource ?? (window as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource;
  // Without Media Source Extensions only the browser's own HLS is left; it is asked directly.
  if (Source === undefined) return document.createElement("video").canPlayType(type) !== "";
  return Source.isTypeSupported(type);
}

if (customElements.get("live-player") === undefined) customElements.define("live-player", LivePlayer);
