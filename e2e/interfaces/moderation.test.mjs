// Keeping order in a room, seen by those who are in it: what a moderator does reaches every socket of the room within
// 500 ms, says with a typed code what is no longer allowed, and survives a new socket, a reload and a restart.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ask, call, connect, enter, openRoom, register, registerAdmin, UNLIMITED } from "../lib/people.mjs";
import { sleep, until } from "../lib/processes.mjs";
import { startWeir } from "../lib/weir.mjs";

const SEEN_WITHIN_MS = 500;

let dir;
let weir;
let admin;
let host;
let helper;
let fan;
let rude;
let room;
let path;
/** Sockets of everybody in the room: over both transports, one by one and in batches. */
let sockets;

const boot = () => startWeir({ settings: { data_dir: join(dir, "data"), ...UNLIMITED } });
const say = (client, data) => client.ask("comment", { live_id: room.id, data });
const code = (answer) => answer.error?.code;

async function enterAll() {
  sockets = {
    host: await enter(weir, host, room),
    helper: await enter(weir, helper, room, { transports: ["polling"] }),
    fan: await enter(weir, fan, room),
    batched: await enter(weir, fan, room, { batch: true }),
    rude: await enter(weir, rude, room),
    rudeTab: await enter(weir, rude, room, { transports: ["polling"] }),
  };
}

/** Does something and waits until each of `clients` hears of it; the slowest, in ms, must be fast enough. */
async function seenByAll(t, event, fits, act, clients = Object.values(sockets)) {
  const from = clients.map(({ heard }) => heard.length);
  const began = performance.now();
  const result = await act();
  const came = await Promise.all(
    clients.map((client, i) =>
      until(`${event} comes to ${client.person.username}`, () =>
        client.heard.slice(from[i]).find((one) => one.event === event && fits(one.data)), 3_000, 5)),
  );
  const slowest = Math.max(...came.map(({ atMs }) => atMs - began));
  t.diagnostic(`${event}: the slowest of ${clients.length} sockets after ${slowest.toFixed(1)} ms`);
  assert.ok(slowest <= SEEN_WITHIN_MS, `${event} came after ${slowest.toFixed()} ms`);
  return { result, data: came.map(({ data }) => data) };
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "weir-order-"));
  weir = await boot();
  admin = await registerAdmin(weir);
  [host, helper] = [await register(weir, "host"), await register(weir, "helper")];
  [fan, rude] = [await register(weir, "fan"), await register(weir, "rude")];
  room = await openRoom(weir, host);
  path = `/api/v1/rooms/${room.id}`;
  await call(weir, "PUT", `${path}/moderators/${helper.id}`, { token: host.token });
  await enterAll();
});

after(async () => {
  for (const client of Object.values(sockets ?? {})) client.close();
  await weir?.stop();
  await rm(dir, { recursive: true, force: true });
});

describe("messages", () => {
  let id;

  test("a message that a moderator takes away is gone for everybody, and for who comes later", async (t) => {
    ({ id } = await say(sockets.rude, "something rude"));
    const other = await say(sockets.fan, "something kind");
    await seenByAll(t, "comment_deleted", (data) => data.id === id && data.live_id === room.id, () =>
      call(weir, "DELETE", `/api/v1/comments/${id}`, { token: helper.token }));
    const late = await enter(weir, fan, room);
    const { data } = await late.hears("history");
    assert.deepEqual(data.comments.map((comment) => comment.id), [other.id]);
    late.close();
    const { items } = await call(weir, "GET", `${path}/comments`);
    assert.deepEqual(items.map((comment) => comment.content), ["something kind"]);
  });

  test("undoing brings it back for everybody", async (t) => {
    const { items } = await call(weir, "GET", `${path}/moderation-log`, { token: helper.token });
    const done = items.find(({ action, target_id }) => action === "delete" && target_id === id);
    assert.equal(done.user_id, helper.id, "the log says who did it");
    const { data } = await seenByAll(t, "comment_restored", (one) => one.id === id, () =>
      call(weir, "POST", `${path}/moderation-log/${done.id}/undo`, { token: host.token }));
    assert.ok(data.every(({ content }) => content === "something rude"));
    const again = await ask(weir, "POST", `${path}/moderation-log/${done.id}/undo`, { token: host.token });
    assert.deepEqual([again.status, again.body.error.code], [409, "cannot_undo"]);
  });

  test("the author may take it away too, and nobody else", async (t) => {
    const refused = await ask(weir, "DELETE", `/api/v1/comments/${id}`, { token: fan.token });
    assert.deepEqual([refused.status, refused.body.error.code], [403, "moderators_only"]);
    await seenByAll(t, "comment_deleted", (data) => data.id === id, () =>
      call(weir, "DELETE", `/api/v1/comments/${id}`, { token: rude.token }));
  });

  test("a pinned message is shown to everybody at once and to who comes later, until it is taken down", async (t) => {
    const { id: pinned } = await say(sockets.host, "welcome");
    await seenByAll(t, "pinned", (data) => data.comment?.id === pinned && data.comment.content === "welcome", () =>
      call(weir, "PUT", `${path}/pinned`, { token: helper.token, body: { comment_id: pinned } }));
    const late = await enter(weir, fan, room);
    await late.hears("pinned", ({ comment }) => comment.id === pinned);
    late.close();
    await seenByAll(t, "pinned", (data) => data.comment === null, () =>
      call(weir, "PUT", `${path}/pinned`, { token: helper.token, body: { comment_id: null } }));
  });
});

