/** Messages over the picture: plain text on lanes, moved by the browser's own animations. */

import type { Comment } from "../api/schema";
import { Lanes } from "./lanes";

export interface DanmakuLook {
  isOn: boolean;
  /** 0.2 to 1. */
  opacity: number;
  /** Part of the picture that is used: 0.25, 0.5 or 1. */
  area: number;
  /** Seconds to cross the picture. */
  crossS: number;
}

export const DEFAULT_LOOK: DanmakuLook = { isOn: true, opacity: 0.9, area: 0.5, crossS: 8 };

const KEY = "weir.danmaku";
const LINE_PX = 34;
/** On screen at once at most. */
const SHOWN_MAX = 60;
const STILL_MS = 4_000;
/** As in player.css: letters, what the frame around one's own takes, and where long ones are cut. */
const FONT_PX = 22;
const FONT_PX_SMALL = 16;
const OWN_FRAME_PX = 16;
const WIDTH_MAX_PX = 880;

export function loadLook(): DanmakuLook {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<DanmakuLook>;
    const number = (value: unknown, low: number, high: number, otherwise: number) =>
      typeof value === "number" && value >= low && value <= high ? value : otherwise;
    return {
      isOn: stored.isOn !== false,
      opacity: number(stored.opacity, 0.2, 1, DEFAULT_LOOK.opacity),
      area: number(stored.area, 0.25, 1, DEFAULT_LOOK.area),
      crossS: number(stored.crossS, 4, 16, DEFAULT_LOOK.crossS),
    };
  } catch {
    return DEFAULT_LOOK;
  }
}

export function saveLook(look: DanmakuLook): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(look));
  } catch {
    // No storage here: it holds until the page is left.
  }
}

/** The layer over a player. What it shows is in the chat too, so screen readers are spared it. */
export class DanmakuLayer {
  private readonly root = document.createElement("div");
  private lanes = new Lanes(0);
  private still = new Lanes(0);
  private height = 0;
  private width = 0;
  /** Asking the page how wide a text is would make it lay everything out, for every message of a flood. */
  private readonly ruler = document.createElement("canvas").getContext("2d");
  private readonly resized = new ResizeObserver(() => this.measure());

  constructor(
    player: HTMLElement,
    private look: DanmakuLook,
  ) {
    this.root.className = "danmaku";
    this.root.setAttribute("aria-hidden", "true");
    player.append(this.root);
    this.setLook(look);
    this.resized.observe(this.root);
  }

  setLook(look: DanmakuLook): void {
    this.look = look;
    this.root.hidden = !look.isOn;
    this.root.style.opacity = String(look.opacity);
    this.measure();
    if (!look.isOn) this.root.replaceChildren();
  }

  show(comment: Pick<Comment, "content" | "colour" | "mode">, isOwn: boolean): void {
    if (!this.look.isOn || document.hidden || this.height === 0 || this.root.childElementCount >= SHOWN_MAX) return;
    const item = document.createElement("span");
    item.textContent = comment.content;
    item.style.color = comment.colour;
    if (isOwn) item.className = "danmaku-own";
    const now = performance.now();
    // Who wants less motion reads the same words standing still.
    const isStill = comment.mode !== "scroll" || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const animation = isStill ? this.stand(item, comment.mode, now) : this.cross(item, now, this.widthOf(comment.content));
    animation?.finished.then(
      () => item.remove(),
      () => item.remove(),
    );
  }

  remove(): void {
    this.resized.disconnect();
    this.root.remove();
  }

  /** The lanes there are room for. What runs already runs on. */
  private measure(): void {
    const { clientHeight, clientWidth } = this.root;
    this.height = clientHeight;
    this.width = clientWidth;
    const count = Math.max(1, Math.floor((clientHeight * this.look.area) / LINE_PX));
    this.lanes = new Lanes(count);
    this.still = new Lanes(Math.min(count, 3));
    if (this.ruler !== null) {
      const { fontFamily } = getComputedStyle(this.root);
      this.ruler.font = `600 ${matchMedia("(width < 860px)").matches ? FONT_PX_SMALL : FONT_PX}px ${fontFamily}`;
    }
  }

  private widthOf(text: string): number {
    return Math.min(WIDTH_MAX_PX, (this.ruler?.measureText(text).width ?? text.length * FONT_PX) + OWN_FRAME_PX);
  }

  private cross(item: HTMLElement, now: number, width: number): Animation | undefined {
    const crossMs = this.look.crossS * 1000;
    const lane = this.lanes.take(now, width, this.width, crossMs);
    if (lane === undefined) return undefined;
    item.style.top = `${lane * LINE_PX}px`;
    this.root.append(item);
    return item.animate([{ transform: `translateX(${this.width}px)` }, { transform: `translateX(${-width}px)` }], crossMs);
  }

  private stand(item: HTMLElement, mode: string, now: number): Animation | undefined {
    const lane = this.still.hold(now, now + STILL_MS);
    if (lane === undefined) return undefined;
    item.classList.add("danmaku-still");
    if (mode === "bottom") item.style.bottom = `${64 + lane * LINE_PX}px`;
    else item.style.top = `${lane * LINE_PX}px`;
    this.root.append(item);
    return item.animate([{ opacity: 1 }, { opacity: 1 }], STILL_MS);
  }
}
