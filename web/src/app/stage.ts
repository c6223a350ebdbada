/**
 * The player's place, outside of what React draws: the player is there before the app is, and nothing the app does
 * takes it out of the document while its room is open.
 */

import { engineOf } from "../player/choose";
import { loadEngine } from "../player/engines/engine";
import "../player/live-player";
import type { LivePlayer } from "../player/live-player";
import type { VideoPlayer } from "../player/vod/video-player";
import type { RoomView } from "./api/schema";
import { inlined } from "../inlined";
import { askEarly, fetchRoom } from "./early";
import { placePlayer } from "./place";

/** Begins with the room of this page's address; the app takes over what was asked here. */
export function openEarly(id: string): void {
  void loadEngine(engineOf("http-flv") ?? "mpegts").catch(() => {});
  const told = inlined<RoomView>("room-data");
  const room = told === undefined ? fetchRoom(id) : Promise.resolve(told);
  askEarly(`room ${id}`, room).then(showPlayer, () => {});
}

/** Shows the room's player; the one that is there stays when it plays that already. */
export function showPlayer(room: Pick<RoomView, "stream" | "play_sign" | "status">): LivePlayer | undefined {
  const stage = document.querySelector("#stage");
  if (stage === null) return undefined;
  const before = stage.querySelector<LivePlayer>("live-player");
  if (room.play_sign === undefined || room.play_sign === null) {
    placePlayer();
    return undefined;
  }
  if (before?.getAttribute("stream") === room.stream) return before;
  const player = document.createElement("live-player") as LivePlayer;
  player.setAttribute("stream", room.stream);
  player.setAttribute("query", new URLSearchParams({ sign: room.play_sign }).toString());
  player.setAttribute("hotkeys", "");
  placePlayer(player);
  return player;
}

/** Shows what was live before, from `backMs` ago on, in the place of the live picture, unless nobody wants it any more. */
export async function showPast(room: Pick<RoomView, "stream" | "play_sign">, backMs: number, signal: AbortSignal): Promise<void> {
  await import("../player/vod/video-player");
  if (signal.aborted) return;
  const player = document.createElement("video-player") as VideoPlayer;
  player.setAttribute("hotkeys", "");
  player.open({
    url: `/${room.stream}/index.m3u8?${new URLSearchParams({ rewind: "1", sign: room.play_sign ?? "" })}`,
    chapters: [],
    durationMs: 0,
    startMs: 0,
    backMs,
    isResumed: false,
  });
  placePlayer(player);
}

