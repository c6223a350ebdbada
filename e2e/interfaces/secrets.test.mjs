// Secrets stay secret: a whole show with everything that has a password, a key or a token, at log level debug, also with
// what goes wrong. Afterwards neither the log, nor an answer, nor an event, nor a metric holds one of them, but for the
// one answer that shows it once.

import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePort, startPostgres } from "../lib/databases.mjs";
import { publishFile } from "../lib/ffmpeg.mjs";
import { ask as askPlainly, connect } from "../lib/people.mjs";
import { sleep, start, until } from "../lib/processes.mjs";
import { startWeir, untilLive } from "../lib/weir.mjs";

/** What must not be seen: `{ what, value, shownBy }`; `shownBy` is the one answer that may hold it. */
const secrets = [];
/** What was seen: `{ where, text }`. */
const seen = [];

let dir;
let redis;
let database;
let weir;

const hide = (what, value, shownBy) => {
  assert.ok(typeof value === "string" && value.length >= 8, `${what}: ${value}`);
  secrets.push({ what, value, shownBy });
  return value;
};
const invent = (what) => hide(what, `pw-${randomBytes(9).toString("hex")}`);

/** Asks, writes the answer down, and gives its body. */
async function ask(method, path, options) {
  const answer = await askPlainly(weir, method, path, options);
  const headers = [...answer.headers].filter(([name]) => name !== "set-cookie").map(([name, value]) => `${name}: ${value}`);
  seen.push({ where: `${method} ${path}`, text: `${headers.join("\n")}\n${answer.text}` });
  return answer;
}

/** The same for what must be granted. */
async function must(method, path, options) {
  const { status, text, body } = await ask(method, path, options);
  assert.ok(status < 300, `${method} ${path} answered ${status}: ${text}`);
  return body;
}

/** The one-time password of now (RFC 6238). */
function oneTimePassword(secret, ahead = 0) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/=+$/, "")].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const digest = createHmac("sha1", key).update(step).digest();
  const at = digest.at(-1) & 0x0f;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

async function register(username) {
  const password = invent(`the password of ${username}`);
  const { token, user } = await must("POST", "/api/v1/accounts", { body: { username, password } });
  hide(`the session of ${username}`, token, "POST /api/v1/accounts");
  return { ...user, token, password };
}

async function signIn(person, more = {}) {
  const { token } = await must("POST", "/api/v1/session", {
    body: { username: person.username, password: person.password, ...more },
  });
  return hide(`a session of ${person.username}`, token, "POST /api/v1/session");
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "weir-secrets-"));
  const passwords = { redis: invent("the password of Redis"), database: invent("the password of PostgreSQL") };
  const port = await freePort();
  redis = start("redis-server", [
    ...["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", dir, "--requirepass", passwords.redis],
  ]);
  database = await startPostgres({ password: passwords.database });
  weir = await startWeir({
    settings: {
      data_dir: join(dir, "data"),
      "log.level": "debug",
      "database.url": database.url,
      "redis.url": `redis://:${passwords.redis}@127.0.0.1:${port}`,
      "auth.admin_user": "operator",
      "auth.admin_password": invent("the operator's password"),
      "auth.publish": "token",
      "wallet.payment_secret": invent("the payment provider's secret"),
      "accounts.sign_ins_per_minute": 1000,
      "accounts.sign_ins_burst": 1000,
    },
    toml: `[outbound]\nallow = ["127.0.0.1"]\n[[hooks.targets]]\nurl = "http://127.0.0.1:9/hook"\ndialect = "weir"\n` +
      `on_failure = "allow"\nsecret = "${invent("the secret of a hook")}"\n`,
  });
  await until("the servers hear each other", () => weir.output().includes("connected with other servers"));
  hide("the secret in data_dir", readFileSync(join(dir, "data", "secret")).toString("hex"));
  const asText = readFileSync(join(dir, "data", "secret"), "utf8").trim();
  if (/^[\x20-\x7e]{8,}$/.test(asText)) hide("the secret in data_dir, as text", asText);
});

