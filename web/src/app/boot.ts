/**
 * The first script of every page of the app: sets language and theme, and on the page of a room or a
 * video starts the player from what the server wrote into the page, before the app itself has been fetched.
 */

import { language } from "../i18n";
import { applyTheme } from "./theme";

document.documentElement.lang = language;
applyTheme();

const room = /^\/live\/([A-Za-z0-9]+)\/?$/.exec(location.pathname)?.[1];
if (room !== undefined) {
  document.body.dataset.page = "room";
  void import("./stage").then(({ openEarly }) => openEarly(room));
}
const video = /^\/v\/([A-Za-z0-9]+)\/?$/.exec(location.pathname)?.[1];
if (video !== undefined) {
  document.body.dataset.page = "video";
  void import("./video/stage").then(({ openVideoEarly }) => openVideoEarly(video));
}
void import("./main");
