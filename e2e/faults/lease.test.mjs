// Who may publish when somebody does, what viewers see when a publisher drops and comes back.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { loadMedia, publishMedia } from "../lib/encoder.mjs";
import { fixture, publishFile } from "../lib/ffmpeg.mjs";
import { FlvChecker } from "../lib/flv.mjs";
import { openStream } from "../lib/http-stream.mjs";
import { run, sleep, until } from "../lib/processes.mjs";
import { RtmpClient } from "../lib/rtmp.mjs";
import { startWeir, untilLive } from "../lib/weir.mjs";

const HOLD_MS = 4_000;
const SILENCE_MS = 3_000;
/** The fixtures' distance between keyframes. */
const GOP_MS = 2_000;

const media = loadMedia("h264-aac.flv");
let weir;
let open = [];

before(async () => {
  weir = await startWeir({ settings: { "hub.hold_ms": HOLD_MS, "rtmp.silence_timeout_ms": SILENCE_MS } });
});

after(() => weir?.stop());

afterEach(async () => {
  await Promise.all(open.map((one) => (one.stop ? one.stop() : one.close())));
  open = [];
});

/** What `afterEach` closes. */
function closing(one) {
  open.push(one);
  return one;
}

/** A viewer who stays, with a checker that has seen every byte. */
async function watch(path, address = `${weir.http}/${path}.flv`) {
  const checker = new FlvChecker({ gapMaxMs: 1_000 });
  const viewer = closing(await openStream(address, (bytes, at) => checker.push(bytes, at)));
  assert.ok([101, 200].includes(viewer.status), `${address} answered ${viewer.status}`);
  await until("the viewer sees pictures", () => checker.frames > 5 || undefined);
  return { viewer, checker };
}

async function token(path) {
  const { stdout } = await weir.command("sign", "publish", path, "--ttl", "1h");
  return stdout.split("\n")[0].trim();
}

test("a second publisher is refused with NetStream.Publish.BadName and the first goes on", async () => {
  const path = "live/second";
  closing(publishFile("h264-aac.flv", `${weir.rtmp}/${path}`));
  await untilLive(weir, path, 2);
  const { viewer, checker } = await watch(path);

  const client = closing(await RtmpClient.connect(weir.rtmpPort));
  assert.equal(await client.publish(path), "NetStream.Publish.BadName");

  const refused = await run(
    "ffmpeg",
    ["-v", "info", "-nostdin", "-re", "-i", fixture("h264-aac.flv"), "-c", "copy", "-f", "flv", `${weir.rtmp}/${path}`],
    { fails: true, timeoutMs: 15_000 },
  );
  assert.notEqual(refused.code, 0, "ffmpeg's exit says so");
  assert.match(refused.stderr, /Server error|Input\/output error|Operation not permitted/);

  const frames = checker.frames;
  await until("pictures go on", () => checker.frames > frames + 25 || undefined);
  assert.deepEqual(checker.errors, []);
  assert.equal(viewer.endedBy, undefined);
});

test("the same token takes over within a second and viewers see one timeline", async (t) => {
  const path = "live/takeover";
  const sign = await token(path);
  const first = publishFile("h264-aac.flv", `${weir.rtmp}/${path}${sign}`);
  closing(first);
  await untilLive(weir, path, 2);
  const { viewer, checker } = await watch(path);

  const began = performance.now();
  // Another clock than the first publisher's: the viewers must not notice.
  const second = closing(await publishMedia(weir.rtmpPort, `${path}${sign}`, media, { timestamp: (ms) => ms + 50_000_000 }));
  const tookMs = performance.now() - began;
  assert.ok(tookMs <= 1_000, `took over after ${Math.round(tookMs)} ms`);
  const { code } = await first.exited;
  assert.notEqual(code, 0, "the first publisher is told by its connection");

  const frames = checker.frames;
  await until("pictures of the second publisher", () => checker.frames > frames + 50 || undefined);
  t.diagnostic(`took over in ${Math.round(tookMs)} ms, longest silence ${Math.round(checker.longestSilenceMs)} ms`);
  assert.equal(viewer.endedBy, undefined);
  assert.deepEqual(checker.errors, []);
  assert.ok(checker.longestStepMs <= 1_000 + GOP_MS, `the timeline steps ${checker.longestStepMs} ms`);
  assert.ok(second.sent > 0);
});

test("a wrong token does not take over", async () => {
  const path = "live/no-takeover";
  closing(await publishMedia(weir.rtmpPort, `${path}${await token(path)}`, media));
  await untilLive(weir, path, 2);
  const other = closing(await RtmpClient.connect(weir.rtmpPort));
  assert.match(await other.publish(`${path}?sign=1999999999-0123456789abcdef`), /BadName|Unauthorized/i);
});

