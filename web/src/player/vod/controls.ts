/** The bar of a video: seek bar with pictures and chapters, time, and the choice of quality, speed and captions. */

import "media-chrome/dist/media-controller.js";
import "media-chrome/dist/media-control-bar.js";
import "media-chrome/dist/media-play-button.js";
import "media-chrome/dist/media-mute-button.js";
import "media-chrome/dist/media-volume-range.js";
import "media-chrome/dist/media-time-range.js";
import "media-chrome/dist/media-time-display.js";
import "media-chrome/dist/media-preview-thumbnail.js";
import "media-chrome/dist/media-pip-button.js";
import "media-chrome/dist/media-fullscreen-button.js";
import { h, icon } from "../../dom";
import { RATES, type VideoPreference } from "./preferences";
import { words } from "./texts";

export interface VideoChoices {
  heights(): number[];
  height(): number | undefined;
  captions(): { language: string; name: string }[];
  preference(): VideoPreference;
  choose(change: Partial<VideoPreference>): void;
  toggleTheatre(): void;
}

export interface VideoControls {
  /** What can be chosen, or is chosen, has changed. */
  refresh(): void;
}

export function mountVideoControls(frame: HTMLElement, fullscreen: HTMLElement, choices: VideoChoices): VideoControls {
  const quality = h("select", { onchange: () => choices.choose({ height: quality.value === "" ? undefined : Number(quality.value) }) });
  const speed = h("select", { onchange: () => choices.choose({ rate: Number(speed.value) }) });
  const captions = h("select", { onchange: () => choices.choose({ captions: captions.value === "" ? undefined : captions.value }) });
  const captionsRow = row(words("captions"), captions);
  const menu = h("div", { class: "vp-menu", role: "group", "aria-label": words("settings"), hidden: true }, row(words("quality"), quality), row(words("speed"), speed), captionsRow);
  const open = h(
    "button",
    { class: "lp-bar-button", type: "button", "aria-label": words("settings"), title: words("settings"), "aria-expanded": "false", onclick: () => toggle(menu.hidden !== false) },
    icon("gear"),
  );
  const toggle = (isOpen: boolean) => {
    menu.hidden = !isOpen;
    open.setAttribute("aria-expanded", String(isOpen));
    // The bar stays while the menu is open.
    frame.setAttribute("autohide", isOpen ? "-1" : "2");
    if (isOpen) quality.focus();
  };
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    toggle(false);
    open.focus();
  });
  frame.addEventListener("pointerdown", (event) => {
    const path = event.composedPath();
    if (!menu.hidden && !path.includes(menu) && !path.includes(open)) toggle(false);
  });
  const refresh = () => {
    const { height, rate, captions: language } = choices.preference();
    const now = choices.height();
    fill(quality, [["", now === undefined ? words("auto") : words("autoNow", { height: now })], ...choices.heights().map((each) => [String(each), `${each}p`] as const)], height === undefined ? "" : String(height));
    fill(speed, RATES.map((each) => [String(each), each === 1 ? words("normal") : `${each}×`] as const), String(rate));
    const known = choices.captions();
    captionsRow.hidden = known.length === 0;
    fill(captions, [["", words("off")], ...known.map((each) => [each.language, each.name] as const)], language ?? "");
  };
  refresh();
  frame.append(
    menu,
    h("media-control-bar", { class: "vp-seek" }, h("media-time-range", {})),
    h(
      "media-control-bar",
      { class: "vp-bar" },
      h("media-play-button", { notooltip: true }),
      h("media-mute-button", { notooltip: true }),
      h("media-volume-range", {}),
      h("media-time-display", { showduration: true, notoggle: true }),
      h("span", { class: "lp-space" }),
      open,
      h("button", { class: "lp-bar-button vp-theatre", type: "button", "aria-label": words("theatre"), title: words("theatre"), onclick: () => choices.toggleTheatre() }, icon("theatre")),
      h("media-pip-button", { notooltip: true }),
      h("media-fullscreen-button", { notooltip: true }),
    ),
  );
  // What it shows is said by the time beside it.
  const pictures = frame.querySelector("media-time-range")?.shadowRoot?.querySelector("media-preview-thumbnail")?.shadowRoot;
  pictures?.querySelector("img")?.setAttribute("alt", "");
  (frame as HTMLElement & { fullscreenElement: HTMLElement }).fullscreenElement = fullscreen;
  return { refresh };
}

function row(label: string, select: HTMLSelectElement): HTMLLabelElement {
  return h("label", {}, h("span", {}, label), select);
}

/** Only what differs is written: an open list must not close under the hand. */
function fill(select: HTMLSelectElement, options: readonly (readonly [string, string])[], chosen: string): void {
  const key = JSON.stringify(options);
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    select.replaceChildren(...options.map(([value, text]) => h("option", { value }, text)));
  }
  const value = options.some(([each]) => each === chosen) ? chosen : (options[0]?.[0] ?? "");
  if (select.value !== value) select.value = value;
}
