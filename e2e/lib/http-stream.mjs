// Viewers with sockets of their own: a live body over HTTP/1.1, and binary messages over WebSocket (RFC 6455).

import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";

const WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * Opens `url` (http:, https:, ws: or wss:; `ca` is who vouches for the server) and hands its media to `onData(bytes, at)`. The answer resolves when the head has come:
 * `{ socket, status, headers, ended, pause(), resume(), close() }`; `ended` resolves with how the connection ended.
 */
export async function openStream(url, onData = () => {}, { headers = {}, ca } = {}) {
  const address = new URL(url);
  const isWebSocket = address.protocol.startsWith("ws");
  const isTls = ["https:", "wss:"].includes(address.protocol);
  const key = randomBytes(16).toString("base64");
  const to = { host: address.hostname, port: Number(address.port) };
  const socket = isTls ? connectTls({ ...to, ca, ALPNProtocols: ["http/1.1"] }) : connect(to);
  socket.setNoDelay(true);
  const stream = { socket, status: 0, headers: {}, bytes: 0, endedBy: undefined };
  let take;
  stream.ended = new Promise((done) => {
    socket.once("end", () => (stream.endedBy ??= "eof"));
    socket.once("error", (error) => (stream.endedBy ??= error.code ?? error.message));
    socket.once("close", () => done((stream.endedBy ??= "closed")));
  });
  const head = new Promise((resolve, reject) => {
    let waiting = Buffer.alloc(0);
    take = (chunk, at) => {
      waiting = Buffer.concat([waiting, chunk]);
      const end = waiting.indexOf("\r\n\r\n");
      if (end < 0) return;
      Object.assign(stream, parseHead(waiting.toString("latin1", 0, end)));
      const rest = waiting.subarray(end + 4);
      take = body(stream, isWebSocket, onData);
      resolve();
      if (rest.length > 0) take(rest, at);
    };
    stream.ended.then((how) => reject(new Error(`${url}: connection ended (${how}) before an answer`)));
  });
  // Where nobody listens, waiting for the connection fails first, and nobody waits for the head.
  head.catch(() => {});
  socket.on("data", (chunk) => {
    try {
      take(chunk, performance.now());
    } catch (error) {
      stream.error ??= error;
      socket.destroy();
    }
  });
  await once(socket, isTls ? "secureConnect" : "connect");
  const lines = [`GET ${address.pathname}${address.search} HTTP/1.1`, `Host: ${address.host}`];
  if (isWebSocket) {
    lines.push("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", `Sec-WebSocket-Key: ${key}`);
  }
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  await head;
  if (isWebSocket && stream.status === 101) {
    const accept = createHash("sha1").update(key + WEBSOCKET_GUID).digest("base64");
    if (stream.headers["sec-websocket-accept"] !== accept) throw new Error("wrong Sec-WebSocket-Accept");
  }
  stream.pause = () => socket.pause();
  stream.resume = () => socket.resume();
  stream.close = () => {
    stream.endedBy ??= "by us";
    socket.destroy();
    return stream.ended;
  };
  return stream;
}

/** Reads what `url` sends for `ms`, from the first byte of media on, as one buffer. */
export async function capture(url, ms, options) {
  const chunks = [];
  let began;
  const first = new Promise((done) => (began = done));
  const stream = await openStream(url, (bytes) => {
    chunks.push(bytes);
    began();
  }, options);
  if (stream.status !== 200 && stream.status !== 101) {
    await stream.close();
    throw new Error(`${url} answered ${stream.status}`);
  }
  await Promise.race([first, stream.ended]);
  await Promise.race([new Promise((done) => setTimeout(done, ms)), stream.ended]);
  await stream.close();
  if (stream.error) throw stream.error;
  return Buffer.concat(chunks);
}

function parseHead(text) {
  const [line, ...rest] = text.split("\r\n");
  const headers = Object.fromEntries(
    rest.map((field) => [field.slice(0, field.indexOf(":")).toLowerCase(), field.slice(field.indexOf(":") + 1).trim()]),
  );
  return { status: Number(line.split(" ")[1]), headers };
}

/** What takes the bytes after the head. */
function body(stream, isWebSocket, onData) {
  const give = (bytes, at) => {
    stream.bytes += bytes.length;
    onData(bytes, at);
  };
  if (isWebSocket && stream.status === 101) return webSocketMessages(stream, give);
  if (/chunked/i.test(stream.headers["transfer-encoding"] ?? "")) return chunkedBody(give);
  return give;
}

/** RFC 9112 §7.1. */
function chunkedBody(give) {
  let waiting = Buffer.alloc(0);
  return (chunk, at) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (;;) {
      const end = waiting.indexOf("\r\n");
      if (end < 0) return;
      const size = Number.parseInt(waiting.toString("latin1", 0, end), 16);
      if (Number.isNaN(size)) throw new Error("a chunk without a size");
      if (waiting.length < end + 2 + size + 2) return;
      if (size > 0) give(waiting.subarray(end + 2, end + 2 + size), at);
      waiting = waiting.subarray(end + 2 + size + 2);
    }
  };
}

/** RFC 6455 §5.2: binary messages are media, a ping is answered, text is an error. */
function webSocketMessages(stream, give) {
  let waiting = Buffer.alloc(0);
  return (chunk, at) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (;;) {
      if (waiting.length < 2) return;
      const opcode = waiting[0] & 0x0f;
      if (waiting[0] & 0x70) throw new Error("reserved bits of a WebSocket frame are set");
      if (waiting[1] & 0x80) throw new Error("a server must not mask its frames");
      let size = waiting[1] & 0x7f;
      let head = 2;
      if (size === 126) {
        if (waiting.length < 4) return;
        size = waiting.readUInt16BE(2);
        head = 4;
      } else if (size === 127) {
        if (waiting.length < 10) return;
        size = Number(waiting.readBigUInt64BE(2));
        head = 10;
      }
      if (waiting.length < head + size) return;
      const payload = waiting.subarray(head, head + size);
      waiting = waiting.subarray(head + size);
      if (opcode === 0 || opcode === 2) give(payload, at);
      else if (opcode === 8) stream.endedBy ??= `close ${size >= 2 ? payload.readUInt16BE(0) : ""}`.trim();
      else if (opcode === 9) stream.socket.write(webSocketFrame(10, payload));
      else if (opcode !== 10) throw new Error(`a WebSocket frame with opcode ${opcode}`);
    }
  };
}

/** A frame from a client, which is always masked. */
export function webSocketFrame(opcode, payload) {
  const mask = randomBytes(4);
  const masked = Buffer.from(payload.map((byte, i) => byte ^ mask[i % 4]));
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), mask, masked]);
}
