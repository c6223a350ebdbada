// Coins through `kill -9`: gifts over HTTP and the room socket from 50 connections, the server killed in the middle and
// started again on the same data. What was answered is there once, what was not is sent again under its key, and the
// books agree after each start. On SQLite and on PostgreSQL.
//
// KILLS and GIFTS make it longer; the figure is KILLS=20 GIFTS=10000.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { sqliteRows, startPostgres } from "../lib/databases.mjs";
import { ask, call, enter, grant, inParallel, openRoom, register, registerAdmin, UNLIMITED } from "../lib/people.mjs";
import { sleep } from "../lib/processes.mjs";
import { startWeir } from "../lib/weir.mjs";

const KILLS = Number(process.env.KILLS ?? 4);
const GIFTS = Number(process.env.GIFTS ?? 1_000);
const GIVERS = Math.min(200, Math.ceil(GIFTS / 50));
const CONNECTIONS = 50;
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const PRICE = 7;

const DATABASES = {
  SQLite: async (dir) => ({
    settings: {},
    rows: (query) => sqliteRows(join(dir, "data", "weir.db"), query),
    stop: () => {},
  }),
  PostgreSQL: async () => {
    const cluster = await startPostgres();
    return { settings: { "database.url": cluster.url }, rows: cluster.rows, stop: cluster.stop };
  },
};

