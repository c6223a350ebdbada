// A database that does not answer: SQLite locked by another program, PostgreSQL gone for a while. The API says so within
// 5 s (503 with Retry-After, never 500), viewers notice nothing, all is well within 5 s of its return, and what was
// answered is there. And coins through PostgreSQL's `stop -m immediate`, moved by two servers.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { lockSqlite, sqliteRows, startPostgres } from "../lib/databases.mjs";
import { publishFile } from "../lib/ffmpeg.mjs";
import { openStream } from "../lib/http-stream.mjs";
import { ask, call, enter, grant, inParallel, openRoom, register, registerAdmin, UNLIMITED } from "../lib/people.mjs";
import { sleep, until } from "../lib/processes.mjs";
import { startWeir, untilLive } from "../lib/weir.mjs";

const DOWN_MS = Number(process.env.DOWN_MS ?? 10_000);
const ANSWER_WITHIN_MS = 5_000;
const HEALED_WITHIN_MS = 5_000;
const GAP_MAX_MS = 1_000;
/** How often PostgreSQL is stopped under transfers. */
const STOPS = Number(process.env.STOPS ?? 3);

const FAULTS = {
  "SQLite, locked by another program": async (dir) => ({
    settings: {},
    readsGoOn: true,
    rows: (query) => sqliteRows(join(dir, "data", "weir.db"), query),
    /** Resolves when the fault is over. */
    async fail() {
      const lock = await lockSqlite(join(dir, "data", "weir.db"), DOWN_MS);
      return { over: lock.released };
    },
    stop: () => {},
  }),
  "PostgreSQL, gone": async () => {
    const cluster = await startPostgres();
    return {
      settings: { "database.url": cluster.url },
      readsGoOn: false,
      rows: cluster.rows,
      async fail() {
        await cluster.halt("SIGINT");
        return { over: sleep(DOWN_MS).then(() => cluster.start()) };
      },
      stop: cluster.stop,
    };
  },
};

