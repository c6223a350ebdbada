// How long lists, search and pages take over many rows, asked over HTTP one after the other: run.mjs [sqlite] [postgres].
// ROOMS and MESSAGES make it smaller. Needs about 3 GB in the folder of temporary files, one database at a time.

import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqliteExecute, startPostgres } from "../../e2e/lib/databases.mjs";
import { call, openRoom, registerAdmin } from "../../e2e/lib/people.mjs";
import { startWeir } from "../../e2e/lib/weir.mjs";
import { statements } from "./fill.mjs";

const ROOMS = Number(process.env.ROOMS ?? 100_000);
const MESSAGES = Number(process.env.MESSAGES ?? 10_000_000);
const USERS = 20_000;
const GIFTS = 200_000;
/** Requests of a kind at most, and for how long at most. */
const REQUESTS = 200;
const BUDGET_MS = 8_000;

const wanted = process.argv.length > 2 ? process.argv.slice(2) : ["sqlite", "postgres"];
for (const name of wanted) {
  const dir = await mkdtemp(join(tmpdir(), "weir-lists-"));
  const database = name === "sqlite" ? sqlite(dir) : await postgres();
  try {
    await bench(name, dir, database);
  } finally {
    await database.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

function sqlite(dir) {
  const file = join(dir, "data", "weir.db");
  return {
    settings: {},
    fill: (all) =>
      sqliteExecute(file, [
        "PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -800000", "PRAGMA temp_store = MEMORY",
        "BEGIN", ...all, "COMMIT",
      ]),
    size: async () => (await stat(file)).size,
    stop: () => {},
  };
}

async function postgres() {
  const cluster = await startPostgres({ settings: { wal_level: "minimal", max_wal_senders: 0, max_wal_size: "512MB" } });
  return {
    settings: { "database.url": cluster.url },
    // Without asking for each row whether what it refers to is there.
    fill: (all) => cluster.execute(["SET session_replication_role = replica", ...all, "ANALYZE"]),
    size: async () => (await cluster.rows("SELECT pg_database_size('postgres') AS bytes"))[0].bytes,
    stop: cluster.stop,
  };
}

async function bench(name, dir, database) {
  const settings = { data_dir: join(dir, "data"), "log.level": "warn", "wallet.verify_every_s": 0, ...database.settings };
  let weir = await startWeir({ settings });
  try {
    const boss = await registerAdmin(weir);
    const room = await openRoom(weir, boss, "the measured room");
    await call(weir, "GET", `/api/v1/rooms/${room.id}`);
    await weir.stop();
    const began = performance.now();
    await database.fill(statements({ users: USERS, rooms: ROOMS, messages: MESSAGES, gifts: GIFTS, now: Date.now() }));
    const seconds = ((performance.now() - began) / 1000).toFixed();
    console.log(`\n${name}: ${ROOMS} rooms, ${MESSAGES} messages, filled in ${seconds} s, ${(await database.size() / 1e9).toFixed(1)} GB`);
    weir = await startWeir({ settings });
    console.log(`${"".padEnd(52)}    p50 ms    p95 ms`);
    for (const [what, path, token] of questions(room.id, boss.token)) await measure(weir, what, path, token);
  } finally {
    await weir.stop();
  }
}

function questions(room, token) {
  const spread = (i, max) => 1 + ((i * 7919) % max);
  return [
    ["rooms: newest", () => "/api/v1/rooms"],
    ["rooms: a page in the middle", (i) => `/api/v1/rooms?cursor=${spread(i, ROOMS)}`],
    ["rooms: for who is signed in, followed first", () => "/api/v1/rooms", token],
    ["rooms: of those one follows", () => "/api/v1/rooms?following=true", token],
    ["rooms: most watched", () => "/api/v1/rooms?sort=viewers&live=true"],
    ["rooms: live ones of a category", () => `/api/v1/rooms?live=true&category=${encodeURIComponent("音乐")}`],
    ["rooms: of a host", (i) => `/api/v1/rooms?user_id=${1 + spread(i, USERS)}`],
    ["search: two characters in every room", () => `/api/v1/rooms?q=${encodeURIComponent("直播")}`],
    ["search: two characters in an eighth", () => `/api/v1/rooms?q=${encodeURIComponent("美食")}`],
    ["search: a number, some rooms", (i) => `/api/v1/rooms?q=${spread(i, ROOMS)}`],
    ["search: a host", (i) => `/api/v1/rooms?q=user${spread(i, USERS)}`],
    ["search: three words", () => `/api/v1/rooms?q=${encodeURIComponent("直播间 编程 游戏")}`],
    ["search: nothing fits", () => "/api/v1/rooms?q=zzqqxx"],
    ["search: an eighth, live ones", () => `/api/v1/rooms?live=true&q=${encodeURIComponent("旅行")}`],
    ["tutorial: first page", () => "/api/live/list/1"],
    ["tutorial: page 5 000", () => "/api/live/list/5000"],
    ["comments: newest of a large room", () => `/api/v1/rooms/${room}/comments`],
    ["comments: a page in the middle", (i) => `/api/v1/rooms/${room}/comments?cursor=${spread(i, MESSAGES)}`],
    ["comments: newest of a small room", (i) => `/api/v1/rooms/${1 + spread(i, ROOMS)}/comments`],
    ["comments: a moderator's search, found at once", () => `/api/v1/rooms/${room}/comments?q=number`, token],
    ["comments: a moderator's search, nothing fits", () => `/api/v1/rooms/${room}/comments?q=zzqqxx`, token],
    ["leaders of all time", () => `/api/v1/rooms/${room}/leaders`],
    ["leaders of a day", () => `/api/v1/rooms/${room}/leaders?period=day`],
    ["notifications", () => "/api/v1/me/notifications", token],
    ["history", () => "/api/v1/me/history", token],
    ["users: an admin's search", () => "/api/v1/admin/users?q=user1999", token],
  ];
}

async function measure(weir, what, path, token) {
  const times = [];
  const began = performance.now();
  for (let i = 0; i < REQUESTS && performance.now() - began < BUDGET_MS; i += 1) {
    const from = performance.now();
    const response = await fetch(weir.http + path(i), { headers: token ? { token } : {} });
    const text = await response.text();
    times.push(performance.now() - from);
    if (!response.ok && response.status !== 404) {
      const says = `${response.status} ${text.slice(0, 80)}`;
      return console.log(`${what.padEnd(52)} ${says} after ${times.at(-1).toFixed()} ms`);
    }
  }
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor((times.length - 1) * share)].toFixed(1).padStart(9);
  console.log(`${what.padEnd(52)} ${at(0.5)} ${at(0.95)}${times.length < REQUESTS ? `   (${times.length} requests)` : ""}`);
}
