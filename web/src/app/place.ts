/** The one player of the page in its place, which React does not draw; what React puts there is React's to take away. */

const PLAYERS = "live-player, video-player";

/** Puts a player there, in the place of the one before; nothing: takes it away. */
export function placePlayer(player?: HTMLElement): void {
  const stage = document.querySelector("#stage");
  stage?.querySelector(PLAYERS)?.remove();
  if (player !== undefined) stage?.append(player);
}