for (const [name, open] of Object.entries(FAULTS)) {
  describe(name, () => {
    let dir;
    let database;
    let weir;
    let publisher;
    let viewer;
    let host;
    let fan;
    let room;
    let gift;
    let socket;
    /** When the viewer got bytes. */
    const arrivals = [];
    const acknowledged = { gifts: [], comments: [], accounts: [] };

    before(async () => {
      dir = await mkdtemp(join(tmpdir(), "weir-database-"));
      database = await open(dir);
      weir = await startWeir({ settings: { data_dir: join(dir, "data"), ...UNLIMITED, ...database.settings } });
      const admin = await registerAdmin(weir);
      [host, fan] = [await register(weir, "host"), await register(weir, "fan")];
      await grant(weir, admin, fan, 1_000_000);
      gift = await call(weir, "POST", "/api/v1/admin/gifts", { token: admin.token, body: { name: "rose", coin: 1 } });
      room = await call(weir, "POST", "/api/v1/rooms", { token: host.token, body: { title: "on air" } });
      const { sign } = await call(weir, "POST", `/api/v1/rooms/${room.id}/publish-token`, { token: host.token });
      publisher = publishFile("h264-aac.flv", `${weir.rtmp}/${room.stream}?sign=${sign}`);
      await untilLive(weir, room.stream, 2);
      await until("the room is live", async () => (await call(weir, "GET", `/api/v1/rooms/${room.id}`)).status === "live");
      socket = await enter(weir, fan, room);
      viewer = await openStream(`${weir.http}/${room.stream}.flv`, (_, at) => arrivals.push(at));
      assert.equal(viewer.status, 200);
    });

    after(async () => {
      socket?.close();
      await viewer?.close();
      await publisher?.stop();
      await weir?.stop();
      await database?.stop();
      await rm(dir, { recursive: true, force: true });
    });

    let nextKey = 0;
    /** One of each kind, at once: what was answered, and how long it took. */
    async function everything() {
      const key = `key-${nextKey++}`;
      const person = (token) => ({ token, timeoutMs: 20_000 });
      const requests = {
        list: () => ask(weir, "GET", "/api/v1/rooms", person()),
        read: () => ask(weir, "GET", `/api/v1/rooms/${room.id}`, person(fan.token)),
        me: () => ask(weir, "GET", "/api/v1/me", person(host.token)),
        history: () => ask(weir, "GET", `/api/v1/rooms/${room.id}/comments`, person(fan.token)),
        tutorial: () => ask(weir, "GET", `/api/live/read/${room.id}`, person()),
        profile: () => ask(weir, "PATCH", "/api/v1/me", { ...person(host.token), body: { bio: key } }),
        gift: async () => {
          const headers = { "idempotency-key": key };
          const path = `/api/v1/rooms/${room.id}/gifts`;
          const answer = await ask(weir, "POST", path, { ...person(fan.token), headers, body: { gift_id: gift.id } });
          if (answer.status === 200) acknowledged.gifts.push(answer.body.id);
          return answer;
        },
        register: async () => {
          const body = { username: `new-${key}`, password: "correct horse battery" };
          const answer = await ask(weir, "POST", "/api/v1/accounts", { ...person(), body });
          if (answer.status === 201) acknowledged.accounts.push(answer.body.user.id);
          return answer;
        },
        comment: async () => {
          const answer = await socket.ask("comment", { live_id: room.id, data: key });
          if (answer.ok) acknowledged.comments.push(answer.id);
          const isDown = answer.error?.code === "database_unavailable";
          const headers = new Headers(isDown && answer.error.retry_after_ms ? { "retry-after": "1" } : {});
          return { status: answer.ok ? 200 : isDown ? 503 : 500, headers, text: JSON.stringify(answer) };
        },
      };
      return Promise.all(
        Object.entries(requests).map(async ([what, send]) => {
          const began = performance.now();
          const answer = await send().catch((error) => ({ status: 0, headers: new Headers(), text: String(error) }));
          return { what, ...answer, tookMs: performance.now() - began };
        }),
      );
    }

    test("the API says so in time, viewers notice nothing, and it heals by itself", async (t) => {
      assert.deepEqual((await everything()).filter(({ status }) => status >= 300).map(({ what, text }) => `${what} ${text}`), []);
      const from = arrivals.length;
      const { over } = await database.fail();
      let isOver = false;
      over.then(() => (isOver = true));
      const rounds = [];
      while (!isOver) {
        rounds.push(everything());
        await sleep(300);
      }
      const healedFrom = performance.now();
      await until("all works again", async () => (await everything()).every(({ status }) => status < 300), HEALED_WITHIN_MS + 10_000, 50);
      const healedMs = performance.now() - healedFrom;
      const to = arrivals.length;
      const answers = (await Promise.all(rounds)).flat();

      const strange = answers.filter(({ status }) => !(status >= 200 && status < 300) && status !== 503);
      assert.deepEqual(strange.map(({ what, status, text }) => `${what} ${status} ${text}`), []);
      const refused = answers.filter(({ status }) => status === 503);
      const silent = refused.filter(({ headers }) => !(Number(headers.get("retry-after")) >= 1));
      assert.deepEqual(silent.map(({ what, text }) => `${what} ${text}`), [], "each refusal says when to come again");
      const writes = ["gift", "register", "comment", "profile"];
      for (const what of database.readsGoOn ? writes : [...writes, "list", "read", "history"]) {
        assert.ok(refused.some((one) => one.what === what), `${what} was refused while the database was away`);
      }
      if (database.readsGoOn) assert.deepEqual(refused.filter(({ what }) => ["list", "read", "history"].includes(what)), []);
      const slowest = answers.reduce((a, b) => (a.tookMs > b.tookMs ? a : b));
      const late = answers.filter(({ tookMs }) => tookMs > ANSWER_WITHIN_MS);
      const gaps = arrivals.slice(from, to).map((at, i) => at - arrivals[from + i - 1]);
      const gap = Math.max(...gaps);
      t.diagnostic(`${answers.length} answers, ${refused.length} refusals; the slowest, ${slowest.what}, after ${slowest.tookMs.toFixed()} ms; ` +
        `healed after ${healedMs.toFixed()} ms; the viewer's longest gap ${gap.toFixed()} ms`);
      assert.deepEqual(late.map(({ what, tookMs }) => `${what} was answered after ${tookMs.toFixed()} ms`), []);
      assert.ok(healedMs <= HEALED_WITHIN_MS, `healed after ${healedMs.toFixed()} ms`);
      assert.ok(to - from > 50 && gap <= GAP_MAX_MS, `the viewer got nothing for ${gap.toFixed()} ms`);
      assert.ok(viewer.endedBy === undefined && socket.socket.connected && publisher.isRunning, "nobody was cut");
    });

    test("what was answered is there, once", async () => {
      for (const [table, ids] of [["gift_events", acknowledged.gifts], ["comments", acknowledged.comments], ["users", acknowledged.accounts]]) {
        assert.ok(ids.length > 1 && new Set(ids).size === ids.length, table);
        const there = new Set((await database.rows(`SELECT id FROM ${table}`)).map(({ id }) => id));
        assert.deepEqual(ids.filter((id) => !there.has(id)), [], table);
      }
      const { stdout, stderr } = await weir.command("ledger", "verify");
      assert.match(stdout, /the ledger agrees/, stderr);
    });
  });
}