for (const [name, scheme, ending] of [["HTTP-FLV", "http", ".flv"], ["WS-FLV", "ws", ".flv"]]) {
  test(`a viewer over ${name} stays through an outage of 2 s`, async (t) => {
    const path = `live/outage-${scheme}`;
    const OUTAGE_MS = 2_000;
    const first = await publishMedia(weir.rtmpPort, path, media);
    await untilLive(weir, path, 2);
    const { viewer, checker } = await watch(path, `${weir[scheme]}/${path}${ending}`);
    await sleep(1_500);

    await first.stop();
    const left = performance.now();
    await sleep(OUTAGE_MS);
    assert.equal(viewer.endedBy, undefined, "the viewer's connection is held");
    assert.equal(checker.unfinishedBytes, 0, "no tag is cut in two");
    closing(await publishMedia(weir.rtmpPort, path, media));
    const outageMs = performance.now() - left;
    const frames = checker.frames;
    await until("pictures after the outage", () => checker.frames > frames + 50 || undefined);

    t.diagnostic(`outage ${Math.round(outageMs)} ms, longest silence ${Math.round(checker.longestSilenceMs)} ms, step ${checker.longestStepMs} ms`);
    assert.equal(viewer.endedBy, undefined);
    assert.deepEqual(checker.errors, []);
    assert.ok(checker.longestSilenceMs <= outageMs + GOP_MS, `nothing came for ${checker.longestSilenceMs} ms`);
    assert.ok(checker.longestStepMs <= outageMs + GOP_MS, `the timeline steps ${checker.longestStepMs} ms`);
  });
}

test("an RTMP viewer stays through an outage", async () => {
  const path = "live/outage-rtmp";
  const first = await publishMedia(weir.rtmpPort, path, media);
  await untilLive(weir, path, 2);
  const player = run("ffmpeg", [
    ...["-v", "error", "-nostdin", "-rtmp_live", "live", "-i", `${weir.rtmp}/${path}`],
    ...["-c", "copy", "-t", "7", "-f", "framecrc", "-"],
  ]);
  await sleep(2_000);
  await first.stop();
  await sleep(1_500);
  closing(await publishMedia(weir.rtmpPort, path, media));
  const { stdout, stderr } = await player;
  assert.equal(stderr, "");
  assert.ok(stdout.split("\n").length > 150, "pictures and sound from before and after");
});

test("a stream nobody comes back to ends after the hold, for viewers too", async () => {
  const path = "live/ends";
  const host = await publishMedia(weir.rtmpPort, path, media);
  await untilLive(weir, path, 2);
  const { viewer, checker } = await watch(path);
  await host.stop();
  const left = performance.now();
  await viewer.ended;
  const tookMs = performance.now() - left;
  assert.ok(tookMs >= HOLD_MS - 100 && tookMs <= HOLD_MS + 2_000, `ended after ${Math.round(tookMs)} ms`);
  assert.equal(viewer.endedBy, "eof");
  assert.equal(checker.unfinishedBytes, 0);
  assert.equal((await fetch(`${weir.http}/api/v1/play/${path}`)).status, 404);
});

test("a reset inside a tag frees the name within a second, five times", async () => {
  const path = "live/reset";
  const whole = media.packets.find((tag) => tag.body.length > 4_000);
  for (let round = 0; round < 5; round += 1) {
    const host = await RtmpClient.connect(weir.rtmpPort);
    const began = performance.now();
    await until("the name is free", async () => {
      const code = host.streamId === undefined ? await host.publish(path) : "again";
      if (code === "NetStream.Publish.Start") return true;
      throw new Error(`round ${round}: ${code}`);
    });
    const tookMs = performance.now() - began;
    assert.ok(tookMs <= 1_000, `round ${round}: usable after ${Math.round(tookMs)} ms`);
    for (const config of media.configs) host.media(config, 0);
    const message = host.message(whole.type, 0, whole.body, { chunkStream: 6, messageStream: host.streamId });
    host.write(message.subarray(0, message.length / 2));
    await sleep(100);
    await host.close({ reset: true });
    await sleep(300);
  }
});

test("a publisher that falls silent is noticed, and its name is free", async (t) => {
  const path = "live/silent";
  const host = closing(await RtmpClient.connect(weir.rtmpPort));
  assert.equal(await host.publish(path), "NetStream.Publish.Start");
  for (const tag of [...media.configs, ...media.packets.slice(0, 20)]) host.media(tag);
  const silentSince = performance.now();
  await host.ended;
  const tookMs = performance.now() - silentSince;
  t.diagnostic(`noticed after ${Math.round(tookMs)} ms of a limit of ${SILENCE_MS} ms`);
  assert.ok(tookMs >= SILENCE_MS - 500 && tookMs <= SILENCE_MS + 2_000, `closed after ${Math.round(tookMs)} ms`);
  assert.match(weir.rawLog(), /silence_timeout_ms/, "the log says why");
  closing(await publishMedia(weir.rtmpPort, path, media));
});
