// What attackers try on a platform with rooms and coins: publishing with what a viewer gets, forged, stale and replayed
// credentials, other people's numbers in every address, spending twice, pages of other sites, and texts that are code.

import assert from "node:assert/strict";
import { createHash, createHmac, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { HOSTILE_TEXTS } from "../lib/hostile-texts.mjs";
import { ask, call, connect, enter, grant, openRoom, PASSWORD, register, registerAdmin, UNLIMITED } from "../lib/people.mjs";
import { until } from "../lib/processes.mjs";
import { RtmpClient } from "../lib/rtmp.mjs";
import { startWeir } from "../lib/weir.mjs";

const PAYMENT_SECRET = "the secret of the payment provider";

let weir;
let admin;
let host;
let rival;
let thief;

before(async () => {
  weir = await startWeir({
    settings: { ...UNLIMITED, "wallet.payment_secret": PAYMENT_SECRET, "accounts.registration": "open" },
  });
  admin = await registerAdmin(weir);
  [host, rival, thief] = [await register(weir, "host"), await register(weir, "rival"), await register(weir, "thief")];
});

after(() => weir?.stop());

const by = (person, body, headers) => ({ token: person?.token, body, headers });
/** Whether it was refused, and how. */
async function refused(person, method, path, body) {
  const { status, body: answer, text } = await ask(weir, method, path, by(person, body));
  assert.ok(status >= 400 && status < 500, `${person?.username ?? "nobody"}: ${method} ${path} answered ${status}: ${text}`);
  return `${status} ${answer.error.code}`;
}

describe("publishing", () => {
  let room;
  let other;
  let sign;
  let play;

  /** What the server says to who publishes so. */
  async function publish(path, query = "") {
    const client = await RtmpClient.connect(weir.rtmpPort);
    const said = await client.publish(`${path}${query}`).catch((error) => error.message);
    await client.close();
    return said;
  }
  const isIn = (said) => said === "NetStream.Publish.Start";
  // As Node-Media-Server writes it.
  const UNAUTHORIZED = "NetStream.publish.Unauthorized";

  before(async () => {
    room = await call(weir, "POST", "/api/v1/rooms", by(host, { title: "mine" }));
    other = await call(weir, "POST", "/api/v1/rooms", by(rival, { title: "the rival's" }));
    ({ sign } = await call(weir, "POST", `/api/v1/rooms/${room.id}/publish-token`, by(host)));
    play = (await call(weir, "GET", `/api/live/read/${room.id}`, by(thief))).data.sign;
    assert.match(play ?? "", /^\d+-[0-9a-f]+$/);
  });

  test("what a viewer is given does not publish, what the host is given does", async () => {
    assert.equal(await publish(room.stream, `?sign=${play}`), UNAUTHORIZED);
    assert.equal(await publish(room.stream), UNAUTHORIZED);
    assert.equal(await publish(`live/${room.name}`, `?sign=${encodeURIComponent(play)}`), UNAUTHORIZED);
    assert.ok(isIn(await publish(room.stream, `?sign=${sign}`)));
    assert.match(await refused(thief, "POST", `/api/v1/rooms/${room.id}/publish-token`), /^40[34] /);
    assert.match(await refused(undefined, "POST", `/api/v1/rooms/${room.id}/publish-token`), /^401 /);
  });

  test("a sign that was changed, cut, forged or made for another room is none", async () => {
    const [expires, hash] = sign.split("-");
    const later = Number(expires) + 86_400;
    const flipped = hash.slice(0, -1) + (hash.endsWith("0") ? "1" : "0");
    const md5 = (secret) => createHash("md5").update(`/${room.stream}-${expires}-${secret}`).digest("hex");
    const hmac = (secret) => createHmac("sha256", secret).update(`publish|${room.stream}|${expires}`).digest("hex");
    const forged = [
      "", "-", expires, `${expires}-`, `-${hash}`, hash, `${later}-${hash}`, `${expires}-${flipped}`, `${expires}-${hash.slice(0, 32)}`,
      `${expires}-${hash}00`, `${expires}-${"0".repeat(hash.length)}`, `${expires}-${randomBytes(hash.length / 2).toString("hex")}`,
      `${expires}-${md5("nodemedia2017privatekey")}`, `${expires}-${md5("")}`, `${expires}-${hmac("")}`,
      `${expires}-${hmac("nodemedia2017privatekey")}`, `0${expires}-${flipped}`, `99999999999999999999-${hash}`, `-1-${hash}`,
      `${expires}-${hash}-${hash}`, `null`, `undefined`, `[object Object]`, `${"9".repeat(5_000)}-${hash}`,
    ];
    for (const one of forged) {
      assert.equal(await publish(room.stream, `?sign=${one}`), UNAUTHORIZED, one.slice(0, 100));
    }
    assert.equal(await publish(other.stream, `?sign=${sign}`), UNAUTHORIZED, "another room");
    const twice = await publish(room.stream, `?sign=${play}&sign=${sign}`);
    assert.ok(isIn(twice) || twice === UNAUTHORIZED);
    assert.equal(await publish(other.stream, `?sign=${play}&sign=${sign}`), UNAUTHORIZED);
  });

  test("a sign that has run out is none", async () => {
    const { stdout } = await weir.command("sign", "publish", room.stream, "--ttl", "1s");
    const token = stdout.split("\n")[0].trim();
    assert.ok(isIn(await publish(room.stream, token)));
    await until("it runs out", async () => (await publish(room.stream, token)) === UNAUTHORIZED, 5_000, 300);
  });

  test("signs and keys from before the end, a rotation or a revocation are none", async () => {
    const { key, room_id: id } = await call(weir, "POST", "/api/v1/me/stream-key", by(rival));
    assert.ok(isIn(await publish(`live/${key}`)));
    const { key: next } = await call(weir, "POST", "/api/v1/me/stream-key", by(rival));
    assert.equal(await publish(`live/${key}`), UNAUTHORIZED);
    assert.ok(isIn(await publish(`live/${next}`)));
    await call(weir, "DELETE", "/api/v1/me/stream-key", by(rival));
    assert.equal(await publish(`live/${next}`), UNAUTHORIZED);
    const { sign: last } = await call(weir, "POST", `/api/v1/rooms/${id}/publish-token`, by(rival));
    await call(weir, "POST", `/api/v1/rooms/${id}/status`, by(rival, { type: "stop" }));
    const ended = await call(weir, "GET", `/api/v1/rooms/${id}`, by(rival));
    assert.ok(!isIn(await publish(ended.stream, `?sign=${last}`)), "the room has ended");
  });

  test("a private room is seen and heard by nobody who was not let in", async () => {
    const hidden = await call(weir, "POST", "/api/v1/rooms", by(host, { title: "hidden", privacy: "private", password: PASSWORD }));
    await call(weir, "POST", `/api/v1/rooms/${hidden.id}/status`, by(host, { type: "play" }));
    for (const path of ["", "/comments", "/broadcasts", "/leaders", "/health", "/members", "/bans", "/rules", "/moderation-log"]) {
      for (const person of [thief, undefined]) assert.match(await refused(person, "GET", `/api/v1/rooms/${hidden.id}${path}`), /^40[134] /);
    }
    // Who has its name, which is no secret, may know that there is a door.
    assert.equal((await call(weir, "GET", `/api/v1/rooms/by-name/${hidden.name}`, by(thief))).play_sign ?? null, null);
    const socket = await connect(weir, thief);
    assert.match((await socket.ask("joinLive", { live_id: hidden.id })).error.code, /^room_/);
    assert.equal((await socket.ask("comment", { live_id: hidden.id, data: "x" })).error.code, "not_in_room");
    socket.close();
    const listed = await call(weir, "GET", "/api/v1/rooms?q=hidden", by(thief));
    assert.deepEqual(listed.items, []);
    const read = await ask(weir, "GET", `/api/live/read/${hidden.id}`, by(thief));
    assert.ok(!read.text.includes(hidden.name) || read.status >= 400, read.text);
    for (const ending of [".flv", "/index.m3u8", "/index.mpd"]) {
      const { status } = await ask(weir, "GET", `/${hidden.stream}${ending}?sign=${play}`);
      assert.ok(status === 401 || status === 403, `${ending} answered ${status}`);
    }
  });
});

describe("credentials", () => {
  test("a session that ended, was changed or belongs to nobody opens nothing", async () => {
    const { token } = await call(weir, "POST", "/api/v1/session", { body: { username: "host", password: PASSWORD } });
    const socket = await connect(weir, { ...host, token });
    await socket.ask("leaveLive", { live_id: 1 });
    await call(weir, "DELETE", "/api/v1/session", { token });
    const stale = [token, `${host.token}x`, host.token.slice(0, -1), host.token.toUpperCase(), "", "null", "x".repeat(10_000)];
    for (const one of stale) {
      const { status } = await ask(weir, "GET", "/api/v1/me", { headers: { authorization: `Bearer ${one}` } });
      assert.ok(status === 401 || status === 431 || status === 400, `${one.slice(0, 20)} answered ${status}`);
    }
    if (socket.socket.connected) assert.equal((await socket.ask("joinLive", { live_id: 1 })).ok, false);
    socket.close();
  });

  test("pages of other sites cannot use a browser's cookie", async () => {
    const response = await fetch(`${weir.http}/api/v1/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username: "host", password: PASSWORD }),
    });
    const [cookie] = response.headers.getSetCookie();
    assert.match(cookie, /HttpOnly/i);
    assert.match(cookie, /SameSite=(Lax|Strict)/i);
    const jar = cookie.split(";")[0];
    for (const origin of ["https://evil.example", "null", `${weir.http}.evil.example`]) {
      const answer = await ask(weir, "PATCH", "/api/v1/me", { body: { bio: "stolen" }, headers: { cookie: jar, origin } });
      assert.deepEqual([answer.status, answer.body.error.code], [403, "cross_site"], origin);
      assert.notEqual(answer.headers.get("access-control-allow-credentials"), "true");
    }
    const here = await ask(weir, "PATCH", "/api/v1/me", { body: { bio: "mine" }, headers: { cookie: jar, origin: weir.http } });
    assert.equal(here.status, 200, here.text);
  });

  test("only admins do what admins do", async () => {
    for (const [method, path, body] of [
      ["GET", "/api/v1/admin/users"], ["GET", "/api/v1/admin/log"], ["GET", "/api/v1/admin/reports"], ["GET", "/api/v1/admin/settings"],
      ["PATCH", `/api/v1/admin/users/${thief.id}`, { is_admin: true }], ["PATCH", `/api/v1/admin/users/${host.id}`, { is_disabled: true }],
      ["POST", `/api/v1/admin/users/${thief.id}/coins`, { coin: 1, reason: "x" }], ["POST", "/api/v1/admin/coin-codes", { coin: 1, count: 1 }],
      ["POST", "/api/v1/admin/gifts", { name: "x", coin: 1 }], ["POST", "/api/v1/admin/streams/kick", { stream: "live/x", reason: "x" }],
      ["POST", "/api/v1/admin/invitations", { count: 1 }], ["POST", "/api/v1/admin/webhooks", { url: "https://evil.example" }],
    ]) {
      assert.equal(await refused(thief, method, path, body), "403 admins_only", path);
      assert.equal(await refused(undefined, method, path, body), "401 not_signed_in", path);
    }
    assert.match(await refused(thief, "PATCH", "/api/v1/me", { role: "admin" }), /^4/);
    assert.match(await refused(thief, "PATCH", "/api/v1/me", { is_admin: true }), /^4/);
  });
});

describe("other people's numbers", () => {
  let room;
  let own;
  let commentId;
  let ban;

  before(async () => {
    room = await openRoom(weir, host, "the host's");
    own = await openRoom(weir, thief, "the thief's");
    const talker = await enter(weir, rival, room);
    ({ id: commentId } = await talker.ask("comment", { live_id: room.id, data: "mine" }));
    talker.close();
    ban = await call(weir, "POST", `/api/v1/rooms/${room.id}/bans`, by(host, { user_id: rival.id, kind: "timeout", minutes: 5 }));
  });

  test("a session, a notification, a token, a picture or a visit of somebody else stays", async () => {
    const { sessions } = await call(weir, "GET", "/api/v1/me/sessions", by(host));
    for (const { id } of sessions) await ask(weir, "DELETE", `/api/v1/me/sessions/${id}`, by(thief));
    assert.equal((await call(weir, "GET", "/api/v1/me/sessions", by(host))).sessions.length, sessions.length);

    await call(weir, "PUT", `/api/v1/users/${host.id}/follow`, by(rival));
    await call(weir, "POST", "/api/v1/rooms", by(host, { title: "another" })).then(({ id }) =>
      call(weir, "POST", `/api/v1/rooms/${id}/status`, by(host, { type: "play" })));
    const list = () => call(weir, "GET", "/api/v1/me/notifications", by(rival)).then(({ items }) => items);
    const [notification] = await until("the follower is told", async () => ((await list()).length > 0 ? list() : undefined));
    await ask(weir, "DELETE", `/api/v1/me/notifications/${notification.id}`, by(thief));
    await call(weir, "POST", "/api/v1/me/notifications/read", by(thief));
    assert.deepEqual((await list()).map(({ id, read_at }) => [id, read_at ?? null]), [[notification.id, null]]);

    const { id: tokenId, token } = await call(weir, "POST", "/api/v1/me/api-tokens", by(host, { name: "bot", scopes: ["read"] }));
    const tokens = await call(weir, "GET", "/api/v1/me/api-tokens", by(host));
    await ask(weir, "DELETE", `/api/v1/me/api-tokens/${tokenId ?? tokens[0].id}`, by(thief));
    assert.equal((await ask(weir, "GET", "/api/v1/me", { token })).status, 200);

    const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
    const uploaded = await fetch(`${weir.http}/api/v1/images?kind=avatar`, { method: "POST", headers: { token: host.token }, body: png });
    assert.equal(uploaded.status, 201);
    const image = await uploaded.json();
    assert.match(await refused(thief, "DELETE", `/api/v1/images/${image.id}`), /^40[34] /);
    assert.equal((await call(weir, "GET", "/api/v1/me/images", by(host))).items.length, 1);

    const visits = () => call(weir, "GET", "/api/v1/me/history", by(rival)).then(({ items }) => items.length);
    const before = await visits();
    assert.ok(before > 0);
    await ask(weir, "DELETE", `/api/v1/me/history/${room.id}`, by(thief));
    await ask(weir, "DELETE", "/api/v1/me/history", by(thief));
    assert.equal(await visits(), before);
  });

  test("a room is changed, ended, signed for and moderated by its own people only", async () => {
    const path = `/api/v1/rooms/${room.id}`;
    for (const [method, rest, body] of [
      ["PATCH", "", { title: "stolen" }], ["DELETE", ""], ["POST", "/status", { type: "stop" }], ["POST", "/publish-token"],
      ["GET", "/health"], ["GET", "/rules"], ["PUT", "/rules", { slow_seconds: 1, links_off: true, blocked_words: [] }],
      ["GET", "/bans"], ["POST", "/bans", { user_id: host.id, kind: "ban" }], ["POST", "/bans", { user_id: rival.id, kind: "ban" }],
      ["DELETE", `/bans/${ban.id}`], ["PUT", `/moderators/${thief.id}`], ["PUT", "/pinned", { comment_id: commentId }],
      ["GET", "/moderation-log"], ["PUT", `/members/${thief.id}`], ["GET", "/members"], ["GET", "/comments?q=mine"],
    ]) {
      assert.match(await refused(thief, method, path + rest, body), /^40[34] /, `${method} ${rest}`);
    }
    assert.match(await refused(thief, "DELETE", `/api/v1/comments/${commentId}`), /^403 /);
    for (const body of [{ id: room.id, type: "stop" }, { id: String(room.id), type: "stop" }]) {
      const { body: answer } = await ask(weir, "POST", "/api/live/changestatus", by(thief, body));
      assert.equal(answer.msg, "fail");
    }
    const { title, status } = await call(weir, "GET", path);
    assert.deepEqual([title, status], ["the host's", "live"]);
  });

  test("a ban, a message or a line of the log of another room is not reached through one's own", async () => {
    const mine = `/api/v1/rooms/${own.id}`;
    assert.equal(await refused(thief, "DELETE", `${mine}/bans/${ban.id}`), "404 ban_not_found");
    assert.equal(await refused(thief, "PUT", `${mine}/pinned`, { comment_id: commentId }), "404 comment_not_found");
    const { items } = await call(weir, "GET", `/api/v1/rooms/${room.id}/moderation-log`, by(host));
    for (const { id } of items) assert.match(await refused(thief, "POST", `${mine}/moderation-log/${id}/undo`), /^4/);
    const bans = await call(weir, "GET", `/api/v1/rooms/${room.id}/bans`, by(host));
    assert.deepEqual(bans.items.map(({ id, lifted_at }) => [id, lifted_at ?? null]), [[ban.id, null]]);
    const socket = await enter(weir, rival, room);
    assert.equal((await socket.ask("comment", { live_id: room.id, data: "x" })).error.code, "silenced");
    socket.close();
  });

  test("a report is read and closed by admins only, and nobody reads who reported", async () => {
    const report = await call(weir, "POST", "/api/v1/reports", by(rival, { kind: "comment", target_id: commentId, reason: "spam" }));
    assert.equal(await refused(host, "PATCH", `/api/v1/admin/reports/${report.id}`, { status: "dismissed" }), "403 admins_only");
    const { items } = await call(weir, "GET", "/api/v1/admin/reports", by(admin));
    assert.deepEqual(items.map(({ id, status }) => [id, status]), [[report.id, "open"]]);
  });

  test("numbers that are none are refused, not mistakes of the server", async () => {
    for (const id of ["0", "-1", "9223372036854775807", "9223372036854775808", "1e3", "1.5", "abc", "%00", "1%20OR%201=1", "..%2f1", "null"]) {
      for (const path of [`/api/v1/rooms/${id}`, `/api/v1/rooms/${id}/comments`, `/api/v1/users/${id}/follow`, `/api/live/read/${id}`]) {
        const { status } = await ask(weir, "GET", path, by(thief));
        assert.ok((status >= 400 || path.includes("follow")) && status < 500, `${path} answered ${status}`);
      }
      for (const query of [`cursor=${id}`, `limit=${id}`]) {
        const { status } = await ask(weir, "GET", `/api/v1/rooms?${query}`);
        assert.ok(status < 500, `${query} answered ${status}`);
      }
    }
    const socket = await connect(weir, thief);
    for (const id of [0, -1, 2 ** 53, "x", null, {}, [], true, "9223372036854775807"]) {
      assert.equal((await socket.ask("joinLive", { live_id: id })).ok, false, JSON.stringify(id));
    }
    socket.close();
  });
});

describe("spending twice", () => {
  const coins = async (person) => (await call(weir, "GET", "/api/v1/me/wallet", by(person))).coin;

  test("a code is worth its coins once, however often it is sent at once and by whom", async () => {
    const { codes } = await call(weir, "POST", "/api/v1/admin/coin-codes", by(admin, { coin: 10, count: 1 }));
    const before = (await coins(rival)) + (await coins(thief));
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) =>
      ask(weir, "POST", "/api/v1/me/wallet/redeem", by(i % 2 ? rival : thief, { code: codes[0] }))));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.ok(answers.every(({ status }) => status === 200 || (status >= 400 && status < 500)));
    assert.equal((await coins(rival)) + (await coins(thief)), before + 10);
  });

  test("coins for one gift pay one, over every way at once", async () => {
    const spender = await register(weir, "spender");
    const room = await openRoom(weir, host, "gifts");
    const gift = await call(weir, "POST", "/api/v1/admin/gifts", by(admin, { name: "rose", coin: 10 }));
    await grant(weir, admin, spender, 19);
    const sockets = await Promise.all(Array.from({ length: 10 }, () => enter(weir, spender, room)));
    const answers = await Promise.all([
      ...sockets.map(async (socket) => (await socket.ask("gift", { live_id: room.id, gift_id: gift.id })).ok),
      ...sockets.map(async () => (await ask(weir, "POST", `/api/v1/rooms/${room.id}/gifts`, by(spender, { gift_id: gift.id }))).status === 200),
    ]);
    for (const socket of sockets) socket.close();
    assert.equal(answers.filter(Boolean).length, 1);
    assert.equal(await coins(spender), 9);
    for (const num of [0, -1, -1_000_000, 1.5, 2 ** 53, 2 ** 63, "1", null]) {
      assert.match(await refused(spender, "POST", `/api/v1/rooms/${room.id}/gifts`, { gift_id: gift.id, num }), /^4/, `${num}`);
    }
    assert.equal(await coins(spender), 9, "no number of gifts gives coins back");
    assert.equal((await call(weir, "GET", `/api/v1/rooms/${room.id}`)).coin, 10);
  });

  test("a payment counts when the provider signed it, now, and once", async () => {
    const pay = (payment, { secret = PAYMENT_SECRET, ageS = 0, signed = payment } = {}) => {
      const at = Math.floor(Date.now() / 1000) - ageS;
      const hash = createHmac("sha256", secret).update(`${at}.${JSON.stringify(signed)}`).digest("hex");
      return ask(weir, "POST", "/api/v1/payments/webhook", { body: payment, headers: { "weir-signature": `t=${at},v1=${hash}` } });
    };
    const payment = { event_id: "event-1", user_id: rival.id, coin: 100 };
    const before = await coins(rival);
    for (const how of [{ secret: "another" }, { secret: "" }, { ageS: 3_600 }, { ageS: -3_600 }, { signed: { ...payment, coin: 1 } }]) {
      assert.equal((await pay(payment, how)).status, 401, JSON.stringify(how));
    }
    const answers = await Promise.all(Array.from({ length: 10 }, () => pay(payment)));
    assert.deepEqual(answers.map(({ status, body }) => `${status} ${body.is_new}`).sort(), [...Array(9).fill("200 false"), "200 true"]);
    assert.ok((await pay({ ...payment, event_id: "event-2", coin: -5 })).status >= 400);
    assert.equal(await coins(rival), before + 100);
    const { stdout } = await weir.command("ledger", "verify");
    assert.match(stdout, /the ledger agrees/);
  });
});

describe("texts that are code", () => {
  const length = (text) => [...text].length;
  let room;
  let listener;
  let speaker;

  before(async () => {
    room = await openRoom(weir, rival, "texts");
    listener = await enter(weir, host, room);
    speaker = await enter(weir, rival, room);
  });

  after(() => [listener, speaker].forEach((client) => client.close()));

  /** Writes each text to a field of limited length: what fits comes back as it was, what does not is refused. */
  async function roundTrip(method, path, person, max, bodyOf, fieldOf) {
    assert.equal(HOSTILE_TEXTS.length, 100);
    let written = 0;
    for (const text of HOSTILE_TEXTS) {
      const answer = await ask(weir, method, path, by(person, bodyOf(text)));
      assert.match(answer.headers.get("content-type"), /^application\/json/);
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
      if (length(text) > max) {
        assert.equal(answer.status, 400, `${text} answered ${answer.status}`);
        continue;
      }
      assert.equal(answer.status, 200, `${text} answered ${answer.status}: ${answer.text}`);
      assert.deepEqual(await fieldOf(answer.body), text);
      written += 1;
    }
    assert.ok(written >= 30, `${written} of them fit`);
  }

  test("come back as they were from titles, categories, labels and what lists and search show", async () => {
    const path = `/api/v1/rooms/${room.id}`;
    await roundTrip("PATCH", path, rival, 80, (title) => ({ title }), async ({ title }) => {
      assert.equal((await call(weir, "GET", path)).title, title);
      const query = encodeURIComponent(title);
      const found = await call(weir, "GET", `/api/v1/rooms?q=${query}`);
      assert.ok(found.items.every((one) => one.id !== room.id || one.title === title));
      assert.equal((await call(weir, "GET", `/api/live/read/${room.id}`)).data.data.title, title);
      return title;
    });
    await roundTrip("PATCH", path, rival, 32, (category) => ({ category }), ({ category }) => category);
    await roundTrip("PATCH", path, rival, 20, (label) => ({ labels: [label] }), ({ labels }) => labels[0]);
  });

  test("from nicknames and what people say of themselves", async () => {
    await roundTrip("PATCH", "/api/v1/me", rival, 32, (nickname) => ({ nickname }), ({ name }) => name);
    await roundTrip("PATCH", "/api/v1/me", rival, 1_000, (bio) => ({ bio }), async () =>
      (await call(weir, "GET", "/api/v1/users/by-name/rival")).bio);
  });

  test("and from chat, as events, in the history and in pages of it", async () => {
    for (const text of HOSTILE_TEXTS) {
      const answer = await speaker.ask("comment", { live_id: room.id, data: text });
      assert.equal(answer.ok, true, `${text}: ${JSON.stringify(answer)}`);
      const { data } = await listener.hears("comment", ({ id }) => id === answer.id);
      assert.equal(data.content, text);
    }
    const late = await enter(weir, host, room);
    const { data } = await late.hears("history");
    assert.deepEqual(data.comments.map(({ content }) => content), HOSTILE_TEXTS.slice(-50));
    late.close();
    const said = [];
    for (let cursor = ""; cursor !== undefined; ) {
      const page = await call(weir, "GET", `/api/v1/rooms/${room.id}/comments?limit=50${cursor}`);
      said.push(...page.items.map(({ content }) => content));
      cursor = page.next ? `&cursor=${page.next}` : undefined;
    }
    assert.deepEqual(said.reverse(), HOSTILE_TEXTS);
  });

  test("are no user names, no colours, no pictures' addresses, no names of streams", async () => {
    for (const text of HOSTILE_TEXTS.filter((one) => !/^[a-zA-Z0-9_-]{3,32}$/.test(one))) {
      assert.match(await refused(undefined, "POST", "/api/v1/accounts", { username: text, password: PASSWORD }), /^400 /, text);
    }
    for (const text of HOSTILE_TEXTS) {
      assert.match(await refused(rival, "PATCH", "/api/v1/me", { avatar: text }), /^400 /, text);
      assert.match(await refused(rival, "PATCH", `/api/v1/rooms/${room.id}`, { cover: text }), /^400 /, text);
      const answer = await speaker.ask("comment", { live_id: room.id, data: "x", colour: text });
      assert.equal(answer.error?.code, "colour", text);
    }
  });

  test("what deceives the eye is taken out", async () => {
    for (const [text, seen] of [["a\u202Eb", "ab"], ["a\u200Bb", "ab"], ["a\nb", "a b"], ["a\u0000b", "a b"], ["  a  ", "a"], ["a\u2066b\u2069", "ab"]]) {
      const { id } = await speaker.ask("comment", { live_id: room.id, data: text });
      const { data } = await listener.hears("comment", (one) => one.id === id);
      assert.equal(data.content, seen, JSON.stringify(text));
    }
    assert.equal((await speaker.ask("comment", { live_id: room.id, data: "\u200B \u202E" })).ok, false);
    assert.equal((await speaker.ask("comment", { live_id: room.id, data: "x".repeat(501) })).ok, false);
    assert.equal((await speaker.ask("comment", { live_id: room.id, data: { toString: "x" } })).error.code, "data");
  });
});