describe("rules", () => {
  const rules = (changes) =>
    call(weir, "PUT", `${path}/rules`, {
      token: helper.token,
      body: { slow_seconds: 0, links_off: false, followers_only: false, blocked_words: [], ...changes },
    });

  after(() => rules({}));

  test("everybody hears what is asked of them, but not which words are blocked", async (t) => {
    const { data } = await seenByAll(t, "rules", ({ links_off }) => links_off, () =>
      rules({ links_off: true, blocked_words: ["Spoiler"] }));
    for (const told of data) assert.deepEqual(told, { live_id: room.id, slow_seconds: 0, links_off: true, followers_only: false });
  });

  test("what they forbid is refused with a code, for all but the moderators", async () => {
    for (const link of ["see https://example.com/x", "www.example.com", "go to Example.COM/now"]) {
      assert.equal(code(await say(sockets.fan, link)), "links_off", link);
    }
    assert.equal(code(await say(sockets.fan, "a big SPOILER here")), "blocked_word");
    assert.equal((await say(sockets.fan, "v1.2 is out, e.g. now")).ok, true, "not everything with a dot is a link");
    assert.equal((await say(sockets.helper, "https://example.com spoiler")).ok, true);
  });

  test("only who follows the host writes, when that is asked", async () => {
    await rules({ followers_only: true });
    assert.equal(code(await say(sockets.fan, "hello")), "followers_only");
    await call(weir, "PUT", `/api/v1/users/${host.id}/follow`, { token: fan.token });
    assert.equal((await say(sockets.fan, "hello")).ok, true);
    assert.equal((await say(sockets.helper, "moderators always")).ok, true);
  });

  test("slow mode says how long to wait", async (t) => {
    await seenByAll(t, "rules", ({ slow_seconds }) => slow_seconds === 2, () => rules({ slow_seconds: 2 }));
    await sleep(2_000);
    assert.equal((await say(sockets.rude, "one")).ok, true);
    const refused = await say(sockets.rudeTab, "two");
    assert.equal(code(refused), "slow_mode", "another tab is the same person");
    assert.ok(refused.error.retry_after_ms > 500 && refused.error.retry_after_ms <= 2_000, refused.error.retry_after_ms);
    await sleep(refused.error.retry_after_ms);
    assert.equal((await say(sockets.rude, "two")).ok, true);
  });
});

