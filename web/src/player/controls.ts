/** The bar under the picture. Comes after the first frame: the picture never waits for its buttons. */

import "media-chrome/dist/media-controller.js";
import "media-chrome/dist/media-control-bar.js";
import "media-chrome/dist/media-play-button.js";
import "media-chrome/dist/media-mute-button.js";
import "media-chrome/dist/media-volume-range.js";
import "media-chrome/dist/media-pip-button.js";
import "media-chrome/dist/media-fullscreen-button.js";
import { h, icon } from "../dom";
import { t } from "../i18n";

export interface Controls {
  /** Goes to the newest picture; shows the delay. */
  live: HTMLButtonElement;
}

export function mountControls(frame: HTMLElement, fullscreen: HTMLElement, actions: { goLive(): void; toggleStats(): void }): Controls {
  const live = h(
    "button",
    { class: "lp-live", type: "button", onclick: () => actions.goLive() },
    h("span", { class: "lp-dot" }),
    h("span", { class: "lp-live-text" }, t("live.badge")),
  );
  const stats = h(
    "button",
    { class: "lp-bar-button", type: "button", "aria-label": t("action.stats"), title: t("action.stats"), onclick: () => actions.toggleStats() },
    icon("chart"),
  );
  frame.append(
    h(
      "media-control-bar",
      {},
      h("media-play-button", { notooltip: true }),
      h("media-mute-button", { notooltip: true }),
      h("media-volume-range", {}),
      live,
      h("span", { class: "lp-space" }),
      stats,
      h("media-pip-button", { notooltip: true }),
      h("media-fullscreen-button", { notooltip: true }),
    ),
  );
  // The whole player goes full screen, with its messages, not the bare picture.
  (frame as HTMLElement & { fullscreenElement: HTMLElement }).fullscreenElement = fullscreen;
  return { live };
}
