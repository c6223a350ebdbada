// Sessions of a real publisher with bytes changed, cut, doubled and swapped, from a fixed seed.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { encodeAmf0 } from "../lib/amf0.mjs";
import { loadMedia, publishMedia } from "../lib/encoder.mjs";
import { FlvChecker } from "../lib/flv.mjs";
import { openStream } from "../lib/http-stream.mjs";
import { until } from "../lib/processes.mjs";
import { RtmpClient, TYPE } from "../lib/rtmp.mjs";
import { settled, startWeir, untilLive } from "../lib/weir.mjs";

/** `make soak` asks for more. */
const SESSIONS = Number(process.env.WEIR_SESSIONS ?? 4_000);
const AT_ONCE = 40;
/** How long a session may listen to what it caused. */
const LINGER_MS = 60;
const RSS_GROWTH_MAX = 32 << 20;
const FDS_SLACK = 8;
const SEED = 20_160_907;

test(`${SESSIONS} mutated sessions leave the server as it was`, { timeout: Number.POSITIVE_INFINITY }, async (t) => {
  const weir = await startWeir({ settings: { "log.level": "info", "hub.hold_ms": 200 } });
  const media = loadMedia("h264-aac.flv");
  const host = await publishMedia(weir.rtmpPort, "live/bystander", media);
  try {
    await untilLive(weir, "live/bystander", 2);
    const checker = new FlvChecker();
    const viewer = await openStream(`${weir.http}/live/bystander.flv`, (bytes, at) => checker.push(bytes, at));
    await until("pictures", () => checker.frames > 10 || undefined);
    const random = generator(SEED);
    // Unchanged it is accepted: otherwise the changes would only ever test the first refusal.
    await send(weir.rtmpPort, Buffer.concat(session(media, "unchanged")));
    assert.match(weir.rawLog(), /"publishing","stream":"live\/unchanged"/);
    let baseline;
    let done = 0;
    const worker = async (_, place) => {
      // A name of its own, or all but one would only be told that it is taken.
      const parts = session(media, `mutated-${place}`);
      while (done < SESSIONS) {
        const n = done;
        done += 1;
        await send(weir.rtmpPort, mutate(parts, random));
        if (n === Math.floor(SESSIONS / 4)) baseline = { rss: weir.rss(), fds: weir.fds() };
        assert.ok(weir.isRunning(), `session ${n} of seed ${SEED} ended the server: ${weir.rawLog().slice(-2_000)}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const { rss, fds } = await settled(weir, 2_000);
    t.diagnostic(`memory ${((rss - baseline.rss) / 2 ** 20).toFixed(1)} MiB, sockets ${fds} after ${baseline.fds}`);
    assert.doesNotMatch(weir.rawLog(), /panic/);
    assert.ok(rss - baseline.rss <= RSS_GROWTH_MAX);
    assert.ok(fds <= baseline.fds + FDS_SLACK, `${fds} files open`);
    assert.deepEqual(checker.errors, []);
    assert.equal(viewer.endedBy, undefined);
    await viewer.close();
  } finally {
    await host.stop();
    await weir.stop();
  }
});

/** A whole publisher's session, in pieces whose order can be changed. */
function session(media, name) {
  const client = new RtmpClient();
  const chunkSize = Buffer.alloc(4);
  chunkSize.writeUInt32BE(4_096);
  const handshake = Buffer.concat([Buffer.from([3]), Buffer.alloc(2 * 1536, 7)]);
  const command = (values, options) => client.message(TYPE.command, 0, encodeAmf0(values), options);
  const pieces = [
    handshake,
    command(["connect", 1, { app: "live", type: "nonprivate", tcUrl: "rtmp://127.0.0.1/live", fourCcList: null, capsEx: 15 }]),
    client.message(TYPE.setChunkSize, 0, chunkSize, { chunkStream: 2 }),
  ];
  client.outgoingChunkSize = 4_096;
  pieces.push(
    command(["releaseStream", 2, null, name]),
    command(["createStream", 4, null]),
    command(["publish", 5, null, name, "live"], { chunkStream: 4, messageStream: 1 }),
    client.message(TYPE.data, 0, encodeAmf0(["@setDataFrame", "onMetaData", { width: 320, videocodecid: 7, encoder: "x" }]), { messageStream: 1 }),
  );
  for (const tag of [...media.configs, ...media.packets.slice(0, 12)]) {
    pieces.push(client.message(tag.type, tag.timestampMs, tag.body, { chunkStream: 6, messageStream: 1 }));
  }
  pieces.push(command(["FCUnpublish", 6, null, name]), command(["deleteStream", 7, null, 1]));
  return pieces;
}

/** One to six changes; the handshake mostly stays whole, or nothing behind it would ever be read. */
function mutate(parts, random) {
  const pieces = parts.map((piece) => Buffer.from(piece));
  const pick = (count) => Math.floor(random() * count);
  for (let changes = 1 + pick(6); changes > 0; changes -= 1) {
    const at = random() < 0.05 ? 0 : 1 + pick(pieces.length - 1);
    const piece = pieces[at];
    const place = pick(piece.length);
    switch (pick(6)) {
      case 0:
        piece[place] ^= 1 << pick(8);
        break;
      case 1:
        // Headers are where lengths, types and identifiers are.
        piece[pick(Math.min(20, piece.length))] = [0, 1, 0x7f, 0x80, 0xff][pick(5)];
        break;
      case 2:
        pieces[at] = piece.subarray(0, Math.max(1, place));
        break;
      case 3:
        pieces.splice(at, 0, Buffer.from(piece));
        break;
      case 4: {
        const other = 1 + pick(pieces.length - 1);
        [pieces[at], pieces[other]] = [pieces[other], pieces[at]];
        break;
      }
      default:
        pieces[at] = Buffer.concat([piece.subarray(0, place), Buffer.alloc(1 + pick(40), pick(256)), piece.subarray(place)]);
    }
  }
  return Buffer.concat(pieces);
}

function send(port, bytes) {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.once("close", done);
    socket.resume();
    socket.once("connect", () => {
      socket.write(bytes);
      setTimeout(() => socket.destroy(), LINGER_MS);
    });
  });
}

/** Mulberry32: the same numbers for the same seed. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