for (const [name, open] of Object.entries(DATABASES)) {
  describe(name, () => {
    let dir;
    let database;
    let weir;
    let admin;
    let host;
    let room;
    let gift;
    let granted = 0;

    const boot = async () => {
      weir = await startWeir({ settings: { data_dir: join(dir, "data"), ...UNLIMITED, ...database.settings } });
    };
    /** Ends the server as a power cut of its process would, and starts it on what is left. */
    const killAndRestart = async () => {
      await weir.stop("SIGKILL");
      await boot();
      await booksAgree();
    };
    const booksAgree = async () => {
      const { stdout, stderr } = await weir.command("ledger", "verify");
      assert.match(stdout, /the ledger agrees/, stderr);
    };
    const people = async (prefix, count, coin) => {
      const made = await inParallel(Array.from({ length: count }), 4, (_, i) => register(weir, `${prefix}${i}`));
      await inParallel(made, 8, (person) => grant(weir, admin, person, coin));
      granted += count * coin;
      return made;
    };
    const giveByHttp = (person, key, num = 1) =>
      ask(weir, "POST", `/api/v1/rooms/${room.id}/gifts`, {
        token: person.token,
        headers: { "idempotency-key": key },
        body: { gift_id: gift.id, num },
      });
    const wish = (key, num = 1) => ({ live_id: room.id, gift_id: gift.id, idempotency_key: key, num });

    before(async () => {
      dir = await mkdtemp(join(tmpdir(), "weir-money-"));
      database = await open(dir);
      await boot();
      admin = await registerAdmin(weir);
      host = await register(weir, "host");
      room = await openRoom(weir, host);
      gift = await call(weir, "POST", "/api/v1/admin/gifts", { token: admin.token, body: { name: "rocket", coin: PRICE } });
    });

    after(async () => {
      await weir?.stop();
      await database?.stop();
      await rm(dir, { recursive: true, force: true });
    });

    test(`${GIFTS} gifts from ${CONNECTIONS} connections, with coins for half of them, survive ${KILLS} kills`, async () => {
      const each = Math.ceil(GIFTS / GIVERS);
      const givers = await people("giver", GIVERS, Math.floor(each / 2) * PRICE + 3);
      const wishes = Array.from({ length: GIFTS }, (_, i) => ({ key: `wish-${i}`, person: givers[i % GIVERS], again: 0 }));
      let answered = 0;
      let restarting;
      /** Sends until there is an answer: `{ paid }` or `{ refused }`. */
      const insist = async (one, send) => {
        for (;;) {
          await restarting;
          try {
            const answer = await send(one);
            if (answer !== undefined) {
              answered += 1;
              return Object.assign(one, answer);
            }
          } catch (error) {
            // Nobody answered: whether it was paid is not known, and the key makes asking again harmless.
            if (error instanceof assert.AssertionError) throw error;
          }
          one.again += 1;
          await sleep(50);
        }
      };
      const overHttp = async ({ person, key }) => {
        const { status, body, text } = await giveByHttp(person, key);
        if (status === 503) return undefined;
        if (status === 200) return { paid: body };
        assert.equal(body?.error?.code, "not_enough_coins", `${status} ${text}`);
        return { refused: true };
      };
      const sockets = new Map();
      const overSocket = async ({ person, key }, worker) => {
        let socket = sockets.get(worker);
        if (socket === undefined || !socket.socket.connected || socket.person !== person) {
          socket?.close();
          socket = await enter(weir, person, room);
          sockets.set(worker, socket);
        }
        const answer = await socket.ask("gift", wish(key));
        if (answer.ok) return { paid: answer.gift };
        if (answer.error.code === "database_unavailable") return undefined;
        assert.equal(answer.error.code, "not_enough_coins", JSON.stringify(answer));
        return { refused: true };
      };
      // Each worker has a connection, and takes every n-th wish; those of a socket come from one person in a row.
      const work = Promise.all(
        Array.from({ length: CONNECTIONS }, async (_, worker) => {
          const isHttp = worker % 2 === 0;
          const mine = wishes.filter((_, i) => i % CONNECTIONS === worker);
          if (!isHttp) mine.sort((a, b) => a.person.id - b.person.id);
          for (const one of mine) await insist(one, isHttp ? overHttp : (it) => overSocket(it, worker));
        }),
      );
      for (let kill = 0; kill < KILLS; kill += 1) {
        // Somewhere in its share of the work, so that each kill hits gifts on their way.
        const at = Math.floor(((kill + Math.random() * 0.9) / KILLS) * GIFTS * 0.9);
        while (answered < at) await Promise.race([sleep(2), work]);
        restarting = killAndRestart();
        await restarting;
      }
      await work;
      for (const socket of sockets.values()) socket.close();

      assert.ok(wishes.some(({ again }) => again > 0), "the kills hit wishes that had to be sent again");
      await killAndRestart();
      const paid = wishes.filter((one) => one.paid);
      const events = await database.rows("SELECT id, user_id, coin, num FROM gift_events");
      assert.deepEqual(
        events.map(({ id }) => id).sort((a, b) => a - b),
        paid.map((one) => one.paid.id).sort((a, b) => a - b),
        "each acknowledged gift exists once, and no other",
      );
      const keys = await database.rows("SELECT key, answer FROM gift_requests");
      assert.deepEqual(
        keys.map(({ key, answer }) => `${key} ${JSON.parse(answer).id}`).sort(),
        paid.map((one) => `${one.key} ${one.paid.id}`).sort(),
        "each key stands for one gift",
      );
      const total = events.reduce((sum, { coin }) => sum + coin, 0);
      assert.equal(total, paid.length * PRICE);
      const { coin } = await call(weir, "GET", `/api/v1/rooms/${room.id}`);
      assert.equal(coin, total, "the room's total is the sum of its gifts");
      const wallet = await call(weir, "GET", "/api/v1/me/wallet", { token: host.token });
      assert.equal(wallet.earned, total, "and what the host earned");
      const accounts = await database.rows("SELECT kind, owner_id, balance FROM coin_accounts");
      const [issued] = accounts.filter(({ kind }) => kind === "issued");
      const owned = accounts.filter(({ kind }) => kind !== "issued");
      assert.ok(owned.every(({ balance }) => balance >= 0), "nobody owes coins");
      assert.deepEqual([issued.balance, owned.reduce((sum, { balance }) => sum + balance, 0)], [-granted, granted]);
      for (const giver of givers) {
        const spent = events.filter(({ user_id }) => user_id === giver.id).reduce((sum, { coin }) => sum + coin, 0);
        const { balance } = owned.find(({ kind, owner_id }) => kind === "user" && owner_id === giver.id);
        assert.equal(balance + spent, granted / GIVERS);
        assert.equal(balance, 3, "who was refused had too little left");
      }
    });

    test("a key sent 50 times at once, and again after a kill, pays once and is answered alike", async () => {
      const [giver] = await people("same", 1, 100 * PRICE);
      const clients = await inParallel(Array.from({ length: 25 }), 25, () => enter(weir, giver, room));
      const answers = await Promise.all([
        ...clients.map(async (client) => (await client.ask("gift", wish("same", 3))).gift),
        ...clients.map(async () => (await giveByHttp(giver, "same", 3)).body),
      ]);
      for (const client of clients) client.close();
      assert.equal(answers.length, 50);
      for (const answer of answers) assert.deepEqual(answer, answers[0]);
      assert.equal(answers[0].balance, 97 * PRICE);
      await killAndRestart();
      assert.deepEqual((await giveByHttp(giver, "same", 3)).body, answers[0]);
      const again = await enter(weir, giver, room);
      assert.deepEqual((await again.ask("gift", wish("same", 3))).gift, answers[0]);
      assert.equal((await again.ask("gift", wish("same", 4))).error.code, "idempotency_conflict");
      again.close();
      const other = await giveByHttp(giver, "same", 4);
      assert.deepEqual([other.status, other.body.error.code], [409, "idempotency_conflict"]);
      assert.equal((await call(weir, "GET", "/api/v1/me/wallet", { token: giver.token })).coin, 97 * PRICE);
    });

    test("who asks again after the room has ended gets the answer, and nobody gives there any more", async () => {
      const [giver] = await people("late", 1, 10 * PRICE);
      const ending = await openRoom(weir, host, "it ends");
      const client = await enter(weir, giver, ending);
      const asked = (key) => ({ live_id: ending.id, gift_id: gift.id, idempotency_key: key });
      const { gift: paid } = await client.ask("gift", asked("late"));
      await call(weir, "POST", `/api/v1/rooms/${ending.id}/status`, { token: host.token, body: { type: "stop" } });
      assert.deepEqual((await client.ask("gift", asked("late"))).gift, paid);
      assert.equal((await client.ask("gift", asked("later"))).error.code, "room_ended");
      const headers = { "idempotency-key": "late" };
      const again = await ask(weir, "POST", `/api/v1/rooms/${ending.id}/gifts`, { token: giver.token, headers, body: { gift_id: gift.id } });
      assert.deepEqual(again.body, paid);
      client.close();
    });

    test(`64 sockets of one account with coins for 5 gifts pay 5, ${ROUNDS} times`, async () => {
      const [giver] = await people("racer", 1, PRICE);
      const witness = await enter(weir, host, room);
      const clients = await inParallel(Array.from({ length: 64 }), 16, () => enter(weir, giver, room));
      for (let round = 0; round < ROUNDS; round += 1) {
        await grant(weir, admin, giver, (round === 0 ? 4 : 5) * PRICE);
        const before = witness.all("gift").length;
        const answers = await Promise.all(clients.map((client, i) => client.ask("gift", wish(`race-${round}-${i}`))));
        const refusals = answers.filter(({ ok }) => !ok);
        assert.equal(answers.length - refusals.length, 5);
        assert.ok(refusals.every(({ error }) => error.code === "not_enough_coins"), JSON.stringify(refusals[0]));
        assert.equal((await call(weir, "GET", "/api/v1/me/wallet", { token: giver.token })).coin, 0);
        await sleep(200);
        assert.equal(witness.all("gift").length - before, 5, "and no more is announced than was paid");
      }
      const words = clients.flatMap(({ heard, socket }) => heard.filter(({ event }) => event === socket.id));
      assert.equal(words.length, ROUNDS * 59);
      assert.ok(words.every(({ data }) => data.data.payload === "金币不足，请先充值"));
      for (const client of [witness, ...clients]) client.close();
      await booksAgree();
    });
  });
}