describe("people", () => {
  const ban = (token, body) => ask(weir, "POST", `${path}/bans`, { token, body });
  let banId;

  test("who is silenced is told, may watch and not write, and the room sees that it was done", async (t) => {
    const { result } = await seenByAll(t, "moderated", ({ user_id, kind }) => user_id === rude.id && kind === "timeout", () =>
      ban(helper.token, { user_id: rude.id, kind: "timeout", minutes: 1, reason: "rude" }));
    assert.equal(result.status, 201);
    for (const client of [sockets.rude, sockets.rudeTab]) {
      await client.hears("silenced", ({ until_at }) => Math.abs(until_at - Date.now() - 60_000) < 5_000);
      assert.equal(code(await say(client, "but")), "silenced");
    }
    const { id } = await say(sockets.host, "listen");
    await sockets.rude.hears("comment", (data) => data.id === id);
    const tab = await enter(weir, rude, room);
    assert.equal(code(await say(tab, "from a new tab")), "silenced");
    tab.close();
    await call(weir, "DELETE", `${path}/bans/${result.body.id}`, { token: helper.token });
    assert.equal((await say(sockets.rude, "sorry")).ok, true);
  });

  test("who is banned is told and out at once, with every socket", async (t) => {
    const others = [sockets.host, sockets.helper, sockets.fan, sockets.batched];
    const { result } = await seenByAll(t, "online", ({ action, user }) => action === "leave" && user.id === rude.id, () =>
      ban(helper.token, { user_id: rude.id, kind: "ban", reason: "rude again" }), others);
    banId = result.body.id;
    for (const client of [sockets.rude, sockets.rudeTab]) {
      await client.hears("banned", ({ live_id }) => live_id === room.id);
      assert.equal(code(await say(client, "but")), "not_in_room");
      assert.equal(code(await client.ask("joinLive", { live_id: room.id })), "banned");
    }
    const { id } = await say(sockets.host, "they are gone");
    await sockets.fan.hears("comment", (data) => data.id === id);
    await sleep(200);
    assert.ok(!sockets.rude.all("comment").some((data) => data.id === id), "and hears nothing any more");
  });

  test("it survives a new socket, a new session and a restart of the server", async () => {
    const banned = async (person) => {
      const client = await connect(weir, person);
      assert.equal(code(await client.ask("joinLive", { live_id: room.id })), "banned");
      client.close();
    };
    await banned(rude);
    const { token } = await call(weir, "POST", "/api/v1/session", { body: { username: "rude", password: "correct horse battery" } });
    await banned({ ...rude, token });
    for (const client of Object.values(sockets)) client.close();
    await weir.stop("SIGKILL");
    weir = await boot();
    await banned({ ...rude, token });
    const read = await ask(weir, "GET", `${path}/comments`, { token });
    assert.deepEqual([read.status, read.body.error.code], [403, "banned"]);
  });

  test("a ban that is lifted lets them in again", async () => {
    await call(weir, "DELETE", `${path}/bans/${banId}`, { token: host.token });
    await enterAll();
    assert.equal((await say(sockets.rude, "thank you")).ok, true);
    const { items } = await call(weir, "GET", `${path}/moderation-log`, { token: host.token });
    assert.deepEqual(items.slice(0, 4).map(({ action, user_id }) => `${action} ${user_id}`), [
      `lift ${host.id}`, `ban ${helper.id}`, `lift ${helper.id}`, `ban ${helper.id}`,
    ]);
  });

  test("a ban for this show holds in its room only", async () => {
    const other = await openRoom(weir, host, "another room");
    const url = `/api/v1/rooms/${other.id}`;
    const client = await enter(weir, rude, other);
    const { status } = await ask(weir, "POST", `${url}/bans`, {
      token: host.token,
      body: { user_id: rude.id, kind: "ban", this_show: true },
    });
    assert.equal(status, 201);
    await client.hears("banned", ({ live_id }) => live_id === other.id);
    assert.equal(code(await client.ask("joinLive", { live_id: other.id })), "banned");
    assert.equal((await client.ask("joinLive", { live_id: room.id })).ok, true, "in another room they are welcome");
    client.close();
  });

  test("nobody moderates whom they stand not above, or without the office", async () => {
    const wanted = (user, kind = "ban") => ({ user_id: user.id, kind });
    for (const [token, body, status, expected] of [
      [fan.token, wanted(rude), 403, "moderators_only"],
      [helper.token, wanted(host), 403, "not_over_them"],
      [helper.token, wanted(helper), 403, "not_over_them"],
      [helper.token, wanted(admin), 403, "not_over_them"],
      [host.token, wanted(admin), 403, "not_over_them"],
      [undefined, wanted(rude), 401, "not_signed_in"],
      [helper.token, { user_id: 999_999, kind: "ban" }, 404, "user_not_found"],
      [helper.token, wanted(rude, "exile"), 400, "kind"],
      [helper.token, { ...wanted(rude), minutes: 0 }, 400, "minutes"],
    ]) {
      const refused = await ban(token, body);
      assert.deepEqual([refused.status, refused.body.error.code], [status, expected], JSON.stringify(body));
    }
    const other = await ask(weir, "PUT", `${path}/moderators/${fan.id}`, { token: helper.token });
    assert.deepEqual([other.status, other.body.error.code], [403, "host_only"]);
  });

  test("who loses the office loses it at once", async () => {
    await call(weir, "DELETE", `${path}/moderators/${helper.id}`, { token: host.token });
    const refused = await ban(helper.token, { user_id: rude.id, kind: "ban" });
    assert.deepEqual([refused.status, refused.body.error.code], [403, "moderators_only"]);
  });
});
