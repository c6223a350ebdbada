// People of the tests: accounts, coins, rooms, and the room socket with the client people use.

import assert from "node:assert/strict";
import { io } from "socket.io-client";
import { until } from "./processes.mjs";

export const PASSWORD = "correct horse battery";

/** Settings under which tests may do what floods would be refused for. */
export const UNLIMITED = {
  "accounts.sign_ins_per_minute": 1_000_000,
  "accounts.sign_ins_burst": 1_000_000,
  "chat.messages_per_minute_user": 1_000_000,
  "chat.messages_burst_user": 1_000_000,
  "chat.messages_per_minute_room": 1_000_000,
  "chat.messages_burst_room": 1_000_000,
  "chat.events_per_minute_socket": 1_000_000,
  "chat.events_burst_socket": 1_000_000,
};

/** Asks the API: status, headers and body, whatever they are. */
export async function ask(weir, method, path, { token, body, headers = {}, timeoutMs = 30_000 } = {}) {
  const response = await fetch(weir.http + path, {
    method,
    headers: { ...(token ? { token } : {}), ...(body ? { "content-type": "application/json" } : {}), ...headers },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parsed(text) };
}

/** Asks for what must be granted: the body. */
export async function call(weir, method, path, options) {
  const { status, body, text } = await ask(weir, method, path, options);
  assert.ok(status < 300, `${method} ${path} answered ${status}: ${text}`);
  return body;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Registers somebody: `{ token, id, username, name }`. */
export async function register(weir, username) {
  const { token, user } = await call(weir, "POST", "/api/v1/accounts", { body: { username, password: PASSWORD } });
  return { token, ...user };
}

/** Registers an admin. */
export async function registerAdmin(weir, username = "boss") {
  await register(weir, username);
  await weir.command("admin", username);
  const { token, user } = await call(weir, "POST", "/api/v1/session", { body: { username, password: PASSWORD } });
  return { token, ...user };
}

/** Gives coins. */
export async function grant(weir, admin, person, coin) {
  await call(weir, "POST", `/api/v1/admin/users/${person.id}/coins`, { token: admin.token, body: { coin, reason: "test" } });
}

/** Opens a room of `host` and puts it on air. */
export async function openRoom(weir, host, title = "a room") {
  const room = await call(weir, "POST", "/api/v1/rooms", { token: host.token, body: { title } });
  await call(weir, "POST", `/api/v1/rooms/${room.id}/status`, { token: host.token, body: { type: "play" } });
  return room;
}

/**
 * Connects to the room socket as `person`. `heard` is what came, as `{ event, data, atMs }`; `ask` gives the ack, or
 * throws when the connection ends first.
 */
export async function connect(weir, person, { auth = person && { token: person.token }, transports = ["websocket"] } = {}) {
  const socket = io(weir.http, { transports, forceNew: true, reconnection: false, auth });
  const heard = [];
  const waiting = new Set();
  socket.onAny((event, data) => heard.push({ event, data, atMs: performance.now() }));
  let failure;
  socket.on("connect_error", (error) => (failure = error));
  socket.on("disconnect", (reason) => {
    for (const reject of waiting) reject(new Error(`the socket was cut: ${reason}`));
  });
  await until("the socket connects", () => {
    if (failure !== undefined) throw failure;
    return socket.connected;
  });
  const client = {
    socket,
    person,
    heard,
    all: (event) => heard.filter((one) => one.event === event).map(({ data }) => data),
    ask: (event, data) =>
      new Promise((resolve, reject) => {
        if (!socket.connected) return reject(new Error("the socket is not connected"));
        waiting.add(reject);
        socket.emit(event, data, (answer) => {
          waiting.delete(reject);
          resolve(answer);
        });
      }),
    /** Waits for an event that fits, and gives it with the time it came. */
    hears: (event, fits = () => true, timeoutMs = 5_000) =>
      until(`${event} comes`, () => heard.find((one) => one.event === event && fits(one.data)), timeoutMs, 5),
    close: () => socket.close(),
  };
  return client;
}

/** Connects and joins a room. */
export async function enter(weir, person, room, { batch = false, ...options } = {}) {
  const client = await connect(weir, person, options);
  const answer = await client.ask("joinLive", { live_id: room.id, batch });
  assert.equal(answer.ok, true, JSON.stringify(answer));
  return client;
}

/** Does `work` on each of `items`, so many at a time. */
export async function inParallel(items, atOnce, work) {
  const results = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i], i);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
