// A socket.io 4 client over a bare WebSocket, cheap enough to run thousands in one process: it looks at the head of
// each frame, and at the text only when asked to.

import { randomBytes } from "node:crypto";
import { connect } from "node:net";

const EMPTY = Buffer.alloc(0);

/**
 * Opens one and resolves when it is connected. `onPacket(bytes)` gets the packet of each event, which nobody has parsed:
 * `42["comment",{…}]`.
 */
export function openSocket(port, token, onPacket) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    const acks = new Map();
    let nextAck = 0;
    let rest = EMPTY;
    let isOpen = false;
    const client = {
      isCut: false,
      /** Sends an event; the ack's first value when one is wanted. */
      emit(name, data) {
        socket.write(frame(`42${JSON.stringify([name, data])}`));
      },
      ask(name, data) {
        const id = nextAck++;
        socket.write(frame(`42${id}${JSON.stringify([name, data])}`));
        return new Promise((done) => acks.set(id, done));
      },
      close: () => socket.destroy(),
    };
    const packet = (payload) => {
      const kind = payload[0];
      if (kind === 0x32) socket.write(frame("3"));
      else if (kind === 0x30) socket.write(frame(`40${JSON.stringify({ token })}`));
      else if (kind === 0x34 && payload[1] === 0x30) resolve(client);
      else if (kind === 0x34 && payload[1] === 0x33) {
        const text = payload.toString();
        const at = text.indexOf("[");
        const id = Number(text.slice(2, at));
        acks.get(id)?.(JSON.parse(text.slice(at))[0]);
        acks.delete(id);
      } else if (kind === 0x34 && payload[1] === 0x32) onPacket(payload, client);
    };
    socket.on("data", (chunk) => {
      let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      if (!isOpen) {
        const end = bytes.indexOf("\r\n\r\n");
        if (end < 0) return void (rest = bytes);
        const line = bytes.toString("latin1", 0, bytes.indexOf("\r\n"));
        if (!line.includes(" 101 ")) return socket.destroy(new Error(line));
        isOpen = true;
        bytes = bytes.subarray(end + 4);
      }
      let at = 0;
      for (;;) {
        if (bytes.length < at + 2) break;
        let size = bytes[at + 1] & 0x7f;
        let head = 2;
        if (size === 126) {
          if (bytes.length < at + 4) break;
          size = bytes.readUInt16BE(at + 2);
          head = 4;
        } else if (size === 127) {
          if (bytes.length < at + 10) break;
          size = Number(bytes.readBigUInt64BE(at + 2));
          head = 10;
        }
        if (bytes.length < at + head + size) break;
        const opcode = bytes[at] & 0x0f;
        if (opcode === 1) packet(bytes.subarray(at + head, at + head + size));
        else if (opcode === 8) socket.destroy();
        at += head + size;
      }
      rest = at === bytes.length ? EMPTY : bytes.subarray(at);
    });
    socket.on("error", reject);
    socket.on("close", () => {
      client.isCut = true;
      reject(new Error("the connection was closed"));
    });
    socket.write(
      `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\n` +
        `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
    );
  });
}

/** A masked text frame; the mask is zero, which is one too. */
function frame(text) {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? Buffer.alloc(6) : Buffer.alloc(8);
  head[0] = 0x81;
  if (payload.length < 126) head[1] = 0x80 | payload.length;
  else {
    head[1] = 0x80 | 126;
    head.writeUInt16BE(payload.length, 2);
  }
  return Buffer.concat([head, payload]);
}