after(async () => {
  await weir?.stop();
  await Promise.all([database?.stop(), redis?.stop("SIGKILL")]);
  await rm(dir, { recursive: true, force: true });
});

let host;
let viewer;
let admin;
let room;

test("people register, sign in, mistype, and change what they sign in with", async () => {
  [host, viewer, admin] = [await register("host"), await register("viewer"), await register("boss")];
  await weir.command("admin", "boss");
  await signIn(viewer);
  const wrong = { username: "viewer", password: invent("a mistyped password") };
  assert.equal((await ask("POST", "/api/v1/session", { body: wrong })).status, 401);
  await ask("POST", "/api/v1/session", { body: { username: invent("a password typed as a name"), password: "x" } });
  await ask("POST", "/api/v1/accounts", { body: { username: "no spaces here", password: invent("a refused password") } });
  await ask("POST", "/api/v1/accounts", { body: { username: "viewer", password: invent("one for a taken name") } });
  await ask("POST", "/api/v1/session", {
    headers: { "content-type": "application/json" },
    body: { username: "viewer", password: [invent("a password of the wrong type")] },
  });
  const changed = invent("a changed password");
  await must("PUT", "/api/v1/me/password", { token: viewer.token, body: { old: viewer.password, new: changed } });
  viewer.password = changed;
  viewer.token = await signIn(viewer);
  await ask("GET", "/api/v1/me", { token: invent("a token that is none") });
  await ask("GET", `/api/v1/me?token=${viewer.token}`);
  await ask("GET", "/api/v1/me", { headers: { authorization: `Bearer ${viewer.token}` } });
  await ask("GET", "/api/v1/me", { headers: { cookie: `weir_session=${viewer.token}` } });
});

test("the second factor is put in force and used", async () => {
  const { secret } = await must("POST", "/api/v1/me/second-factor", { token: viewer.token });
  hide("the secret of one-time passwords", secret, "POST /api/v1/me/second-factor");
  await ask("PUT", "/api/v1/me/second-factor", { token: viewer.token, body: { code: "000000" } });
  const { recovery_codes: codes } = await must("PUT", "/api/v1/me/second-factor", {
    token: viewer.token,
    body: { code: oneTimePassword(secret) },
  });
  for (const code of codes) hide("a recovery code", code, "PUT /api/v1/me/second-factor");
  await signIn(viewer, { totp: codes[0] });
  await ask("POST", "/api/v1/session", { body: { username: "viewer", password: viewer.password, totp: codes[0] } });
  await signIn(viewer, { totp: oneTimePassword(secret, 1) });
});

test("a show is published with a stream key and with a token, and watched", async () => {
  const made = await must("POST", "/api/v1/me/stream-key", { token: host.token });
  hide("the stream key", made.key, "POST /api/v1/me/stream-key");
  room = await must("GET", `/api/v1/rooms/${made.room_id}`, { token: host.token });
  const byKey = publishFile("h264-aac.flv", `${weir.rtmp}/live/${made.key}`);
  await untilLive(weir, room.stream, 2);
  const again = await must("POST", "/api/v1/me/stream-key", { token: host.token });
  hide("the new stream key", again.key, "POST /api/v1/me/stream-key");
  await until("the old key is cut", () => !byKey.isRunning);
  const refused = publishFile("h264-aac.flv", `${weir.rtmp}/live/${made.key}`);
  await until("the old key is refused", () => !refused.isRunning);

  const password = invent("a room's password");
  const hidden = await must("POST", "/api/v1/rooms", { token: host.token, body: { title: "hidden", privacy: "private", password } });
  await ask("POST", `/api/v1/rooms/${hidden.id}/enter`, { token: viewer.token, body: { password: invent("a wrong one") } });
  await must("POST", `/api/v1/rooms/${hidden.id}/enter`, { token: viewer.token, body: { password } });
  const { stream, sign } = await must("POST", `/api/v1/rooms/${hidden.id}/publish-token`, { token: host.token });
  hide("a publish token", sign.split("-")[1], `POST /api/v1/rooms/${hidden.id}/publish-token`);
  const byToken = publishFile("h264-aac.flv", `${weir.rtmp}/${stream}?sign=${sign}`);
  await until("the hidden room is live", async () => {
    const { body } = await ask("GET", `/api/v1/rooms/${hidden.id}`, { token: viewer.token });
    return body.status === "live";
  });
  const { body: seenRoom } = await ask("GET", `/api/v1/rooms/${hidden.id}`, { token: viewer.token });
  const played = await fetch(`${weir.http}/${stream}.flv?sign=${seenRoom.play_sign}`);
  assert.equal(played.status, 200);
  await ask("GET", `/${stream}.flv?sign=1999999999-${hide("a forged token", randomBytes(32).toString("hex"))}`);

  const { data } = await must("POST", "/api/live/create", { token: host.token, body: { title: "tutorial", cover: "" } });
  hide("the tutorial's publish token", data.sign.split("-")[1], "POST /api/live/create");
  for (const path of [`/api/live/read/${data.data.id}`, "/api/live/list/1", `/api/live/read/${hidden.id}`]) await ask("GET", path);
  await lookAround();
  await played.body.cancel();
  await byToken.stop();
});

