/** `/embed/live/{id}`, `/embed/v/{id}`: the player alone, for other people's pages. What is private is for the site itself. */

import type { VideoDetail } from "../app/api/videos";
import { h } from "../dom";
import { language, t } from "../i18n";
import { inlined } from "../inlined";
import { parseClock } from "../player/vod/time";
import type { VideoPlayer } from "../player/vod/video-player";

interface Room {
  title: string;
  stream: string;
  play_sign?: string | null;
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
  const [video, files, { followPlayback }] = await Promise.all([
    inlined<VideoDetail>("video-data") ?? ask<VideoDetail>(`/api/v1/videos/${encodeURIComponent(id)}`),
    import("../app/api/video-files"),
    import("../app/video/playback"),
    import("../player/vod/video-player"),
  ]);
  document.title = video.title;
  if (video.play_sign === undefined || video.play_sign === null || video.state !== "ready") {
    tell(t("embed.videoClosed"));
    return;
  }
  const player = document.createElement("video-player") as VideoPlayer;
  player.open({
    url: files.playlistOf(video),
    poster: files.pictureOf(video),
    storyboard: video.has_storyboard ? files.besideOf(video, "storyboard.vtt") : undefined,
    chapters: video.chapters,
    durationMs: video.duration_ms,
    startMs: parseClock(new URLSearchParams(location.search).get("t") ?? "") ?? 0,
    isResumed: false,
  });
  stage?.replaceChildren(player);
  // Who watches on another site has watched too.
  followPlayback(player.video, () => video);
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
