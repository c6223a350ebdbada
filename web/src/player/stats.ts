/** Measures what the picture is doing, once a second, and shows it in a panel on demand. */

import { h, icon, setText } from "../dom";
import { t, type Key } from "../i18n";
import { codecNames, protocolName } from "./protocols";
import type { Session } from "./session";

export interface Stats {
  protocol: string | undefined;
  codecs: string[];
  width: number;
  height: number;
  frameRate: number | undefined;
  bufferS: number;
  delayS: number | undefined;
  droppedFrames: number;
  bitrateBps: number | undefined;
  playbackRate: number;
}

/** Turns growing counters into rates: call it once a second. */
export function createMeter(session: Session, video: HTMLVideoElement): () => Stats {
  let before: { atMs: number; bytes: number; frames: number; dropped: number } | undefined;
  let bitrate: number | undefined;
  let delay: number | undefined;
  let dropped = 0;
  return () => {
    const { info, protocol, state } = session.current;
    const quality = video.getVideoPlaybackQuality?.();
    const now = {
      atMs: performance.now(),
      bytes: session.receivedBytes(),
      frames: quality?.totalVideoFrames ?? 0,
      dropped: quality?.droppedVideoFrames ?? 0,
    };
    let frameRate: number | undefined;
    // Counters that went back belong to a new connection.
    if (before !== undefined && now.bytes >= before.bytes && now.frames >= before.frames) {
      const seconds = (now.atMs - before.atMs) / 1000;
      frameRate = (now.frames - before.frames) / seconds;
      bitrate = smooth(bitrate, ((now.bytes - before.bytes) * 8) / seconds, 0.2);
      dropped += Math.max(0, now.dropped - before.dropped);
    } else {
      bitrate = undefined;
    }
    before = now;
    const measured = state === "playing" ? session.delayS() : undefined;
    delay = measured === undefined ? undefined : smooth(delay, measured, 0.4);
    const source = info?.sources.find((candidate) => candidate.protocol === protocol);
    return {
      protocol,
      codecs: source?.codecs ?? [],
      width: video.videoWidth,
      height: video.videoHeight,
      frameRate,
      bufferS: session.aheadS(),
      delayS: delay,
      droppedFrames: dropped,
      bitrateBps: bitrate,
      playbackRate: video.playbackRate,
    };
  };
}

export interface StatsPanel {
  root: HTMLElement;
  show(stats: Stats): void;
}

export function createStatsPanel(onClose: () => void): StatsPanel {
  const rows = new Map<Key, HTMLElement>();
  const list = h("dl", {});
  for (const key of ROWS) {
    const value = h("dd", {}, t("stats.none"));
    rows.set(key, value);
    list.append(h("div", { class: key === "stats.codecs" ? "lp-wide" : undefined }, h("dt", {}, t(key)), value));
  }
  const root = h(
    "section",
    { class: "lp-stats", "aria-label": t("stats.title"), hidden: true },
    h("button", { class: "lp-stats-close", type: "button", "aria-label": t("stats.close"), onclick: onClose }, icon("close")),
    list,
  );
  return {
    root,
    show(stats) {
      const values = describe(stats);
      for (const key of ROWS) {
        const row = rows.get(key);
        if (row !== undefined) setText(row, values[key]);
      }
    },
  };
}

const ROWS = [
  "stats.protocol",
  "stats.codecs",
  "stats.resolution",
  "stats.frameRate",
  "stats.bitrate",
  "stats.buffer",
  "stats.delay",
  "stats.speed",
  "stats.dropped",
] as const satisfies readonly Key[];

function describe(stats: Stats): Record<(typeof ROWS)[number], string> {
  const none = t("stats.none");
  const fixed = (value: number | undefined, digits: number, unit: string) =>
    value === undefined ? none : `${value.toFixed(digits)} ${unit}`;
  return {
    "stats.protocol": stats.protocol === undefined ? none : protocolName(stats.protocol),
    "stats.codecs": stats.codecs.length > 0 ? `${codecNames(stats.codecs)} (${stats.codecs.join(", ")})` : none,
    "stats.resolution": stats.width > 0 ? `${stats.width} × ${stats.height}` : none,
    "stats.frameRate": fixed(stats.frameRate, 0, "fps"),
    "stats.bitrate": fixed(stats.bitrateBps === undefined ? undefined : stats.bitrateBps / 1e6, 2, "Mbit/s"),
    "stats.buffer": fixed(stats.bufferS, 2, "s"),
    "stats.delay": fixed(stats.delayS, 1, "s"),
    "stats.speed": `${stats.playbackRate.toFixed(2)} ×`,
    "stats.dropped": String(stats.droppedFrames),
  };
}

function smooth(before: number | undefined, now: number, weight: number): number {
  return before === undefined ? now : before + (now - before) * weight;
}
