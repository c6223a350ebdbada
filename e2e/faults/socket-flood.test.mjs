// What one hostile or dead connection does to a room: a thousand events per second, an event of a megabyte, and viewers
// who are gone without a goodbye.

import assert from "node:assert/strict";
import net from "node:net";
import { after, before, test } from "node:test";
import { openSocket } from "../lib/bare-socket.mjs";
import { connect, enter, inParallel, openRoom, register, UNLIMITED } from "../lib/people.mjs";
import { sleep, until } from "../lib/processes.mjs";
import { startWeir } from "../lib/weir.mjs";

const FLOOD_PER_SECOND = 1_000;
const FLOOD_MS = Number(process.env.FLOOD_MS ?? 5_000);
const TALK_EVERY_MS = 100;
const P95_MAX_MS = 200;
const GONE_WITHIN_MS = 10_000;

let weir;
let host;
let fan;
let crook;
let room;

before(async () => {
  // The limits of a connection are those of the defaults; what people may say in all is not what is tested here.
  const limits = Object.entries(UNLIMITED).filter(([key]) => !key.includes("_socket"));
  weir = await startWeir({ settings: Object.fromEntries(limits) });
  [host, fan, crook] = [await register(weir, "host"), await register(weir, "fan"), await register(weir, "crook")];
  room = await openRoom(weir, host);
});

after(() => weir?.stop());

/** Sends events at the flood's rate until it is cut; what it was told, and when, in ms since it began. */
async function flood(client, untilMs) {
  const began = performance.now();
  const since = () => performance.now() - began;
  const result = { sent: 0, toldMs: undefined, cutMs: undefined };
  client.socket.on("disconnect", () => (result.cutMs ??= since()));
  client.socket.on(client.socket.id, ({ data }) => {
    if (data.code === "too_often") result.toldMs ??= since();
  });
  while (client.socket.connected && performance.now() < untilMs) {
    for (; result.sent < (since() * FLOOD_PER_SECOND) / 1000; result.sent += 1) {
      const name = result.sent % 2 === 0 ? "comment" : "joinLive";
      client.socket.emit(name, { live_id: room.id, data: `flood ${result.sent}` });
    }
    await sleep(1);
  }
  client.close();
  return result;
}

test("who sends a thousand events a second is limited, told and cut, and the room does not feel it", async (t) => {
  // Each says one message in turn; a socket may send two a second, so there are enough of them for ten.
  const talkers = await Promise.all(Array.from({ length: 8 }, (_, i) => enter(weir, i % 2 ? fan : host, room)));
  const witness = await enter(weir, fan, room);
  t.after(() => [...talkers, witness].forEach((client) => client.close()));
  const sentAt = new Map();
  const delays = [];
  let floodHeard = 0;
  witness.socket.on("comment", ({ content }) => {
    if (sentAt.has(content)) delays.push(performance.now() - sentAt.get(content));
    else floodHeard += 1;
  });
  const endsAt = performance.now() + FLOOD_MS;
  const talk = (async () => {
    for (let i = 0; performance.now() < endsAt; i += 1) {
      sentAt.set(`word ${i}`, performance.now());
      talkers[i % talkers.length].socket.emit("comment", { live_id: room.id, data: `word ${i}` });
      await sleep(TALK_EVERY_MS);
    }
  })();
  const floods = [];
  // Cut, it comes back at once and goes on.
  while (performance.now() < endsAt) floods.push(await flood(await enter(weir, crook, room), endsAt));
  await talk;
  await until("all that was said comes", () => delays.length === sentAt.size, 2_000);

  const [first] = floods;
  assert.ok(first.cutMs !== undefined, `the flood was never cut: ${first.sent} events`);
  assert.ok(first.toldMs !== undefined, `cut after ${first.cutMs.toFixed()} ms without being told that it is too fast`);
  assert.ok(first.toldMs <= 1_000, `told after ${first.toldMs.toFixed()} ms`);
  assert.ok(first.toldMs <= first.cutMs, "told before it is cut");
  // The last one was going on when time was up.
  for (const { toldMs, cutMs } of floods.slice(0, -1)) assert.ok(toldMs <= 1_000 && cutMs <= 2_000, `${toldMs} ${cutMs}`);
  // The burst of each connection at most, half of whose events are messages.
  assert.ok(floodHeard <= floods.length * 20, `${floodHeard} messages of ${floods.length} floods reached the room`);
  delays.sort((a, b) => a - b);
  const p95 = delays[Math.floor(delays.length * 0.95)];
  t.diagnostic(`${floods.length} floods; told after ${first.toldMs.toFixed()} ms, cut after ${first.cutMs.toFixed()} ms; ` +
    `delay of the others p50 ${delays[delays.length >> 1].toFixed(1)} ms, p95 ${p95.toFixed(1)} ms of ${delays.length}`);
  assert.ok(p95 <= P95_MAX_MS, `the delay of the others rose to ${p95.toFixed()} ms`);
  assert.ok([...talkers, witness].every(({ socket }) => socket.connected), "nobody else was cut");
});

