/** The video's player in its place outside of what React draws, there before the app is. */

import { parseClock } from "../../player/vod/time";
import type { VideoPlayer } from "../../player/vod/video-player";
import { inlined } from "../../inlined";
import { besideOf, pictureOf, playlistOf } from "../api/video-files";
import type { VideoDetail } from "../api/videos";
import { call } from "../api/client";
import { askEarly } from "../early";
import { placePlayer } from "../place";
import { loadPosition } from "./positions";

/** Begins with the video of this page's address; the app takes over what was asked here. */
export function openVideoEarly(id: string): void {
  const told = inlined<VideoDetail>("video-data");
  const video = askEarly(`video ${id}`, told === undefined ? call("GET /api/v1/videos/{id}", { path: { id } }) : Promise.resolve(told));
  // The player comes at the same time as the answer.
  Promise.all([video, import("../../player/vod/video-player")]).then(
    ([found]) => showVideo(found),
    () => {},
  );
}

/** Whether there is something to play for who looks. */
export function isPlayable({ play_sign, state }: VideoDetail): boolean {
  return play_sign !== undefined && play_sign !== null && (state === "ready" || state === "recording");
}

/** Shows the video's player, whose code is there; the one that plays it already stays. Nothing when there is nothing to play. */
export function showVideo(video: VideoDetail): VideoPlayer | undefined {
  const stage = document.querySelector("#stage");
  if (stage === null) return undefined;
  const before = stage.querySelector<VideoPlayer>("video-player");
  if (!isPlayable(video)) {
    placePlayer();
    return undefined;
  }
  if (before?.dataset.video === video.id) return before;
  const player = document.createElement("video-player") as VideoPlayer;
  player.dataset.video = video.id;
  player.setAttribute("hotkeys", "");
  const asked = parseClock(new URLSearchParams(location.search).get("t") ?? "");
  const left = video.position_ms ?? loadPosition(video.id) ?? 0;
  // Close to the end there is nothing to resume.
  const resumed = left > RESUME_MS_MIN && left < video.duration_ms * 0.95 ? left : 0;
  player.open({
    url: playlistOf(video),
    poster: pictureOf(video),
    storyboard: video.has_storyboard ? besideOf(video, "storyboard.vtt") : undefined,
    chapters: video.chapters,
    durationMs: video.duration_ms,
    startMs: asked ?? resumed,
    isResumed: asked === undefined && resumed > 0,
  });
  placePlayer(player);
  return player;
}

const RESUME_MS_MIN = 5_000;
