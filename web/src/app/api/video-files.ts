/** Where the files of a video are. Needs nothing of the app: the player alone uses it too. */

import { ownPicture } from "../looks";
import type { VideoView } from "./schema";

/** Where a video's playlist is. */
export function playlistOf(video: Pick<VideoView, "stream" | "play_sign" | "viewer">): string {
  return `/${video.stream}/master.m3u8?${new URLSearchParams({ sign: video.play_sign ?? "", viewer: video.viewer })}`;
}

/** A picture of a video, its cover or another; of what is not for everybody it is given only with the permission to watch. */
export function pictureOf({ cover, privacy, play_sign }: Pick<VideoView, "cover" | "privacy" | "play_sign">, address = cover): string | undefined {
  const own = ownPicture(address);
  if (own === undefined || !own.startsWith("/streams/")) return own;
  if (play_sign === undefined || play_sign === null) return undefined;
  return privacy === "public" || privacy === "unlisted" ? own : `${own}?${new URLSearchParams({ sign: play_sign })}`;
}

/** A file beside a video. */
export function besideOf(video: Pick<VideoView, "stream" | "play_sign">, file: string): string {
  return `/${video.stream}/${file}?${new URLSearchParams({ sign: video.play_sign ?? "" })}`;
}
