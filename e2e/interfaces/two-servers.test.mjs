// Two servers on one database, with a Redis between them, and without it.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { io } from "socket.io-client";
import { start, until } from "../lib/processes.mjs";
import { startWeir } from "../lib/weir.mjs";

let dir;
let redis;
let here;
let there;
let host;
let room;

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function call(weir, method, path, token, body) {
  const headers = { ...(token ? { token } : {}), ...(body ? { "content-type": "application/json" } : {}) };
  const response = await fetch(weir.http + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path} answered ${response.status}: ${text}`);
  return text ? JSON.parse(text) : undefined;
}

async function enter(weir, token) {
  const socket = io(weir.http, { transports: ["websocket"], forceNew: true, reconnection: false });
  const heard = [];
  socket.on("comment", ({ content }) => heard.push(content));
  await until("the socket connects", () => socket.connected);
  const ask = (name, data) => new Promise((resolve) => socket.emit(name, { live_id: room.id, token, ...data }, resolve));
  assert.equal((await ask("joinLive")).ok, true);
  return { socket, heard, ask };
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "weir-two-"));
  const port = await freePort();
  redis = start("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", dir]);
  const settings = { data_dir: join(dir, "data"), "redis.url": `redis://127.0.0.1:${port}` };
  here = await startWeir({ settings });
  there = await startWeir({ settings });
  for (const weir of [here, there]) {
    await until("the servers hear each other", () => weir.log().some(({ message, fields }) =>
      (message ?? fields?.message ?? "").includes("connected with other servers")), 10_000);
  }
  host = await call(here, "POST", "/api/v1/accounts", undefined, { username: "host", password: "correct horse" });
  room = await call(here, "POST", "/api/v1/rooms", host.token, { title: "on two servers" });
  await call(there, "POST", `/api/v1/rooms/${room.id}/status`, host.token, { type: "play" });
});

after(async () => {
  await Promise.all([here?.stop(), there?.stop(), redis?.stop("SIGKILL")]);
  await rm(dir, { recursive: true, force: true });
});

test("what is said on one is heard on both, and who signs out on one is cut on the other", async () => {
  const fan = await call(there, "POST", "/api/v1/accounts", undefined, { username: "fan", password: "correct horse" });
  const [mine, other] = [await enter(here, host.token), await enter(there, fan.token)];
  assert.equal((await other.ask("comment", { data: "hello from there" })).ok, true);
  for (const { heard } of [mine, other]) await until("the comment comes", () => heard.includes("hello from there"));
  assert.deepEqual([mine.heard.length, other.heard.length], [1, 1], "once each");
  await call(here, "DELETE", "/api/v1/session", fan.token);
  await until("the socket is cut", () => !other.socket.connected);
  mine.socket.close();
});

test("when redis dies each server goes on by itself", async () => {
  const mine = await enter(here, host.token);
  await redis.stop("SIGKILL");
  assert.equal((await mine.ask("comment", { data: "still here" })).ok, true);
  await until("the comment comes", () => mine.heard.includes("still here"));
  assert.equal((await fetch(`${there.http}/readyz`)).status, 200);
  mine.socket.close();
});
