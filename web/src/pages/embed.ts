/** `/embed/live/{id}`, `/embed/v/{id}`: the player alone, for other people's pages. What is private is for the site itself. */

import { h } from "../dom";
import { language, t } from "../i18n";
import { inlined } from "../inlined";

interface Room {
  title: string;
  stream: string;
  play_sign?: string | null;
}

interface Video extends Room {
  id: string;
  state: string;
  viewer: string;
  cover: string;
  duration_ms: number;
  has_storyboard: boolean;
  chapters: { start_ms: number; title: string }[];
}

document.documentElement.lang = language;
const [, , kind = "", id = ""] = location.pathname.split("/");
const stage = document.querySelector("#stage");
if (kind === "v") void openVideo().catch(() => tell(t("embed.noVideo")));
else void openRoom().catch(() => tell(t("embed.missing")));

async function openRoom(): Promise<void> {
  const player = import("../player/live-player");
  void player.then(async () => {
    const [{ engineOf }, { loadEngine }] = await Promise.all([import("../player/choose"), import("../player/engines/engine")]);
    await loadEngine(engineOf("http-flv") ?? "mpegts");
  }, () => {});
  const room = inlined<Room>("room-data") ?? await ask<Room>(/^\d{1,19}$/.test(id) ? `/api/v1/rooms/${id}` : `/api/v1/rooms/by-name/${encodeURIComponent(id)}`);
  document.title = room.title;
  if (room.play_sign === undefined || room.play_sign === null) {
    tell(t("embed.closed"));
    return;
  }
  await player;
  stage?.replaceChildren(h("live-player", { stream: room.stream, query: new URLSearchParams({ sign: room.play_sign }).toString() }));
}

async function openVideo(): Promise<void> {
  const [video] = await Promise.all([inlined<Video>("video-data") ?? ask<Video>(`/api/v1/videos/${encodeURIComponent(id)}`), import("../player/vod/video-player")]);
  document.title = video.title;
  if (video.play_sign === undefined || video.play_sign === null || video.state !== "ready") {
    tell(t("embed.videoClosed"));
    return;
  }
  const sign = new URLSearchParams({ sign: video.play_sign });
  const player = h("video-player", {}) as HTMLElement & Pick<import("../player/vod/video-player").VideoPlayer, "open">;
  player.open({
    url: `/${video.stream}/master.m3u8?${sign}&viewer=${encodeURIComponent(video.viewer)}`,
    poster: video.cover.startsWith("/") ? video.cover : undefined,
    storyboard: video.has_storyboard ? `/${video.stream}/storyboard.vtt?${sign}` : undefined,
    chapters: video.chapters,
    durationMs: video.duration_ms,
    startMs: 0,
    isResumed: false,
  });
  stage?.replaceChildren(player);
}

async function ask<T>(path: string): Promise<T> {
  const response = await fetch(path, { headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return (await response.json()) as T;
}

function tell(text: string): void {
  const page = kind === "v" ? "v" : "live";
  const words = kind === "v" ? t("embed.openVideo") : t("embed.open");
  const link = h("a", { href: `/${page}/${encodeURIComponent(id)}`, target: "_blank", rel: "noopener" }, words);
  stage?.replaceChildren(h("div", { class: "embed-told" }, h("p", {}, text), link));
}
