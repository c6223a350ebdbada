/**
 * The first script of every page of the app: sets language and theme, and on a room's page starts the player from what
 * the server wrote into the page, before the app itself has been fetched.
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
void import("./main");
