/** `/`: who is live now; when nobody is, how to be the first. */

import { fetchStreams, type LiveList, type LiveStream } from "../api";
import { h, icon } from "../dom";
import { onAir, t, viewers } from "../i18n";
import { codecNames } from "../player/protocols";
import { copyRow, pollWhileVisible, sitePath, startPage } from "./common";

startPage();
document.title = `${t("home.title")} · Weir`;
const tagline = document.querySelector("#tagline");
if (tagline !== null) tagline.textContent = t("site.tagline");

const list = h("div", { class: "list" });
document.querySelector("#home")?.append(
  h("section", { class: "live-now", "aria-labelledby": "live-title" }, h("h1", { id: "live-title" }, t("home.title")), list),
);
// Comes after the first answer: until then nobody knows how tall the list above is, and nothing may jump.
const below = h("div", { class: "columns" });
const names = namePanel();
let shownServer: string | undefined;
showSkeleton();
let shown = "";
const update = () => fetchStreams().then(showStreams, showError);
void update();
pollWhileVisible(update, listEveryMs());

function showSkeleton(): void {
  list.replaceChildren(h("div", { class: "notice skeleton", "aria-hidden": "true" }));
}

function showStreams({ streams, publish_url }: LiveList): void {
  fillBelow(publish_url);
  const now = Date.now();
  const cards = streams.map((stream) => card(stream, now));
  replaceList(
    cards.length > 0
      ? [h("div", { class: "grid" }, ...cards)]
      : [notice(t("home.empty.title"), t("home.empty.text"))],
  );
}

function showError(): void {
  // The port everybody expects, until the server says another.
  if (!below.hasChildNodes()) fillBelow(`rtmp://${location.hostname}/live`);
  replaceList([notice(t("home.error.title"), t("home.error.text"))]);
}

/** `server` is where to publish, if anywhere. */
function fillBelow(server: string | undefined): void {
  if (below.hasChildNodes() && server === shownServer) return;
  shownServer = server;
  below.replaceChildren(publishPanel(server), names);
}

/** Leaves an unchanged list alone: focus and screen readers stay where they are. */
function replaceList(nodes: HTMLElement[]): void {
  const look = nodes.map((node) => node.outerHTML).join("");
  if (look === shown) return;
  shown = look;
  const focused = list.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : undefined;
  list.replaceChildren(...nodes);
  if (!below.isConnected) document.querySelector("#home")?.append(below);
  for (const link of list.querySelectorAll("a")) if (link.getAttribute("href") === focused) link.focus();
}

function notice(title: string, text: string): HTMLElement {
  return h("div", { class: "notice" }, icon("signal"), h("div", {}, h("h2", {}, title), h("p", {}, text)));
}

function card(stream: LiveStream, now: number): HTMLElement {
  const video = stream.tracks.find((track) => track.kind === "video");
  const codecs = stream.tracks.map((track) => track.codec_string ?? track.codec);
  const [app, ...rest] = stream.stream.split("/");
  const name = rest.join("/") || stream.stream;
  const cover = h(
    "div",
    { class: "cover" },
    h("span", { class: "cover-letter", "aria-hidden": "true" }, [...name][0]?.toUpperCase() ?? ""),
    h("span", { class: "badge" }, t("live.badge")),
    h("span", { class: "cover-viewers" }, icon("eye"), viewers(stream.viewer_count)),
  );
  cover.style.setProperty("--hue", String(hue(stream.stream)));
  const facts = [
    app === "live" ? undefined : app,
    stream.started_at_ms === undefined ? undefined : onAir(now - stream.started_at_ms),
    video?.height === undefined ? undefined : `${video.height}p${(video.frame_rate ?? 0) > 45 ? Math.round(video.frame_rate ?? 0) : ""}`,
    codecs.length > 0 ? codecNames(codecs) : undefined,
  ].filter((fact) => fact !== undefined);
  return h(
    "a",
    { class: "card", href: sitePath(watchPath(stream.stream)) },
    cover,
    h("div", { class: "card-text" }, h("h2", {}, name), h("p", {}, facts.join(" · "))),
  );
}

function publishPanel(server: string | undefined): HTMLElement {
  const title = h("h2", {}, t("home.publish.title"));
  if (server === undefined) return h("section", { class: "panel-box" }, title, h("p", { class: "hint" }, t("home.publish.off")));
  return h(
    "section",
    { class: "panel-box" },
    title,
    h("h3", {}, t("home.obs.title")),
    h("p", { class: "hint" }, t("home.obs.text")),
    labelled(t("home.obs.server"), server),
    labelled(t("home.obs.key"), "demo"),
    h("h3", {}, t("home.ffmpeg.title")),
    h("p", { class: "hint" }, t("home.ffmpeg.text")),
    copyRow(`ffmpeg -re -i video.mp4 -c copy -f flv ${server}/demo`, t("action.copy")),
    h("p", { class: "hint small" }, t("home.publish.note")),
  );
}

function labelled(label: string, value: string): HTMLElement {
  return h("div", { class: "address" }, h("span", { class: "address-name" }, label), copyRow(value, `${t("action.copy")}: ${label}`));
}

function namePanel(): HTMLElement {
  const input = h("input", {
    id: "name",
    type: "text",
    placeholder: "demo",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    oninput: () => showHint(),
  });
  const hint = h("p", { class: "hint small" });
  const target = () => watchPath(withApp(input.value.trim() || "demo"));
  const showHint = () => {
    hint.textContent = t("home.name.hint", { url: location.host + target() });
  };
  showHint();
  const submit = (event: Event) => {
    event.preventDefault();
    location.assign(sitePath(target()));
  };
  return h(
    "section",
    { class: "panel-box" },
    h("h2", {}, t("home.name.title")),
    h(
      "form",
      { class: "name-form", onsubmit: submit },
      h("label", { for: "name" }, t("home.name.label")),
      h("div", { class: "name-row" }, input, h("button", { class: "button button-main", type: "submit" }, t("action.open"))),
    ),
    hint,
  );
}

/** A bare name means the app everybody publishes to. */
function withApp(name: string): string {
  return name.includes("/") ? name : `live/${name}`;
}

function watchPath(stream: string): string {
  return `/watch/${stream.split("/").map(encodeURIComponent).join("/")}`;
}

/** A steady colour per stream. */
function hue(stream: string): number {
  let sum = 7;
  for (const char of stream) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 360;
  return sum;
}

function listEveryMs(): number {
  return 4_000 + Math.random() * 2_000;
}
