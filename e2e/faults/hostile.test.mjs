// Peers that lie, stall or flood: they are closed, the log says why, and nobody else notices.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import { encodeAmf0 } from "../lib/amf0.mjs";
import { loadMedia, publishMedia } from "../lib/encoder.mjs";
import { FlvChecker } from "../lib/flv.mjs";
import { openStream } from "../lib/http-stream.mjs";
import { sleep, until } from "../lib/processes.mjs";
import { RtmpClient, TYPE } from "../lib/rtmp.mjs";
import { settled, startWeir, untilLive } from "../lib/weir.mjs";

const HANDSHAKE_MS = 2_000;
/** A peer may leave answers unread for 10 s, from when no more of them fit into its socket. */
const UNREAD_MS = 16_000;
const RSS_GROWTH_MAX = 32 << 20;
const FDS_SLACK = 8;
/** `make soak` asks for a million. */
const CYCLES = Number(process.env.WEIR_CYCLES ?? 20_000);

let weir;
let host;
let viewer;
let checker;
let baseline;

before(async () => {
  weir = await startWeir({
    settings: { "rtmp.handshake_timeout_ms": HANDSHAKE_MS, "http.header_timeout_ms": HANDSHAKE_MS, "log.level": "info,gateway=debug,weir=debug" },
  });
  // Somebody else's stream and viewer, who must not notice anything.
  host = await publishMedia(weir.rtmpPort, "live/bystander", loadMedia("h264-aac.flv"));
  await untilLive(weir, "live/bystander", 2);
  checker = new FlvChecker();
  viewer = await openStream(`${weir.http}/live/bystander.flv`, (bytes, at) => checker.push(bytes, at));
  await until("the bystander sees pictures", () => checker.frames > 10 || undefined);
  baseline = await settled(weir);
});

after(async () => {
  await viewer?.close();
  await host?.stop();
  await weir?.stop();
});

beforeEach(() => assert.ok(weir.isRunning(), "the server is up"));

/** The server lives, holds no more than it should, and the bystander's stream is whole. */
async function assertUnharmed() {
  assert.ok(weir.isRunning(), weir.rawLog().slice(-2_000));
  await until("sockets are given back", () => weir.fds() <= baseline.fds + FDS_SLACK || undefined, HANDSHAKE_MS + 8_000);
  const growth = weir.rss() - baseline.rss;
  assert.ok(growth <= RSS_GROWTH_MAX, `memory grew by ${(growth / 2 ** 20).toFixed(1)} MiB`);
  const frames = checker.frames;
  await until("the bystander's pictures go on", () => checker.frames > frames + 5 || undefined, 3_000);
  assert.deepEqual(checker.errors, []);
  assert.equal(viewer.endedBy, undefined);
}

/** A shaken connection on which `attack` is done; how it ended. */
async function attack(act, { waitMs = HANDSHAKE_MS + 3_000 } = {}) {
  const client = await RtmpClient.connect(weir.rtmpPort);
  await client.shake();
  const logged = weir.log().length;
  await act(client);
  const how = await Promise.race([client.ended, sleep(waitMs).then(() => "still open")]);
  await client.close();
  return { how, log: JSON.stringify(weir.log().slice(logged)) };
}

/** `bytes` of values within values. */
function nested(bytes, open, close) {
  const depth = Math.floor(bytes / (open.length + close.length));
  return Buffer.concat([...Array(depth).fill(open), ...Array(depth).fill(close)]);
}

const CONNECT = encodeAmf0(["connect", 1]);