test("coins, tokens of programs, invitations and webhooks", async () => {
  const { codes } = await must("POST", "/api/v1/admin/coin-codes", { token: admin.token, body: { coin: 50, count: 3 } });
  for (const code of codes) hide("a coin code", code, "POST /api/v1/admin/coin-codes");
  await must("POST", "/api/v1/me/wallet/redeem", { token: viewer.token, body: { code: codes[0] } });
  await ask("POST", "/api/v1/me/wallet/redeem", { token: host.token, body: { code: codes[0] } });
  await ask("POST", "/api/v1/me/wallet/redeem", { token: host.token, body: { code: invent("a code that is none") } });
  const payment = { event_id: "payment-1", user_id: viewer.id, coin: 5 };
  const signature = `t=${Math.floor(Date.now() / 1000)},v1=${hide("a wrong signature", randomBytes(32).toString("hex"))}`;
  assert.equal((await ask("POST", "/api/v1/payments/webhook", { body: payment, headers: { "weir-signature": signature } })).status, 401);

  const program = await must("POST", "/api/v1/me/api-tokens", { token: host.token, body: { name: "bot", scopes: ["read"] } });
  hide("an API token", program.token, "POST /api/v1/me/api-tokens");
  await must("GET", "/api/v1/me", { headers: { authorization: `Bearer ${program.token}` } });
  await ask("POST", "/api/v1/rooms", { token: program.token, body: { title: "refused" } });
  const { codes: invitations } = await must("POST", "/api/v1/admin/invitations", { token: admin.token, body: { count: 2, days: 1 } });
  for (const code of invitations) hide("an invitation", code, "POST /api/v1/admin/invitations");
  await must("POST", "/api/v1/accounts", {
    body: { username: "invited", password: invent("the invited one's password"), invitation: invitations[0] },
  }).then(({ token }) => hide("the invited one's session", token, "POST /api/v1/accounts"));
  const hook = await must("POST", "/api/v1/admin/webhooks", { token: admin.token, body: { url: "http://127.0.0.1:9/told" } });
  hide("the secret of a webhook", hook.secret, "POST /api/v1/admin/webhooks");
  await ask("POST", `/api/v1/admin/webhooks/${hook.id}/test`, { token: admin.token });
  await until("the webhook was tried", async () => {
    const { body } = await ask("GET", `/api/v1/admin/webhooks/${hook.id}/deliveries`, { token: admin.token });
    return body.items[0]?.attempts > 0;
  });
});