for (const transports of [["websocket"], ["polling"]]) {
  test(`an event of a megabyte over ${transports} ends its connection only, and nobody hears it`, async (t) => {
    const bad = await enter(weir, crook, room, { transports });
    const good = await enter(weir, fan, room);
    t.after(() => [bad, good].forEach((client) => client.close()));
    const fds = weir.fds();
    bad.socket.emit("comment", { live_id: room.id, data: "x".repeat(1 << 20) });
    await until("the socket is cut", () => !bad.socket.connected);
    assert.equal((await good.ask("comment", { live_id: room.id, data: "still here" })).ok, true);
    await good.hears("comment", ({ content }) => content === "still here");
    assert.ok(good.all("comment").every(({ content }) => content.length < 100));
    await until("its connection is gone", () => weir.fds() <= fds);
  });
}

/** A way to the server that can go dead: nothing passes any more, and nobody is told. */
async function startPassage(port) {
  const ends = [];
  const server = net.createServer((near) => {
    const far = net.connect(port, "127.0.0.1");
    ends.push(near, far);
    for (const [from, to] of [[near, far], [far, near]]) {
      from.on("data", (bytes) => to.write(bytes));
      from.on("close", () => to.destroy());
      from.on("error", () => {});
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    http: `http://127.0.0.1:${server.address().port}`,
    goDead: () => ends.forEach((end) => end.pause().removeAllListeners("data")),
    close: () => (server.close(), ends.forEach((end) => end.destroy())),
  };
}

for (const transports of [["websocket"], ["polling"]]) {
  test(`a viewer over ${transports} whose network dies without a goodbye is gone within ten seconds`, async (t) => {
    const witness = await enter(weir, host, room);
    const passage = await startPassage(weir.httpPort);
    const ghost = await enter({ http: passage.http }, crook, room, { transports });
    t.after(() => (witness.close(), ghost.close(), passage.close()));
    const here = await witness.hears("online", ({ action, user }) => action === "join" && user.id === crook.id);
    assert.ok(here.data.data.some(({ id }) => id === crook.id));
    await sleep(Math.random() * 3_000);
    const before = witness.heard.length;
    const diedAt = performance.now();
    passage.goDead();
    const left = await until(
      "the ghost leaves",
      () => witness.heard.slice(before).find(({ event, data }) => event === "online" && data.action === "leave" && data.user.id === crook.id),
      GONE_WITHIN_MS + 10_000,
      10,
    );
    const took = left.atMs - diedAt;
    t.diagnostic(`gone after ${took.toFixed()} ms`);
    assert.ok(took <= GONE_WITHIN_MS, `gone only after ${took.toFixed()} ms`);
    assert.ok(!left.data.data.some(({ id }) => id === crook.id));
  });
}

test("connections that never join and never speak hold nothing", async (t) => {
  const passage = await startPassage(weir.httpPort);
  t.after(() => passage.close());
  const fds = weir.fds();
  const silent = await Promise.all(Array.from({ length: 40 }, () => connect({ http: passage.http }, crook)));
  t.after(() => silent.forEach((client) => client.close()));
  assert.ok(weir.fds() >= fds + 30);
  passage.goDead();
  await until("their connections are gone", () => weir.fds() <= fds + 8, GONE_WITHIN_MS + 2_000);
});

test("what a client says in the moment it is connected is heard and answered, for each of 1000", async () => {
  let answered = 0;
  await inParallel(Array.from({ length: 1_000 }), 50, async () => {
    const client = await openSocket(weir.httpPort, fan.token, () => {});
    const isHeard = await Promise.race([client.ask("joinLive", { live_id: room.id }), sleep(3_000)]);
    answered += isHeard?.ok ? 1 : 0;
    client.close();
  });
  assert.equal(answered, 1_000);
});
