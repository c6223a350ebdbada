import { expect, test } from "vitest";
import { handleKey, type HotkeyActions } from "./hotkeys";

function press(key: string, target: HTMLElement = document.body, init: KeyboardEventInit = {}): string[] {
  const done: string[] = [];
  const note = (name: keyof HotkeyActions) => (by?: number) => void done.push(by === undefined ? name : `${name} ${by}`);
  const actions: HotkeyActions = {
    togglePlay: note("togglePlay"),
    toggleMute: note("toggleMute"),
    toggleFullscreen: note("toggleFullscreen"),
    togglePip: note("togglePip"),
    toggleStats: note("toggleStats"),
    changeVolume: note("changeVolume"),
  };
  document.body.append(target);
  target.addEventListener("keydown", (event) => void handleKey(event, actions), { once: true });
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true, ...init }));
  return done;
}

test("space, k, m, f and the arrows work the player", () => {
  expect(press(" ", document.createElement("div"))).toEqual(["togglePlay"]);
  expect(press("K", document.createElement("div"))).toEqual(["togglePlay"]);
  expect(press("m", document.createElement("div"))).toEqual(["toggleMute"]);
  expect(press("f", document.createElement("div"))).toEqual(["toggleFullscreen"]);
  expect(press("ArrowUp", document.createElement("div"))).toEqual(["changeVolume 0.05"]);
  expect(press("ArrowDown", document.createElement("div"))).toEqual(["changeVolume -0.05"]);
});

test("a focused button keeps its space bar", () => {
  expect(press(" ", document.createElement("button"))).toEqual([]);
});

test("typing never works the player", () => {
  for (const tag of ["input", "textarea", "select"] as const) expect(press("m", document.createElement(tag))).toEqual([]);
  expect(press("m", document.createElement("div"), { isComposing: true })).toEqual([]);
});

test("the browser's own shortcuts stay the browser's", () => {
  expect(press("f", document.createElement("div"), { ctrlKey: true })).toEqual([]);
  expect(press("m", document.createElement("div"), { metaKey: true })).toEqual([]);
});
