/** `/embed/live/{id}`: the player alone, for other people's pages. Private rooms are for the site itself. */

import { h } from "../dom";
import { language, t } from "../i18n";
import { engineOf } from "../player/choose";
import { loadEngine } from "../player/engines/engine";
import "../player/live-player";

interface Room {
  title: string;
  stream: string;
  play_sign?: string | null;
}

document.documentElement.lang = language;
void loadEngine(engineOf("http-flv") ?? "mpegts").catch(() => {});
const id = location.pathname.split("/").find((_part, at) => at === 3) ?? "";
const stage = document.querySelector("#stage");
ask().then(show, () => tell(t("embed.missing")));

async function ask(): Promise<Room> {
  const path = /^\d{1,19}$/.test(id) ? `/api/v1/rooms/${id}` : `/api/v1/rooms/by-name/${encodeURIComponent(id)}`;
  const response = await fetch(path, { headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return (await response.json()) as Room;
}

function show(room: Room): void {
  document.title = room.title;
  if (room.play_sign === undefined || room.play_sign === null) {
    tell(t("embed.closed"));
    return;
  }
  const query = new URLSearchParams({ sign: room.play_sign }).toString();
  stage?.replaceChildren(h("live-player", { stream: room.stream, query }));
}

function tell(text: string): void {
  const link = h("a", { href: `/live/${encodeURIComponent(id)}`, target: "_blank", rel: "noopener" }, t("embed.open"));
  stage?.replaceChildren(h("div", { class: "embed-told" }, h("p", {}, text), link));
}
