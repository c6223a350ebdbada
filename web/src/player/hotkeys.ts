/** Keys that work the player, as viewers know them from other sites. */

export interface HotkeyActions {
  togglePlay(): void;
  toggleMute(): void;
  toggleFullscreen(): void;
  togglePip(): void;
  toggleStats(): void;
  changeVolume(by: number): void;
}

/** Does what the key means; true if it meant something. Keys that the focused element needs itself are left to it. */
export function handleKey(event: KeyboardEvent, actions: HotkeyActions): boolean {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false;
  const target = event.composedPath()[0];
  const focus = target instanceof Element ? target : undefined;
  if (focus?.closest("input, textarea, select, [contenteditable], summary") != null) return false;
  const role = focus?.getAttribute("role") ?? focus?.localName ?? "";
  switch (event.key) {
    case " ":
      if (role === "button" || role === "a") return false;
      actions.togglePlay();
      return true;
    case "k":
    case "K":
      actions.togglePlay();
      return true;
    case "m":
    case "M":
      actions.toggleMute();
      return true;
    case "f":
    case "F":
      actions.toggleFullscreen();
      return true;
    case "p":
    case "P":
      actions.togglePip();
      return true;
    case "s":
    case "S":
      actions.toggleStats();
      return true;
    case "ArrowUp":
    case "ArrowDown":
      if (role === "slider") return false;
      actions.changeVolume(event.key === "ArrowUp" ? VOLUME_STEP : -VOLUME_STEP);
      return true;
    default:
      return false;
  }
}

const VOLUME_STEP = 0.05;
