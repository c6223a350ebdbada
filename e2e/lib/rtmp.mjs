// A small RTMP client (Adobe RTMP 1.0) that can also break every rule: what real encoders would never send.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { decodeAmf0, encodeAmf0 } from "./amf0.mjs";

const HANDSHAKE_BYTES = 1536;
export const TYPE = { setChunkSize: 1, abort: 2, acknowledgement: 3, userControl: 4, windowSize: 5, audio: 8, video: 9, data: 18, command: 20 };
/** RTMP 1.0 §5.3.1.3: a timestamp from here on is written behind the header. */
const EXTENDED_FROM = 0xffffff;

/** One connection. `on(message)` gets what the server says, decoded as far as it is a command. */
export class RtmpClient {
  #waiting = Buffer.alloc(0);
  #incomingChunkSize = 128;
  #chunkStreams = new Map();
  #isShaken = false;
  #listeners = new Set();
  outgoingChunkSize = 128;
  messages = [];
  endedBy;

  /** Connects, no more. */
  static async connect(port, host = "127.0.0.1") {
    const client = new RtmpClient();
    client.socket = connect(port, host);
    client.socket.setNoDelay(true);
    client.ended = new Promise((done) => {
      client.socket.once("end", () => (client.endedBy ??= "eof"));
      client.socket.once("error", (error) => (client.endedBy ??= error.code ?? error.message));
      client.socket.once("close", () => done((client.endedBy ??= "closed")));
    });
    client.socket.on("data", (bytes) => client.#take(bytes));
    await Promise.race([
      once(client.socket, "connect"),
      client.ended.then((how) => Promise.reject(new Error(`cannot connect: ${how}`))),
    ]);
    return client;
  }

  /** §5.2, the simple form. */
  async shake() {
    this.socket.write(Buffer.concat([Buffer.from([3]), Buffer.alloc(8), randomBytes(HANDSHAKE_BYTES - 8)]));
    const answer = await this.#until("S0, S1 and S2", () => this.#waiting.length >= 1 + 2 * HANDSHAKE_BYTES);
    if (answer && this.#waiting[0] !== 3) throw new Error(`the server speaks version ${this.#waiting[0]}`);
    this.socket.write(this.#waiting.subarray(1, 1 + HANDSHAKE_BYTES));
    this.#waiting = this.#waiting.subarray(1 + 2 * HANDSHAKE_BYTES);
    this.#isShaken = true;
    this.#take(Buffer.alloc(0));
  }

  /** A message as one run of chunks; fmt 0 first, fmt 3 for the rest. */
  message(type, timestampMs, payload, { chunkStream = 3, messageStream = 0, declaredLength = payload.length } = {}) {
    const timestamp = timestampMs >>> 0;
    const isExtended = timestamp >= EXTENDED_FROM;
    const head = Buffer.alloc(11);
    head.writeUIntBE(isExtended ? EXTENDED_FROM : timestamp, 0, 3);
    head.writeUIntBE(declaredLength, 3, 3);
    head[6] = type;
    head.writeUInt32LE(messageStream, 7);
    const extended = Buffer.alloc(isExtended ? 4 : 0);
    if (isExtended) extended.writeUInt32BE(timestamp);
    const parts = [basicHeader(0, chunkStream), head, extended];
    for (let at = 0; at < payload.length || at === 0; at += this.outgoingChunkSize) {
      if (at > 0) parts.push(basicHeader(3, chunkStream), extended);
      parts.push(payload.subarray(at, at + this.outgoingChunkSize));
    }
    return Buffer.concat(parts);
  }

  send(...args) {
    return this.write(this.message(...args));
  }

  /** Writes bytes as they are; false when the socket wants a pause. */
  write(bytes) {
    return !this.socket.destroyed && this.socket.write(bytes);
  }

  async drain() {
    if (this.socket.writableNeedDrain) await Promise.race([once(this.socket, "drain"), this.ended]);
  }

  command(values, options) {
    return this.send(TYPE.command, 0, encodeAmf0(values), options);
  }

  setChunkSize(size) {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(size);
    this.send(TYPE.setChunkSize, 0, payload, { chunkStream: 2 });
    this.outgoingChunkSize = size;
  }

  /** `connect` to an app. */
  async open(app, tcUrl = `rtmp://127.0.0.1/${app}`) {
    await this.shake();
    this.command(["connect", 1, { app, type: "nonprivate", flashVer: "FMLE/3.0 (test)", tcUrl }]);
    return this.expect("an answer to connect", (said) => said.command?.[1] === 1);
  }

  /** Everything up to an accepted publish; the server's onStatus code if it refused. */
  async publish(path) {
    const slash = path.indexOf("/");
    await this.open(path.slice(0, slash));
    this.setChunkSize(65536);
    const name = path.slice(slash + 1);
    this.command(["releaseStream", 2, null, name]);
    this.command(["FCPublish", 3, null, name]);
    this.command(["createStream", 4, null]);
    const created = await this.expect("an answer to createStream", (said) => said.command?.[1] === 4);
    this.streamId = created.command[3];
    this.command(["publish", 5, null, name, "live"], { chunkStream: 4, messageStream: this.streamId });
    const status = await this.expect("an onStatus", (said) => said.command?.[0] === "onStatus");
    return status.command[3].code;
  }

  /** One FLV tag body with a timestamp of its own. */
  media(tag, timestampMs = tag.timestampMs) {
    return this.send(tag.type, timestampMs, tag.body, {
      chunkStream: tag.type === TYPE.audio ? 4 : 6,
      messageStream: this.streamId,
    });
  }

  expect(what, matches, timeoutMs = 5_000) {
    const seen = this.messages.find(matches);
    if (seen) {
      this.messages.splice(this.messages.indexOf(seen), 1);
      return Promise.resolve(seen);
    }
    let found;
    return this.#until(what, () => (found = this.messages.find(matches)) !== undefined, timeoutMs).then(() => {
      this.messages.splice(this.messages.indexOf(found), 1);
      return found;
    });
  }

  /** Ends with FIN, or with RST. */
  close({ reset = false } = {}) {
    this.endedBy ??= "by us";
    if (reset) this.socket.resetAndDestroy();
    else this.socket.end(() => this.socket.destroy());
    return this.ended;
  }

  #until(what, check, timeoutMs = 5_000) {
    if (check()) return Promise.resolve(true);
    return new Promise((resolve, reject) => {
      const done = (act) => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
        act();
      };
      const listener = () => check() && done(() => resolve(true));
      const timer = setTimeout(() => done(() => reject(new Error(`${what}: not within ${timeoutMs} ms`))), timeoutMs);
      this.#listeners.add(listener);
      this.ended.then((how) => done(() => reject(new Error(`connection ended (${how}) while waiting for ${what}`))));
    });
  }

  #take(bytes) {
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    if (this.#isShaken) while (this.#chunk());
    for (const listener of [...this.#listeners]) listener();
  }

  /** Reads one chunk; false when more bytes are needed. */
  #chunk() {
    const bytes = this.#waiting;
    if (bytes.length < 1) return false;
    const format = bytes[0] >> 6;
    let id = bytes[0] & 0x3f;
    let at = 1;
    if (id < 2) {
      if (bytes.length < 3) return false;
      at = id === 0 ? 2 : 3;
      id = 64 + bytes[1] + (id === 1 ? bytes[2] * 256 : 0);
    }
    const headBytes = [11, 7, 3, 0][format];
    if (bytes.length < at + headBytes) return false;
    const stream = this.#chunkStreams.get(id) ?? { parts: [], got: 0, length: 0, type: 0 };
    if (format < 3) stream.isExtended = bytes.readUIntBE(at, 3) === EXTENDED_FROM;
    if (format < 2) {
      stream.length = bytes.readUIntBE(at + 3, 3);
      stream.type = bytes[at + 6];
    }
    at += headBytes + (stream.isExtended ? 4 : 0);
    const take = Math.min(this.#incomingChunkSize, stream.length - stream.got);
    if (bytes.length < at + take) return false;
    stream.parts.push(bytes.subarray(at, at + take));
    stream.got += take;
    this.#chunkStreams.set(id, stream);
    this.#waiting = bytes.subarray(at + take);
    if (stream.got === stream.length) {
      const payload = Buffer.concat(stream.parts);
      Object.assign(stream, { parts: [], got: 0 });
      this.#hear(stream.type, payload);
    }
    return true;
  }

  #hear(type, payload) {
    if (type === TYPE.setChunkSize) this.#incomingChunkSize = payload.readUInt32BE(0);
    const said = { type, payload };
    if (type === TYPE.command) said.command = decodeAmf0(payload);
    // Media would fill the list of whoever only wants to be a viewer.
    if (type !== TYPE.audio && type !== TYPE.video) this.messages.push(said);
  }
}

function basicHeader(format, id) {
  if (id < 64) return Buffer.from([(format << 6) | id]);
  if (id < 320) return Buffer.from([format << 6, id - 64]);
  return Buffer.from([(format << 6) | 1, (id - 64) & 0xff, (id - 64) >> 8]);
}
