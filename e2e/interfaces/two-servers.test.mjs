// Two servers on one database, with a Redis between them, and without it.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { publishFile } from "../lib/ffmpeg.mjs";
import { call, connect, enter, register, registerAdmin } from "../lib/people.mjs";
import { sleep, start, until } from "../lib/processes.mjs";
import { startWeir } from "../lib/weir.mjs";

let dir;
let redis;
let here;
let there;
let admin;
let host;
let room;

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const roomOn = (weir, token = host.token) => call(weir, "GET", `/api/v1/rooms/${room.id}`, { token });

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "weir-two-"));
  const port = await freePort();
  redis = start("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", dir]);
  const settings = {
    data_dir: join(dir, "data"),
    "redis.url": `redis://127.0.0.1:${port}`,
    "accounts.sign_ins_per_minute": 1000,
    "accounts.sign_ins_burst": 1000,
    "hub.hold_ms": 1000,
  };
  here = await startWeir({ settings });
  there = await startWeir({ settings });
  for (const weir of [here, there]) {
    await until("the servers hear each other", () => weir.log().some(({ message, fields }) =>
      (message ?? fields?.message ?? "").includes("connected with other servers")), 10_000);
  }
  admin = await registerAdmin(here);
  host = await register(here, "host");
  room = await call(here, "POST", "/api/v1/rooms", { token: host.token, body: { title: "on two servers" } });
  await call(there, "POST", `/api/v1/rooms/${room.id}/status`, { token: host.token, body: { type: "play" } });
});

after(async () => {
  await Promise.all([here?.stop(), there?.stop(), redis?.stop("SIGKILL")]);
  await rm(dir, { recursive: true, force: true });
});

test("what is said on one is heard on both, and who signs out on one is cut on the other", async () => {
  const fan = await register(there, "fan");
  const [mine, other] = [await enter(here, host, room), await enter(there, fan, room)];
  assert.equal((await other.ask("comment", { live_id: room.id, data: "hello from there" })).ok, true);
  for (const client of [mine, other]) await client.hears("comment", ({ content }) => content === "hello from there");
  assert.deepEqual([mine.all("comment").length, other.all("comment").length], [1, 1], "once each");
  await call(here, "DELETE", "/api/v1/session", { token: fan.token });
  await until("the socket is cut", () => !other.socket.connected);
  mine.close();
});

test("both count everybody who is there, each once, and forget who left", async () => {
  const people = [await register(here, "anna"), await register(there, "mark")];
  const clients = [await enter(here, people[0], room), await enter(there, people[1], room), await enter(here, people[1], room)];
  for (const weir of [here, there]) {
    await until("both are counted once", async () => (await roomOn(weir)).viewer_count === 2, 10_000);
  }
  await clients[2].hears("online", ({ count }) => count === 2);
  clients.forEach((client) => client.close());
  for (const weir of [here, there]) {
    await until("nobody is counted any more", async () => (await roomOn(weir)).viewer_count === 0, 10_000);
  }
});

test("a ban on one puts out on the other within half a second", async () => {
  const troll = await register(there, "troll");
  const client = await enter(there, troll, room);
  const began = performance.now();
  const ban = { user_id: troll.id, kind: "ban", reason: "spam" };
  await call(here, "POST", `/api/v1/rooms/${room.id}/bans`, { token: host.token, body: ban });
  const { atMs } = await client.hears("banned");
  assert.ok(atMs - began < 500, `${Math.round(atMs - began)} ms`);
  assert.equal((await client.ask("comment", { live_id: room.id, data: "still here?" })).error.code, "not_in_room");
  client.close();
});

test("what an admin sets on one holds on the other", async () => {
  await call(here, "PATCH", "/api/v1/admin/settings", { token: admin.token, body: { site_name: "兩台" } });
  await until("the other follows", async () => (await call(there, "GET", "/api/v1/site")).name === "兩台", 3000);
});

test("a new stream key on one cuts the encoder on the other within two seconds, and an admin's kick does too", async () => {
  const publish = async () => {
    const { key } = await call(there, "POST", "/api/v1/me/stream-key", { token: host.token });
    const encoder = publishFile("h264-aac.flv", `${there.rtmp}/live/${key}`);
    await until("the stream is there", async () => (await there.get("/api/v1/streams")).streams.some((one) => one.is_live), 10_000);
    await sleep(500);
    return encoder;
  };
  for (const cut of [
    () => call(here, "POST", "/api/v1/me/stream-key", { token: host.token }),
    () => call(here, "POST", "/api/v1/admin/streams/kick", { token: admin.token, body: { stream: room.stream, reason: "test" } }),
  ]) {
    const encoder = await publish();
    const began = performance.now();
    await cut();
    await until("the encoder is cut", () => !encoder.isRunning, 5000);
    assert.ok(performance.now() - began < 2000, `${Math.round(performance.now() - began)} ms`);
  }
});

test("when redis dies each server goes on by itself", async () => {
  await call(here, "POST", `/api/v1/rooms/${room.id}/status`, { token: host.token, body: { type: "play" } });
  const mine = await enter(here, host, room);
  await redis.stop("SIGKILL");
  assert.equal((await mine.ask("comment", { live_id: room.id, data: "still here" })).ok, true);
  await mine.hears("comment", ({ content }) => content === "still here");
  assert.equal((await fetch(`${there.http}/readyz`)).status, 200);
  const other = await connect(there, host);
  other.close();
  mine.close();
});
