// Viewers that do not read, beside those that do.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { loadMedia, noise, publishMedia } from "../lib/encoder.mjs";
import { FlvChecker } from "../lib/flv.mjs";
import { openStream } from "../lib/http-stream.mjs";
import { sleep, until } from "../lib/processes.mjs";
import { settled, startWeir, untilLive } from "../lib/weir.mjs";

/** Mbit/s; what a test machine of two cores carries beside everything else. */
const RATE = 32_000_000;
const STALLED = 20;
const SECONDS = 8;
const RSS_GROWTH_MAX = 32 << 20;
const STALL_MAX_MS = 20_000;

let weir;
let open = [];

before(async () => {
  weir = await startWeir({ settings: { "delivery.stall_max_ms": STALL_MAX_MS, "hub.lag_max_ms": 2_000 } });
});

after(() => weir?.stop());

afterEach(async () => {
  await Promise.all(open.map((one) => (one.stop ? one.stop() : one.close())));
  open = [];
});

const closing = (one) => {
  open.push(one);
  return one;
};

test(`${STALLED} viewers that read nothing cost no memory and slow nobody`, { timeout: 90_000 }, async (t) => {
  const path = "live/flood";
  const host = closing(await publishMedia(weir.rtmpPort, path, noise(RATE)));
  await untilLive(weir, path);
  const checker = new FlvChecker();
  const fast = closing(await openStream(`${weir.http}/${path}.flv`, (bytes, at) => checker.push(bytes, at)));
  await until("the fast viewer sees pictures", () => checker.frames > 25 || undefined);
  const { rss } = await settled(weir);
  for (let n = 0; n < STALLED; n += 1) {
    const slow = closing(await openStream(`${weir.http}/${path}.flv`));
    slow.pause();
  }
  const from = { frames: checker.frames, ms: checker.lastMs, at: performance.now(), sent: host.bytes, bytes: checker.bytes };
  let peak = 0;
  while (performance.now() - from.at < SECONDS * 1000) {
    peak = Math.max(peak, weir.rss());
    await sleep(200);
  }
  const metrics = await (await fetch(`${weir.http}/metrics`)).text();
  const lag = Number(/^weir_stream_viewer_lag_seconds\{stream="live\/flood",protocol="http-flv"\} (\S+)$/m.exec(metrics)[1]);
  assert.ok(lag >= 1 && lag <= SECONDS + 3, `the metrics say the slowest viewer is ${lag} s behind`);
  const sent = host.bytes - from.sent;
  const share = (checker.bytes - from.bytes) / sent;
  const growth = peak - rss;
  t.diagnostic(
    `${((sent * 8) / SECONDS / 1e6).toFixed(1)} Mbit/s, fast viewer got ${share.toFixed(3)} of it, memory +${(growth / 2 ** 20).toFixed(1)} MiB`,
  );
  assert.ok(sent * 8 >= RATE * SECONDS * 0.9, "the publisher never waited");
  assert.ok(share >= 0.98, `the fast viewer got ${share.toFixed(3)} of the bytes`);
  assert.deepEqual(checker.errors, []);
  assert.equal(checker.skips, 0, "the fast viewer is not skipped forward");
  assert.equal(fast.endedBy, undefined);
  // The stream's own ring for the larger lag is not the viewers' doing; the growth is measured from a full one.
  assert.ok(growth <= RSS_GROWTH_MAX, `memory grew by ${(growth / 2 ** 20).toFixed(1)} MiB`);
});

test("a viewer that stalls and comes back goes on at a keyframe, with whole tags and a clean timeline", { timeout: 90_000 }, async (t) => {
  const path = "live/stall";
  closing(await publishMedia(weir.rtmpPort, path, noise(8_000_000)));
  await untilLive(weir, path);
  // A gap is longer than a picture of 25 per second: what follows it must be a keyframe.
  const checker = new FlvChecker({ gapMaxMs: 200 });
  const viewer = closing(await openStream(`${weir.http}/${path}.flv`, (bytes, at) => checker.push(bytes, at)));
  await until("pictures", () => checker.frames > 25 || undefined);
  viewer.pause();
  // The kernel's buffers hold some seconds of it.
  await sleep(14_000);
  viewer.resume();
  await sleep(4_000);
  t.diagnostic(`skips ${checker.skips}, longest step ${checker.longestStepMs} ms`);
  assert.equal(viewer.endedBy, undefined, "it is not closed");
  assert.ok(checker.skips >= 1, "it was moved forward");
  assert.deepEqual(checker.errors, []);
  const behindMs = Math.abs(await behind(path, checker));
  assert.ok(behindMs <= 2_500, `it is ${behindMs} ms behind after the skip`);
});

test("a viewer that takes nothing at all is closed after the limit", { timeout: 90_000 }, async () => {
  const short = await startWeir({ settings: { "delivery.stall_max_ms": 2_000 } });
  try {
    const host = closing(await publishMedia(short.rtmpPort, "live/dead", noise(RATE)));
    await untilLive(short, "live/dead");
    const viewer = await openStream(`${short.http}/live/dead.flv`);
    viewer.pause();
    await until("the viewer is gone from the list", async () => {
      const { viewer_count: count } = await short.get("/api/v1/play/live/dead");
      return count === 0 || undefined;
    }, 15_000, 200);
    await viewer.close();
    assert.equal(host.client.endedBy, undefined);
  } finally {
    await short.stop();
  }
});

test("sound alone rides without waiting for pictures", async () => {
  closing(await publishMedia(weir.rtmpPort, "live/sound", loadMedia("audio-only.flv")));
  await untilLive(weir, "live/sound");
  const checker = new FlvChecker();
  closing(await openStream(`${weir.http}/live/sound.flv`, (bytes, at) => checker.push(bytes, at)));
  await until("sound", () => checker.audioPackets > 40 || undefined, 5_000);
  checker.longestSilenceMs = 0;
  await sleep(2_000);
  assert.ok(checker.longestSilenceMs <= 400, `silent for ${Math.round(checker.longestSilenceMs)} ms`);
  assert.deepEqual(checker.errors, []);
});

/** How far `checker` is behind a viewer who joins now, in milliseconds of media. */
async function behind(path, checker) {
  const fresh = new FlvChecker();
  const viewer = await openStream(`${weir.http}/${path}.flv`, (bytes, at) => fresh.push(bytes, at));
  await until("a fresh viewer is at the edge", () => fresh.frames > 30 || undefined, 5_000);
  await viewer.close();
  return fresh.lastMs - checker.lastMs;
}