describe("hostile RTMP", () => {
  const NESTINGS = {
    objects: [Buffer.from([3, 0, 1, 0x61]), Buffer.from([0, 0, 9])],
    arrays: [Buffer.from([10, 0, 0, 0, 1]), Buffer.alloc(0)],
    "ECMA arrays": [Buffer.from([8, 0, 0, 0, 1, 0, 1, 0x61]), Buffer.from([0, 0, 9])],
  };
  for (const [name, nesting] of Object.entries(NESTINGS)) {
    // The smaller ones fit into what a command may have, so that it is the depth that must stop them.
    for (const [bytes, reason] of [[50_000, /nest|depth|deep/i], [300_000, /bytes|nest|depth|deep/i]]) {
      test(`${bytes} bytes of AMF0 ${name} within ${name} are refused, with the reason in the log`, async () => {
        const { how, log } = await attack((client) => {
          client.setChunkSize(65_536);
          client.send(TYPE.command, 0, Buffer.concat([CONNECT, nested(bytes, ...nesting)]));
        });
        assert.notEqual(how, "still open");
        assert.match(log, reason);
        await assertUnharmed();
      });
    }
  }

  test("nesting in metadata of an accepted publisher ends only that publisher", async () => {
    const client = await RtmpClient.connect(weir.rtmpPort);
    assert.equal(await client.publish("live/nesting"), "NetStream.Publish.Start");
    const payload = Buffer.concat([encodeAmf0(["@setDataFrame", "onMetaData"]), nested(300_000, ...NESTINGS.objects)]);
    client.send(TYPE.data, 0, payload, { messageStream: client.streamId });
    await sleep(500);
    await client.close();
    await assertUnharmed();
  });

  test("a message that claims 16 MB is refused before memory is taken for it", async () => {
    const { how, log } = await attack((client) => {
      client.send(TYPE.command, 0, CONNECT, { declaredLength: 0xffffff });
    });
    assert.notEqual(how, "still open");
    assert.match(log, /16777215|message_bytes_max/);
    await assertUnharmed();
  });

  test("60 messages of just under 8 MB that never end do not grow memory", async () => {
    const clients = [];
    for (let n = 0; n < 60; n += 1) {
      const client = await RtmpClient.connect(weir.rtmpPort);
      await client.shake();
      client.send(TYPE.command, 0, CONNECT, { declaredLength: 8_000_000 });
      clients.push(client);
    }
    const growth = weir.rss() - baseline.rss;
    assert.ok(growth <= RSS_GROWTH_MAX, `memory grew by ${(growth / 2 ** 20).toFixed(1)} MiB`);
    await Promise.all(clients.map((client) => client.close()));
    await assertUnharmed();
  });

  for (const size of [0, 0x7fffffff, 0xffffffff]) {
    test(`a chunk size of ${size} does no harm`, async () => {
      await attack((client) => {
        const payload = Buffer.alloc(4);
        payload.writeUInt32BE(size);
        client.send(TYPE.setChunkSize, 0, payload, { chunkStream: 2 });
        client.command(["connect", 1, { app: "live" }]);
      });
      await assertUnharmed();
    });
  }

  test("chunks of one byte, which only burn time, are understood or refused", async () => {
    const { how, log } = await attack(async (client) => {
      client.setChunkSize(1);
      client.command(["connect", 1, { app: "live", tcUrl: "rtmp://127.0.0.1/live", pad: "x".repeat(8_000) }]);
      await Promise.race([client.expect("an answer to connect", (said) => said.command?.[1] === 1), client.ended]);
      await client.close();
    });
    if (how !== "by us") assert.match(log, /chunk size 1 /);
    await assertUnharmed();
  });

  test("a 65th chunk stream is refused and said", async () => {
    const { how, log } = await attack((client) => {
      for (let id = 3; id < 3 + 65; id += 1) {
        // A first chunk of the default 128 bytes, so that each message stays unfinished.
        client.send(TYPE.command, 0, Buffer.alloc(128, 2), { chunkStream: id, declaredLength: 200 });
      }
    });
    assert.notEqual(how, "still open");
    assert.match(log, /chunk.streams?/i);
    await assertUnharmed();
  });

  test("garbage in place of a handshake, after it, and instead of media is survived", async () => {
    for (let round = 0; round < 60; round += 1) {
      const socket = connect(weir.rtmpPort, "127.0.0.1");
      socket.on("error", () => {});
      await once(socket, "connect");
      socket.write(randomBytes(1 + round * 97));
      setTimeout(() => socket.destroy(), 200);
    }
    for (let round = 0; round < 60; round += 1) {
      const client = await RtmpClient.connect(weir.rtmpPort);
      await client.shake();
      client.write(randomBytes(4_000));
      setTimeout(() => client.close(), 200);
    }
    for (let round = 0; round < 30; round += 1) {
      const client = await RtmpClient.connect(weir.rtmpPort);
      if ((await client.publish(`live/garbage-${round}`)) !== "NetStream.Publish.Start") continue;
      for (const type of [TYPE.audio, TYPE.video, TYPE.data]) {
        for (let n = 0; n < 10; n += 1) client.send(type, n, randomBytes(n * 50), { messageStream: client.streamId });
      }
      setTimeout(() => client.close(), 200);
    }
    await sleep(1_000);
    await assertUnharmed();
  });

  test("names that would be paths are refused", async () => {
    for (const [app, name] of [["live", "../../etc/passwd"], ["..", "x"], ["live", "a/../../b"], ["live", "a\0b"], ["live", "x".repeat(5_000)], ["", ""]]) {
      const client = await RtmpClient.connect(weir.rtmpPort);
      let code;
      try {
        await client.open(app);
        client.command(["createStream", 2, null]);
        const created = await client.expect("createStream", (said) => said.command?.[1] === 2, 1_500);
        client.command(["publish", 3, null, name, "live"], { messageStream: created.command[3] });
        code = (await client.expect("onStatus", (said) => said.command?.[0] === "onStatus", 1_500)).command[3].code;
      } catch {
        code = "closed";
      }
      assert.notEqual(code, "NetStream.Publish.Start", `${app}/${name.slice(0, 40)}`);
      await client.close();
    }
    for (const path of ["/live/../../etc/passwd", "/live/..%2f..%2fetc%2fpasswd", "/live/%00.flv", "/live/a/b/c/d/e/f.m3u8"]) {
      const response = await rawGet(path);
      assert.match(response, /^HTTP\/1\.1 4\d\d /, path);
    }
    await assertUnharmed();
  });

  test("a peer that asks and never reads the answers is closed", async () => {
    const client = await RtmpClient.connect(weir.rtmpPort);
    await client.open("live");
    client.socket.pause();
    const ping = Buffer.alloc(6);
    ping.writeUInt16BE(6, 0);
    const pings = Buffer.concat(Array(5_000).fill(client.message(TYPE.userControl, 0, ping, { chunkStream: 2 })));
    const began = performance.now();
    // Its own end of the connection is only noticed by writing.
    while (client.endedBy === undefined && !client.socket.destroyed && performance.now() - began < UNREAD_MS) {
      if (client.socket.writableLength < 4 << 20) client.write(pings);
      await sleep(20);
    }
    assert.ok(client.socket.destroyed || client.endedBy !== undefined, `closed within ${UNREAD_MS} ms`);
    await client.close();
    await assertUnharmed();
  });
});

