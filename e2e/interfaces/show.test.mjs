// A whole show as the tutorial tells it, with ffmpeg and socket.io clients of both kinds: create the room, publish with
// its sign, join, comment, give a gift, leave, read. And what those try who should not.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { io as io4 } from "socket.io-client";
import io2 from "socket.io-client-2";
import { publishFile } from "../lib/ffmpeg.mjs";
import { until } from "../lib/processes.mjs";
import { startWeir, untilLive } from "../lib/weir.mjs";

const SCRIPT = `<img src=x onerror="alert(1)">`;

let weir;
let host;
let viewer;
let room;

async function call(method, path, { token, body, headers = {} } = {}) {
  const response = await fetch(weir.http + path, {
    method,
    headers: { ...(token ? { token } : {}), ...(body ? { "content-type": "application/json" } : {}), ...headers },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : undefined };
}

async function person(username) {
  const { status, body } = await call("POST", "/api/v1/accounts", { body: { username, password: "correct horse" } });
  assert.equal(status, 201, JSON.stringify(body));
  return { token: body.token, ...body.user };
}

/** A client that writes down what it hears. */
async function connect(open) {
  const socket = open(weir.http, { transports: ["websocket"], forceNew: true });
  const heard = [];
  for (const name of ["online", "comment", "history", "gift"]) socket.on(name, (data) => heard.push([name, data]));
  await until("the socket connects", () => socket.connected);
  socket.on(socket.id, (data) => heard.push(["error", data.data.payload]));
  return {
    socket,
    heard,
    all: (name) => heard.filter(([event]) => event === name).map(([, data]) => data),
    ask: (name, data) => new Promise((resolve) => socket.emit(name, data, resolve)),
  };
}

before(async () => {
  weir = await startWeir({ settings: { "accounts.sign_ins_per_minute": 1000, "accounts.sign_ins_burst": 1000 } });
  host = await person("host");
  viewer = await person("viewer");
});

after(() => weir?.stop());

describe("a show", () => {
  let publisher;
  let first;
  let second;

  after(async () => {
    first?.socket.close();
    second?.socket.close();
    await publisher?.stop();
  });

  test("the host creates a room and publishes with its sign", async () => {
    const refused = await call("POST", "/api/live/create", { body: { title: "测试直播间", cover: "" } });
    assert.notEqual(refused.body.msg, "ok", "nobody in particular creates none");
    const { body } = await call("POST", "/api/live/create", {
      token: host.token,
      body: { title: "测试直播间", cover: "https://example.com/cover.png" },
    });
    assert.equal(body.msg, "ok", JSON.stringify(body));
    room = body.data.data;
    assert.match(room.key, /^[A-Za-z0-9]{20}$/);
    assert.deepEqual([room.title, room.status, room.look_count, room.coin], ["测试直播间", 0, 0, 0]);
    publisher = publishFile("h264-aac.flv", `${weir.rtmp}/live/${room.key}?sign=${body.data.sign}`);
    await untilLive(weir, `live/${room.key}`, 2);
    await until("the room is live", async () => {
      const { body: read } = await call("GET", `/api/live/read/${room.id}`);
      return read.data.data.status === 1;
    });
  });

  test("viewers join, talk and give with clients of both kinds, and everybody hears it once", async () => {
    first = await connect(io4);
    second = await connect(io2);
    assert.equal((await first.ask("joinLive", { live_id: room.id, token: host.token })).ok, true);
    assert.equal((await second.ask("joinLive", { live_id: room.id, token: viewer.token })).ok, true);
    await until("the host sees the viewer", () =>
      first.all("online").some(({ action, user, data }) => action === "join" && user.id === viewer.id && data.length === 2),
    );
    assert.equal((await second.ask("comment", { live_id: room.id, token: viewer.token, data: SCRIPT })).ok, true);
    for (const client of [first, second]) {
      await until("the comment comes", () => client.all("comment").length > 0);
      const [comment] = client.all("comment");
      assert.deepEqual([comment.content, comment.user.id, comment.user.name], [SCRIPT, viewer.id, "viewer"]);
      assert.equal(client.all("comment").length, 1);
    }
    const late = await connect(io4);
    await late.ask("joinLive", { live_id: room.id, token: viewer.token });
    await until("who comes late reads what was said", () => late.all("history")[0]?.comments.length === 1);
    late.socket.close();
  });

  test("a gift is paid once, announced once, and refused in the tutorial's words without coins", async () => {
    await person("boss");
    const { stdout, stderr } = await weir.command("admin", "boss");
    assert.match(stdout, /is an admin now/, stderr);
    const { body: boss } = await call("POST", "/api/v1/session", { body: { username: "boss", password: "correct horse" } });
    const gift = await call("POST", "/api/v1/admin/gifts", { token: boss.token, body: { name: "火箭", coin: 10 } });
    assert.equal(gift.status, 201, JSON.stringify(gift.body));
    const wish = { live_id: room.id, gift_id: gift.body.id, token: viewer.token, idempotency_key: "one" };
    assert.equal((await second.ask("gift", wish)).error.code, "not_enough_coins");
    await until("the refusal comes", () => second.all("error").includes("金币不足，请先充值"));
    const grant = { token: boss.token, body: { coin: 25, reason: "welcome" } };
    assert.equal((await call("POST", `/api/v1/admin/users/${viewer.id}/coins`, grant)).status, 204);
    const answers = await Promise.all(Array.from({ length: 10 }, () => second.ask("gift", wish)));
    assert.ok(answers.every(({ ok, gift: sent }) => ok && sent.balance === 15), JSON.stringify(answers));
    await until("the host hears of it", () => first.all("gift").length > 0);
    const [announced] = first.all("gift");
    assert.deepEqual([announced.username, announced.gift_name, announced.num], ["viewer", "火箭", 1]);
    const { body: read } = await call("GET", `/api/live/read/${room.id}`);
    assert.deepEqual([read.data.data.coin, first.all("gift").length], [10, 1]);
    const verified = await weir.command("ledger", "verify");
    assert.match(verified.stdout, /the ledger agrees/, verified.stderr);
  });

  test("who leaves, or whose page closes, is gone for the others", async () => {
    assert.equal((await second.ask("leaveLive", { live_id: room.id, token: viewer.token })).ok, true);
    await until("the host sees it", () => first.all("online").at(-1).action === "leave");
    const third = await connect(io4);
    await third.ask("joinLive", { live_id: room.id, token: viewer.token });
    third.socket.close();
    await until("a closed page is gone", () => first.all("online").at(-1).count === 1, 10_000);
    const { body: read } = await call("GET", `/api/live/read/${room.id}`);
    assert.equal(read.data.data.look_count, 2, "two people, however often they came");
    assert.deepEqual(read.data.data.user, { id: host.id, username: "host", avatar: "" });
  });

  test("what a viewer gets plays and cannot publish", async () => {
    const { body: read } = await call("GET", `/api/live/read/${room.id}`);
    const { sign } = read.data;
    assert.match(sign, /^\d+-[0-9a-f]+$/);
    const played = await fetch(`${weir.http}/live/${room.key}.flv?sign=${sign}`);
    assert.equal(played.status, 200);
    await played.body.cancel();
    const thief = publishFile("h264-aac.flv", `${weir.rtmp}/live/${room.key}?sign=${sign}`);
    await until("the thief is refused", () => !thief.isRunning, 10_000);
    await thief.stop();
    const { body: still } = await call("GET", `/api/live/read/${room.id}`);
    assert.equal(still.data.data.status, 1, "the show goes on");
  });

  test("only the host ends the show, and the end is final", async () => {
    const stop = { id: room.id, type: "stop" };
    const stranger = await call("POST", "/api/live/changestatus", { token: viewer.token, body: stop });
    assert.notEqual(stranger.body.msg, "ok");
    const ended = await call("POST", "/api/live/changestatus", { token: host.token, body: stop });
    assert.equal(ended.body.msg, "ok", JSON.stringify(ended.body));
    await until("the encoder is cut", () => !publisher.isRunning, 10_000);
    const again = await call("POST", "/api/live/changestatus", { token: host.token, body: { id: room.id, type: "play" } });
    assert.notEqual(again.body.msg, "ok");
    const { body: read } = await call("GET", `/api/live/read/${room.id}`);
    assert.deepEqual([read.data.data.status, read.data.sign], [3, null]);
  });
});

test("no secret stands in the log", () => {
  for (const secret of [host.token, viewer.token, "correct horse"]) assert.ok(!weir.rawLog().includes(secret));
});

test("the API describes itself as OpenAPI 3.1 and every path it names is served", async () => {
  const { body: api } = await call("GET", "/api/v1/openapi.json");
  assert.match(api.openapi, /^3\.1/);
  const paths = Object.entries(api.paths);
  assert.ok(paths.length > 30, `${paths.length} paths`);
  for (const [path, methods] of paths) {
    for (const method of Object.keys(methods)) {
      const { status, body } = await call(method.toUpperCase(), path.replace(/\{[^}]+\}/g, "0")).catch(() => ({ status: 400 }));
      assert.ok(status < 500, `${method} ${path} answered ${status}`);
      assert.ok(status !== 405 && !(status === 404 && body === undefined), `${method} ${path} is not served`);
    }
  }
});
