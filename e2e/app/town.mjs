// People, rooms, gifts and talk, so that pages have something to show: one live room, one paused, one private, one
// ended, one planned.

import { io } from "socket.io-client";
import { until } from "../lib/processes.mjs";

export async function settle(world) {
  const { call } = world;
  const people = {
    host: await world.person("mei", "小美"),
    guest: await world.person("tom", "阿湯"),
    planned: await world.person("lin", "林老師"),
    secret: await world.person("kai", "凱"),
    former: await world.person("old_host", "Old Host"),
    boss: await world.person("boss", "站長"),
  };
  await world.makeAdmin("boss");
  const { host, guest, boss } = people;
  const rooms = {
    live: await world.room(host, { title: "週末畫畫 · 一起畫貓", category: "繪畫", labels: ["貓", "水彩"] }),
    planned: await world.room(people.planned, {
      title: "三分鐘學會吉他和弦",
      category: "音樂",
      scheduled_at: Date.now() + 5 * 3_600_000,
    }),
    secret: await world.room(people.secret, { title: "家庭聚會", privacy: "private", password: "open sesame" }),
    ended: await world.room(people.former, { title: "Retro games night", category: "games" }),
  };
  for (const [name, coin] of [["愛心", 1], ["啤酒", 10], ["煙火", 66], ["火箭", 520]]) {
    await call("POST", "/api/v1/admin/gifts", { token: boss.token, body: { name, coin } });
  }
  await call("POST", `/api/v1/admin/users/${guest.id}/coins`, { token: boss.token, body: { coin: 1_000, reason: "welcome" } });
  await call("PUT", `/api/v1/users/${host.id}/follow`, { token: guest.token });
  const former = await world.goLive(people.former, rooms.ended);
  await call("POST", `/api/v1/rooms/${rooms.ended.id}/status`, { token: people.former.token, body: { type: "stop" } });
  await former.stop("SIGKILL");
  await world.goLive(host, rooms.live);
  await until("the room is live", async () => (await call("GET", `/api/v1/rooms/${rooms.live.id}`)).status === "live");
  return { people, rooms };
}

/** Somebody in a room, over the socket: `say(text)`, `give(gift)`, `close()`. */
export async function visitor(world, person, room) {
  const socket = io(world.weir.http, { transports: ["websocket"], forceNew: true, auth: { token: person.token } });
  const ask = (name, data) => socket.timeout(5_000).emitWithAck(name, { live_id: room.id, ...data });
  await until("the socket connects", () => socket.connected);
  const joined = await ask("joinLive", {});
  return {
    joined,
    say: (text, look = {}) => ask("comment", { data: text, ...look }),
    give: (giftId, num = 1) => ask("gift", { gift_id: giftId, num, idempotency_key: `${Math.random()}` }),
    close: () => socket.close(),
  };
}