describe("slow peers", () => {
  /** Opens `count` connections and feeds each a byte of `text` now and then; how long each was let stay, in ms. */
  async function slowloris(port, count, text, everyMs) {
    return Promise.all(
      Array.from({ length: count }, async () => {
        const socket = connect(port, "127.0.0.1");
        socket.on("error", () => {});
        socket.resume();
        await once(socket, "connect");
        const began = performance.now();
        const closed = new Promise((done) => socket.once("close", done));
        let at = 0;
        const feeder = setInterval(() => at < text.length && socket.write(text.subarray(at, ++at)), everyMs);
        const deadline = setTimeout(() => socket.destroy(), 25_000);
        await closed;
        clearInterval(feeder);
        clearTimeout(deadline);
        return performance.now() - began;
      }),
    );
  }

  const HANDSHAKE = Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]);
  const HEAD = Buffer.from(`GET /live/bystander.flv HTTP/1.1\r\nHost: x\r\nX-Pad: ${"a".repeat(4_000)}`);

  for (const [name, port, text] of [["RTMP", "rtmpPort", HANDSHAKE], ["HTTP", "httpPort", HEAD]]) {
    test(`200 ${name} connections that dribble are closed after the configured time`, async (t) => {
      const others = [];
      const stop = setInterval(async () => {
        const began = performance.now();
        await fetch(`${weir.http}/healthz`).then((response) => response.text());
        others.push(performance.now() - began);
      }, 100);
      const stays = await slowloris(weir[port], 200, text, 50);
      clearInterval(stop);
      const longest = Math.max(...stays);
      others.sort((a, b) => a - b);
      const p99 = others[Math.floor(others.length * 0.99)];
      t.diagnostic(`closed after at most ${Math.round(longest)} ms, others' requests p99 ${p99.toFixed(1)} ms`);
      assert.ok(longest <= HANDSHAKE_MS + 1_500, `one stayed ${Math.round(longest)} ms`);
      await assertUnharmed();
    });
  }

  test("with the defaults a stalled handshake is closed after ten seconds", async (t) => {
    const plain = await startWeir();
    try {
      const [rtmp, http] = await Promise.all([
        slowloris(plain.rtmpPort, 5, HANDSHAKE, 400),
        slowloris(plain.httpPort, 5, HEAD, 400),
      ]);
      const longest = { rtmp: Math.round(Math.max(...rtmp)), http: Math.round(Math.max(...http)) };
      t.diagnostic(JSON.stringify(longest));
      for (const [name, ms] of Object.entries(longest)) assert.ok(ms >= 9_000 && ms <= 11_500, `${name}: ${ms} ms`);
    } finally {
      await plain.stop();
    }
  });
});