test("the room socket, with tokens in its events", async () => {
  const open = await must("POST", "/api/v1/rooms", { token: host.token, body: { title: "talk" } });
  await must("POST", `/api/v1/rooms/${open.id}/status`, { token: host.token, body: { type: "play" } });
  for (const person of [host, viewer]) {
    const client = await connect(weir, person, { auth: person === host ? { token: host.token } : {} });
    const answers = [
      await client.ask("joinLive", { live_id: open.id, token: person.token }),
      await client.ask("comment", { live_id: open.id, token: person.token, data: "hello" }),
      await client.ask("comment", { live_id: open.id, token: invent("a token that is none"), data: "hello" }),
      await client.ask("comment", { live_id: { token: person.token }, token: [person.token] }),
    ];
    assert.deepEqual(answers.map(({ ok }) => ok), [true, true, false, false]);
    seen.push({ where: "an ack", text: JSON.stringify(answers) });
    await sleep(300);
    seen.push({ where: "an event", text: JSON.stringify(client.heard) });
    client.close();
  }
});

test("the operator's pages", async () => {
  const { value } = secrets.find(({ what }) => what === "the operator's password");
  const basic = (password) => ({ authorization: `Basic ${Buffer.from(`operator:${password}`).toString("base64")}` });
  for (const path of ["/metrics", "/stat", "/api/server", "/api/streams"]) {
    for (const headers of [{}, basic(value), basic(invent("a mistyped operator's password"))]) await ask("GET", path, { headers });
  }
});

test("a database that goes away, and a server that cannot reach one", async () => {
  await database.halt();
  for (const path of ["/api/v1/rooms", "/api/v1/me", "/readyz"]) await ask("GET", path, { token: host.token });
  await ask("POST", "/api/v1/session", { body: { username: "host", password: host.password } });
  await database.start();
  await until("it is back", async () => (await ask("GET", "/api/v1/rooms")).status === 200);
  const elsewhere = database.url.replace(/weir:([^@]+)@/, (_, password) => `weir:${password}x@`);
  const failure = await startWeir({ settings: { "database.url": elsewhere, "log.level": "debug" } }).then(
    async (other) => (await other.stop(), assert.fail("it started with a wrong password")),
    (error) => error,
  );
  assert.match(failure.message, /database/);
  seen.push({ where: "the output of a server that cannot start", text: failure.message });
});

test("none of all that was seen anywhere", async () => {
  await lookAround();
  seen.push({ where: "the log", text: weir.output() });
  assert.ok(weir.output().length > 10_000, "there is a log at level debug");
  assert.ok(secrets.length > 40 && seen.length > 200, `${secrets.length} secrets, ${seen.length} texts`);
  const found = new Set();
  for (const { what, value, shownBy } of secrets) {
    const forms = new Set([value, encodeURIComponent(value), Buffer.from(value).toString("base64").replace(/=+$/, "")]);
    const shown = seen.filter(({ text }) => [...forms].some((form) => text.includes(form)));
    if (shownBy !== undefined) assert.ok(shown.some(({ where }) => where === shownBy), `${what} is shown once, by ${shownBy}`);
    for (const { where, text } of shown) {
      if (where === shownBy) continue;
      const line = text.split("\n").find((one) => [...forms].some((form) => one.includes(form)));
      found.add(`${what} stands in ${where}: ${line.replaceAll(value, "…").slice(0, 300)}`);
    }
  }
  assert.deepEqual([...found], []);
});

/** Reads all that can be read, as everybody. */
async function lookAround() {
  const { paths } = await must("GET", "/api/v1/openapi.json");
  const ids = room === undefined ? ["1"] : [String(room.id), "1"];
  for (const [path, methods] of Object.entries(paths)) {
    if (methods.get === undefined) continue;
    for (const id of path.includes("{") ? ids : [""]) {
      for (const person of [admin, host, viewer, undefined]) {
        await ask("GET", path.replace("{username}", "viewer").replace("{name}", room?.name ?? "x").replace(/\{[^}]+\}/g, id), {
          token: person?.token,
        });
      }
    }
  }
  for (const path of ["/metrics", "/stat", "/api/server", "/api/streams", "/api/docs", "/", "/api/v1/streams"]) await ask("GET", path);
}
