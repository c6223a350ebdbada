// The room socket with the clients people use: socket.io-client 4.x and 2.x, against the real server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { io as io4 } from "socket.io-client";
import io2 from "socket.io-client-2";
import * as people from "../lib/people.mjs";
import { until } from "../lib/processes.mjs";
import { startWeir } from "../lib/weir.mjs";

const CLIENTS = [
  ["4.x, websocket", (url) => io4(url, { transports: ["websocket"], forceNew: true })],
  ["4.x, polling first", (url) => io4(url, { forceNew: true })],
  ["2.x, websocket", (url) => io2(url, { transports: ["websocket"], forceNew: true })],
  ["2.x, polling first", (url) => io2(url, { forceNew: true })],
];

/** Registers somebody; gives the token. */
async function register(weir, username) {
  const body = JSON.stringify({ username, password: "correct horse" });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${weir.http}/api/v1/accounts`, { method: "POST", headers, body });
  assert.equal(response.status, 201);
  return (await response.json()).token;
}

/** Connects and writes down what comes. */
async function connect(weir, open) {
  const socket = open(weir.http);
  const heard = [];
  for (const name of ["online", "comment", "comments", "history", "gift"]) {
    socket.on(name, (data) => heard.push([name, data]));
  }
  await until("the socket connects", () => socket.connected);
  socket.on(socket.id, (data) => heard.push(["error", data]));
  const ask = (name, data) => new Promise((resolve) => socket.emit(name, data, resolve));
  const hears = (name) => until(`${name} comes`, () => heard.find(([event]) => event === name)?.[1]);
  return { socket, heard, ask, hears };
}

for (const [name, open] of CLIENTS) {
  test(`${name}: who shows no token or asks for no room is told in the tutorial's words`, async (t) => {
    const weir = await startWeir();
    t.after(() => weir.stop());
    const { socket, heard, ask } = await connect(weir, open);
    t.after(() => socket.close());
    const answer = await ask("joinLive", { live_id: 1 });
    assert.equal(answer.error.code, "not_signed_in");
    await until("the error comes on the socket's own event", () => heard.length > 0);
    assert.equal(heard[0][1].data.action, "error");
    assert.equal(heard[0][1].data.payload, "您没有权限访问该接口!");
    assert.equal(typeof heard[0][1].meta.timestamp, "number");
    const token = await register(weir, "mark");
    assert.equal((await ask("joinLive", { live_id: 999, token })).error.code, "room_not_found");
    assert.equal(heard.at(-1)[1].data.payload, "直播间不存在");
    assert.equal((await ask("leaveLive", { live_id: 999, token })).ok, true, "leaving always works");
  });
}

test("a socket that floods is cut", async (t) => {
  const weir = await startWeir();
  t.after(() => weir.stop());
  const { socket } = await connect(weir, CLIENTS[0][1]);
  t.after(() => socket.close());
  let isCut = false;
  socket.io.reconnection(false);
  socket.on("disconnect", () => (isCut = true));
  for (let i = 0; i < 500; i += 1) socket.emit("comment", { live_id: 1, data: "x" });
  await until("the socket is cut", () => isCut);
});

test("an event of a megabyte ends its connection and nobody else's", async (t) => {
  const weir = await startWeir();
  t.after(() => weir.stop());
  const [bad, good] = [await connect(weir, CLIENTS[0][1]), await connect(weir, CLIENTS[0][1])];
  t.after(() => (bad.socket.close(), good.socket.close()));
  let isCut = false;
  bad.socket.io.reconnection(false);
  bad.socket.on("disconnect", () => (isCut = true));
  bad.socket.emit("comment", { live_id: 1, data: "x".repeat(1 << 20) });
  await until("the socket is cut", () => isCut);
  assert.equal((await good.ask("leaveLive", { live_id: 1 })).ok, true);
});

test("who asks for batches hears the same messages, in one event of a list", async (t) => {
  const weir = await startWeir();
  t.after(() => weir.stop());
  const host = await people.register(weir, "host");
  const room = await people.openRoom(weir, host);
  const [batched, single] = [await people.enter(weir, host, room, { batch: true }), await people.enter(weir, host, room)];
  t.after(() => [batched, single].forEach((client) => client.close()));
  for (const data of ["one", "two", "three"]) assert.equal((await single.ask("comment", { live_id: room.id, data })).ok, true);
  await until("all come", () => batched.all("comments").flat().length === 3);
  assert.deepEqual(batched.all("comments").flat(), single.all("comment"));
  assert.deepEqual(batched.all("comment"), [], "and not twice");
});