test(`${CYCLES} connections that come and break off leave nothing behind`, { timeout: Infinity }, async (t) => {
  const kinds = [
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.write(Buffer.from([3, 0, 0, 0]), () => socket.destroy()),
    (socket) => socket.write(Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]), () => socket.resetAndDestroy()),
    (socket) => socket.end("GET /live/nobody.flv HTTP/1.1\r\nHost: x\r\n\r\n", () => socket.resetAndDestroy()),
    (socket) => socket.write("GET /live/bystander.flv HTTP/1.1\r\nHost: x\r\n\r\n", () => setTimeout(() => socket.resetAndDestroy(), 2)),
    (socket) => socket.end("\x16\x03\x01\x02\x00garbage"),
  ];
  let warm;
  let done = 0;
  const AT_ONCE = 50;
  const began = performance.now();
  const worker = async () => {
    while (done < CYCLES) {
      const n = done;
      done += 1;
      const kind = kinds[n % kinds.length];
      const isHttp = n % kinds.length >= 3;
      const socket = connect(isHttp ? weir.httpPort : weir.rtmpPort, "127.0.0.1");
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.on("error", () => {});
      socket.resume();
      socket.once("connect", () => kind(socket));
      const timer = setTimeout(() => socket.destroy(), 5_000);
      await closed;
      clearTimeout(timer);
      // What is allocated once, for thread caches and tables, is not growth.
      if (n === Math.floor(CYCLES / 4)) warm = weir.rss();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const perSecond = Math.round((CYCLES * 1000) / (performance.now() - began));
  await assertUnharmed();
  const growth = weir.rss() - warm;
  t.diagnostic(`${perSecond} per second, memory ${(growth / 2 ** 20).toFixed(1)} MiB more than after a quarter of them`);
  assert.ok(growth <= 8 << 20, `memory grew by ${(growth / 2 ** 20).toFixed(1)} MiB`);
});

/** A request whose path no client library would leave as it is. */
async function rawGet(path) {
  const socket = connect(weir.httpPort, "127.0.0.1");
  let text = "";
  socket.on("data", (bytes) => (text += bytes));
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  await Promise.race([once(socket, "close"), sleep(3_000)]);
  socket.destroy();
  return text;
}
