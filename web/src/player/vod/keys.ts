/** Keys that only a video has, besides those of every player. */

import { handleKey, type HotkeyActions } from "../hotkeys";

export interface VideoKeyActions extends HotkeyActions {
  seekBy(seconds: number): void;
  /** 0 to 1 of the whole. */
  seekTo(part: number): void;
  changeSpeed(step: 1 | -1): void;
  toggleCaptions(): void;
  toggleTheatre(): void;
}

/** Does what the key means; true if it meant something. */
export function handleVideoKey(event: KeyboardEvent, actions: VideoKeyActions): boolean {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false;
  const target = event.composedPath()[0];
  const focus = target instanceof Element ? target : undefined;
  if (focus?.closest("input, textarea, select, [contenteditable], summary, dialog, [role=tablist]") != null) return false;
  const isSlider = focus?.getAttribute("role") === "slider";
  const meaning = MEANINGS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (meaning === undefined || (isSlider && event.key.length > 1)) return handleKey(event, actions);
  meaning(actions);
  return true;
}

const MEANINGS: Readonly<Record<string, (actions: VideoKeyActions) => void>> = {
  ArrowLeft: (actions) => actions.seekBy(-5),
  ArrowRight: (actions) => actions.seekBy(5),
  j: (actions) => actions.seekBy(-10),
  l: (actions) => actions.seekBy(10),
  Home: (actions) => actions.seekTo(0),
  End: (actions) => actions.seekTo(1),
  "<": (actions) => actions.changeSpeed(-1),
  ">": (actions) => actions.changeSpeed(1),
  c: (actions) => actions.toggleCaptions(),
  t: (actions) => actions.toggleTheatre(),
  ...Object.fromEntries([..."0123456789"].map((digit) => [digit, (actions: VideoKeyActions) => actions.seekTo(Number(digit) / 10)])),
};
