// Stopping the server under load.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { loadMedia, publishMedia } from "../lib/encoder.mjs";
import { publishFile } from "../lib/ffmpeg.mjs";
import { FlvChecker } from "../lib/flv.mjs";
import { openStream } from "../lib/http-stream.mjs";
import { run, sleep, until, withoutSettings } from "../lib/processes.mjs";
import { startWeir, untilLive, WEIR } from "../lib/weir.mjs";

const EXIT_MAX_MS = 10_000;

for (const signal of ["SIGTERM", "SIGINT"]) {
  test(`${signal} under load ends the server in time, with code 0 and whole tags`, async (t) => {
    const weir = await startWeir();
    const media = loadMedia("h264-aac.flv");
    const hosts = [];
    const viewers = [];
    try {
      for (let n = 0; n < 5; n += 1) hosts.push(await publishMedia(weir.rtmpPort, `live/load-${n}`, media));
      await untilLive(weir, "live/load-4", 2);
      for (let n = 0; n < 50; n += 1) {
        const checker = new FlvChecker();
        const address = `${n % 2 ? weir.ws : weir.http}/live/load-${n % 5}.flv`;
        const stream = await openStream(address, (bytes, at) => checker.push(bytes, at));
        // Some do not read, and must not hold up the others' end.
        if (n % 10 === 0) stream.pause();
        viewers.push({ checker, stream, reads: n % 10 !== 0 });
      }
      const playlist = await fetch(`${weir.http}/live/load-0/index.m3u8`);
      assert.equal(playlist.status, 200);
      await sleep(2_000);
      const ended = Promise.all(viewers.filter(({ reads }) => reads).map(({ stream }) => stream.ended));
      const { code, signal: killedBy, tookMs } = await weir.stop(signal);
      t.diagnostic(`ended after ${tookMs} ms`);
      assert.equal(code, 0, `killed by ${killedBy}: ${weir.rawLog().slice(-1_000)}`);
      assert.ok(tookMs <= EXIT_MAX_MS, `${tookMs} ms`);
      await ended;
      for (const { checker } of viewers.filter(({ reads }) => reads)) {
        assert.deepEqual(checker.errors, []);
        assert.ok(checker.frames > 0);
        assert.equal(checker.unfinishedBytes, 0, "no tag is cut in two");
      }
    } finally {
      await Promise.all(hosts.map((host) => host.stop()));
      await Promise.all(viewers.map(({ stream }) => stream.close()));
      await weir.stop();
    }
  });
}

test("an encoder that tries again finds the restarted server, and so do viewers", async () => {
  const port = await freePort();
  const settings = { "rtmp.listen": `127.0.0.1:${port}` };
  const first = await startWeir({ settings });
  const host = publishFile("h264-aac.flv", `${first.rtmp}/live/again`);
  await untilLive(first, "live/again", 2);
  first.signal("SIGKILL");
  await first.exited;
  const { code } = await host.exited;
  assert.notEqual(code, 0, "the encoder is told by its connection");
  await first.stop();
  const began = performance.now();
  const second = await startWeir({ settings });
  try {
    await until("ready", async () => (await fetch(`${second.http}/readyz`)).ok || undefined, 2_000);
    const tookMs = performance.now() - began;
    assert.ok(tookMs <= 2_000, `ready after ${Math.round(tookMs)} ms`);
    const again = publishFile("h264-aac.flv", `${second.rtmp}/live/again`);
    await untilLive(second, "live/again", 2);
    await again.stop();
  } finally {
    await second.stop();
  }
});

test("a wrong setting is named, with what was expected", async () => {
  const wrong = { WEIR_HUB_HOLD_MS: "soon", WEIR_HUB_HODL_MS: "3", WEIR_HTTP_LISTEN: "nowhere" };
  for (const [name, value] of Object.entries(wrong)) {
    const env = { ...withoutSettings(process.env), [name]: value };
    const { code, stderr } = await run(WEIR, ["config", "check"], { env, fails: true });
    assert.notEqual(code, 0, name);
    assert.match(stderr, new RegExp(`${name}|http\\.listen`));
    assert.match(stderr, /expected/);
  }
});

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}
