/** `/watch/{app}/{name}`: the player, and around it what a viewer may want to know or do. */

import { h, icon, setText } from "../dom";
import { t, viewers } from "../i18n";
import { engineOf } from "../player/choose";
import { loadEngine } from "../player/engines/engine";
import "../player/live-player";
import type { LivePlayer } from "../player/live-player";
import { protocolName, sourceUrl } from "../player/protocols";
import type { Snapshot } from "../player/session";
import type { Stats } from "../player/stats";
import { copyButton, copyRow, pollWhileVisible, sitePath, startPage } from "./common";

const page = readAddress(location.pathname, location.search);
// The engine is on its way while the server is still being asked what to play.
void loadEngine(engineOf(page.protocol ?? "http-flv") ?? "mpegts").catch(() => {});

startPage();
document.title = `${page.stream} · Weir`;
fillLink("#skip", t("page.skip"));
fillLink("#home-link", t("nav.home"), sitePath("/"));

const player = h("live-player", {
  stream: page.stream,
  query: page.query.toString(),
  protocol: page.protocol,
  hotkeys: true,
}) as LivePlayer;

const viewerCount = h("span", { class: "fact" });
const delay = h("span", { class: "fact" });
const badge = h("span", { class: "badge", hidden: true }, t("live.badge"));
const line = h("select", { id: "line", onchange: () => chooseLine(line.value) });
const addresses = h("div", { class: "addresses" }, h("p", { class: "hint" }, t("other.waiting")));
const others = h(
  "details",
  { class: "panel" },
  h("summary", {}, t("other.title")),
  h("p", { class: "hint" }, t("other.intro")),
  addresses,
);

document.querySelector("#about")?.append(
  h(
    "div",
    { class: "headline" },
    h("div", { class: "what" }, h("h1", {}, page.stream), h("p", { class: "facts" }, badge, viewerCount, delay)),
    h(
      "div",
      { class: "tools" },
      h("label", { class: "line", for: "line" }, h("span", {}, t("line.label")), line),
      shareButton(),
    ),
  ),
  others,
  h("details", { class: "panel keys" }, h("summary", {}, t("keys.title")), h("p", { class: "hint" }, t("keys.text"))),
);

player.addEventListener("statechange", (event) => showSnapshot((event as CustomEvent<Snapshot>).detail));
player.addEventListener("stats", (event) => showStats((event as CustomEvent<Stats>).detail));
document.querySelector("#stage")?.append(player);
pollWhileVisible(() => player.refresh(), viewersEveryMs());

function showSnapshot(snapshot: Snapshot): void {
  const { info, state } = snapshot;
  const live = state === "playing" || state === "paused";
  badge.hidden = !live;
  viewerCount.hidden = !live;
  if (info === undefined) {
    showLines(snapshot);
    return;
  }
  // The message in the player points here.
  if (state === "unsupported") others.open = true;
  viewerCount.replaceChildren(icon("eye"), viewers(info.viewer_count));
  showLines(snapshot);
  showAddresses(snapshot);
}

function showStats({ delayS }: Stats): void {
  delay.hidden = delayS === undefined;
  if (delayS === undefined) return;
  const text = t("live.delay", { seconds: delayS.toFixed(1) });
  if (delay.childElementCount === 0) delay.append(icon("clock"), h("span", {}));
  const words = delay.lastElementChild;
  if (words !== null) setText(words, text);
}

function showLines({ candidates, info, protocol, rejected }: Snapshot): void {
  const chosen = page.protocol ?? "";
  const auto = protocol === undefined || chosen !== "" ? t("line.auto") : t("line.autoNow", { protocol: protocolName(protocol) });
  const options = [h("option", { value: "", selected: chosen === "" }, auto)];
  const playable = new Set(candidates.map(({ source }) => source.protocol));
  const refused = new Set(rejected.map((rejection) => rejection.protocol));
  for (const name of new Set((info?.sources ?? []).map((source) => source.protocol))) {
    const words = protocolName(name);
    if (playable.has(name)) options.push(h("option", { value: name, selected: name === chosen }, words));
    else if (refused.has(name)) {
      options.push(h("option", { value: name, disabled: true }, t("line.unsupported", { protocol: words })));
    }
  }
  // Rebuilding an open menu would close it under the viewer's finger.
  const look = options.map((option) => `${option.value} ${option.textContent}`).join("\n");
  if (line.dataset.look === look) return;
  line.dataset.look = look;
  line.replaceChildren(...options);
}

function chooseLine(protocol: string): void {
  page.protocol = protocol === "" ? undefined : protocol;
  const url = new URL(location.href);
  if (protocol === "") url.searchParams.delete("protocol");
  else url.searchParams.set("protocol", protocol);
  // The address says which line is chosen: a reload keeps it.
  history.replaceState(null, "", url);
  player.preferProtocol(page.protocol);
}

function showAddresses({ info }: Snapshot): void {
  const sources = (info?.sources ?? []).filter((source) => !source.protocol.startsWith("ws-"));
  const look = sources.map((source) => source.url).join("\n");
  if (addresses.dataset.look === look) return;
  addresses.dataset.look = look;
  addresses.replaceChildren(
    ...sources.map((source) => {
      const name = protocolName(source.protocol);
      return h(
        "div",
        { class: "address" },
        h("span", { class: "address-name" }, name),
        copyRow(sourceUrl(source.protocol, source.url, location.href), t("other.copy", { protocol: name })),
      );
    }),
  );
}

function shareButton(): HTMLElement {
  const address = () => {
    const url = new URL(location.href);
    url.searchParams.delete("protocol");
    url.searchParams.delete("lang");
    return url.href;
  };
  if (typeof navigator.share !== "function") return copyButton(address, t("action.copyLink"));
  const share = () => void navigator.share({ title: document.title, url: address() }).catch(() => {});
  return h("button", { class: "button", type: "button", onclick: share }, h("span", { class: "button-icon" }, icon("share")), t("action.share"));
}

function fillLink(selector: string, text: string, href?: string): void {
  const link = document.querySelector<HTMLAnchorElement>(selector);
  if (link === null) return;
  link.textContent = text;
  if (href !== undefined) link.href = href;
}

/** Stream, preferred line, and what of the query is the server's business. */
function readAddress(pathname: string, search: string): { stream: string; protocol: string | undefined; query: URLSearchParams } {
  const query = new URLSearchParams(search);
  const protocol = query.get("protocol") ?? undefined;
  query.delete("protocol");
  query.delete("lang");
  const stream = pathname
    .split("/")
    .filter((part) => part !== "")
    .slice(1)
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    })
    .join("/");
  return { stream, protocol, query };
}

/** Spread, so that the viewers of one stream do not all ask in the same second. */
function viewersEveryMs(): number {
  return 20_000 + Math.random() * 10_000;
}