test(`coins are neither lost nor made when PostgreSQL is stopped at once ${STOPS} times under two servers`, async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "weir-two-"));
  const cluster = await startPostgres({ durable: true });
  const servers = [];
  t.after(async () => {
    await Promise.all(servers.map((weir) => weir.stop()));
    await cluster.stop();
    await rm(dir, { recursive: true, force: true });
  });
  const settings = { data_dir: join(dir, "data"), "database.url": cluster.url, ...UNLIMITED };
  for (let i = 0; i < 2; i += 1) servers.push(await startWeir({ settings }));
  const [here] = servers;
  const admin = await registerAdmin(here);
  const people = await inParallel(Array.from({ length: 8 }), 2, (_, i) => register(here, `person${i}`));
  await inParallel(people, 4, (person) => grant(here, admin, person, 10_000));
  const total = people.length * 10_000;
  const gift = await call(here, "POST", "/api/v1/admin/gifts", { token: admin.token, body: { name: "rose", coin: 3 } });
  const rooms = await inParallel(people.slice(0, 2), 2, (person) => openRoom(here, person, `of ${person.username}`));

  let isDone = false;
  const acknowledged = [];
  let refused = 0;
  const givers = Array.from({ length: 16 }, async (_, i) => {
    const person = people[2 + (i % 6)];
    for (let n = 0; !isDone; n += 1) {
      const path = `/api/v1/rooms/${rooms[n % 2].id}/gifts`;
      const headers = { "idempotency-key": `${i}-${n}` };
      for (;;) {
        const { status, body, text } = await ask(servers[(i + n) % 2], "POST", path, { token: person.token, headers, body: { gift_id: gift.id } });
        if (status === 200) {
          acknowledged.push(body.id);
          break;
        }
        assert.equal(status, 503, text);
        refused += 1;
        await sleep(100);
      }
    }
  });
  let snapshots = 0;
  const reader = (async () => {
    while (!isDone) {
      const sums = "SELECT CAST(SUM(balance) AS BIGINT) AS sum, MIN(balance) AS least FROM coin_accounts WHERE kind <> 'issued'";
      const rows = await cluster.rows(sums).catch(() => undefined);
      if (rows !== undefined) {
        assert.deepEqual([rows[0].sum, rows[0].least >= 0], [total, true]);
        snapshots += 1;
      }
      await sleep(20);
    }
  })();
  for (let stop = 0; stop < STOPS; stop += 1) {
    await sleep(1_000 + Math.random() * 1_000);
    await cluster.halt("SIGQUIT");
    await sleep(500);
    await cluster.start();
  }
  await sleep(2_500);
  isDone = true;
  await Promise.all([...givers, reader]);
  t.diagnostic(`${acknowledged.length} gifts, ${refused} refusals, ${snapshots} snapshots`);
  assert.ok(acknowledged.length > 50 && refused > 0 && snapshots > 5);
  const events = await cluster.rows("SELECT id FROM gift_events");
  assert.deepEqual(events.map(({ id }) => id).sort((a, b) => a - b), acknowledged.sort((a, b) => a - b));
  for (const weir of servers) assert.match((await weir.command("ledger", "verify")).stdout, /the ledger agrees/);
});
