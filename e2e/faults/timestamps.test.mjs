// Clocks that wrap, jump, stand still; pictures without keyframes, of any size: what viewers get is one clean line.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { loadMedia, noise, publishMedia } from "../lib/encoder.mjs";
import { probe } from "../lib/ffmpeg.mjs";
import { describe as describeTag, FlvChecker, VIDEO } from "../lib/flv.mjs";
import { capture, openStream } from "../lib/http-stream.mjs";
import { sleep, until } from "../lib/processes.mjs";
import { settled, startWeir, untilLive } from "../lib/weir.mjs";

/** When the clock does what the case is about, in milliseconds of media, and how long it is watched. */
const EVENT_MS = 4_000;
const WATCHED_MS = 9_000;
const AV_SKEW_MAX_MS = 100;

/** `step`: longest step of a track that may be seen; `isJump`: the join must be marked in playlists. */
const CLOCKS = {
  "starts below the 24 bits of a chunk header": { timestamp: (ms) => ms + 0xffff00, step: 500 },
  "wraps at 2^32": { timestamp: (ms) => ms + 2 ** 32 - EVENT_MS, step: 500 },
  "goes back 5 s": { timestamp: (ms) => (ms < EVENT_MS ? ms + 10_000 : ms + 5_000), step: 1_000, isJump: true },
  "jumps by 2^31": { timestamp: (ms) => (ms < EVENT_MS ? ms : ms + 2 ** 31), step: 1_000, isJump: true },
  "leaves out 10 s": { timestamp: (ms) => (ms < EVENT_MS ? ms : ms + 10_000), step: 10_500 },
  "stands still": { timestamp: () => 1_000, step: 60_000, isStill: true },
};

const media = loadMedia("h264-aac.flv");
let weir;

before(async () => {
  weir = await startWeir();
});

after(() => weir?.stop());

describe("a publisher whose clock", { concurrency: true }, () => {
  for (const [name, clock] of Object.entries(CLOCKS)) {
    test(`${name}`, async (t) => {
      const path = `live/${name.replace(/\W+/g, "-")}`;
      const host = await publishMedia(weir.rtmpPort, path, media, { timestamp: clock.timestamp });
      try {
        await untilLive(weir, path, 2);
        const checker = new FlvChecker({ gapMaxMs: 20_000 });
        const skew = new SkewMeter(media);
        const viewer = await openStream(`${weir.http}/${path}.flv`, (bytes, at) => {
          for (const tag of checker.push(bytes, at)) skew.take(tag);
        });
        const [fmp4] = await Promise.all([capture(`${weir.http}/${path}.mp4`, WATCHED_MS), fetchUntilSegmented(path)]);
        await viewer.close();
        t.diagnostic(`${checker.frames} pictures, longest step ${checker.longestStepMs} ms, A/V skew ${skew.worstMs} ms`);
        assert.deepEqual(checker.errors, []);
        assert.ok(checker.frames >= (WATCHED_MS / 40) * 0.8, `${checker.frames} pictures`);
        assert.ok(checker.longestStepMs <= clock.step, `a step of ${checker.longestStepMs} ms`);
        if (!clock.isStill) assert.ok(skew.worstMs <= AV_SKEW_MAX_MS, `sound and pictures ${skew.worstMs} ms apart`);

        const file = join(weir.dir, `${path.replace("/", "-")}.mp4`);
        await writeFile(file, fmp4);
        const playlists = [`${weir.http}/${path}/ts.m3u8`, `${weir.http}/${path}/fmp4.m3u8`];
        if (clock.isStill) {
          // Segments are cut by time: there can be none, and whoever asks is told.
          for (const response of await Promise.all(playlists.map((url) => fetch(url)))) {
            assert.equal(response.status, 503);
            assert.ok((await response.json()).error.message.length > 0);
          }
        }
        for (const source of clock.isStill ? [file] : [file, ...playlists]) {
          const { packets, complaints } = await probe(source, source === file ? {} : { seconds: 3, input: ["-live_start_index", "0"] });
          assert.deepEqual(complaints, [], source);
          assert.ok(packets.length > 50, `${packets.length} packets of ${source}`);
          assertForward(packets, source);
        }
        if (clock.isJump) {
          const playlist = await (await fetch(`${weir.http}/${path}/fmp4.m3u8`)).text();
          assert.match(playlist, /#EXT-X-DISCONTINUITY\b/, "the jump is marked");
        }
      } finally {
        await host.stop();
      }
    });
  }
});

/** Packaging begins with the first request; without it there is nothing from before the event. */
async function fetchUntilSegmented(path) {
  await Promise.all(["ts", "fmp4"].map((kind) => fetch(`${weir.http}/${path}/${kind}.m3u8`).then((r) => r.text())));
}

function assertForward(packets, what) {
  const last = new Map();
  for (const { stream, kind, dtsMs } of packets) {
    const previous = last.get(stream) ?? Number.NEGATIVE_INFINITY;
    assert.ok(dtsMs >= previous, `${what}: ${kind} goes from ${previous} back to ${dtsMs} ms`);
    last.set(stream, dtsMs);
  }
}

/** Follows how much later sound is than the pictures it belongs to, by recognising what the file's own clock says. */
class SkewMeter {
  #times = new Map();
  #shift = {};
  worstMs = 0;

  constructor({ packets }) {
    for (const tag of packets) this.#times.set(key(tag), this.#times.has(key(tag)) ? undefined : tag.timestampMs);
  }

  take(tag) {
    const ms = this.#times.get(key(tag));
    const { kind } = describeTag(tag);
    if (ms === undefined) return;
    this.#shift[kind] = { by: tag.timestampMs - ms, ms };
    const { audio, video } = this.#shift;
    // Only what belongs together: not sound of one side of a jump, or of a loop, with pictures of the other.
    const sameSide = audio && video && Math.abs(audio.ms - video.ms) < 300 && audio.ms < EVENT_MS === video.ms < EVENT_MS;
    if (sameSide) this.worstMs = Math.max(this.worstMs, Math.abs(audio.by - video.by));
  }
}

function key(tag) {
  return createHash("md5").update(tag.body).digest("base64");
}

describe("pictures that", () => {
  /** Watches `path` until `enough` holds. */
  async function watch(path, enough, timeoutMs = 15_000) {
    const checker = new FlvChecker({ gapMaxMs: 60_000 });
    const tags = [];
    const viewer = await openStream(`${weir.http}/${path}.flv`, (bytes, at) => tags.push(...checker.push(bytes, at)));
    try {
      await until("the viewer saw enough", () => enough(checker, tags) || undefined, timeoutMs);
    } finally {
      await viewer.close();
    }
    assert.deepEqual(checker.errors, []);
    return { checker, tags };
  }

  test("never are keyframes leave viewers waiting and memory bounded", async (t) => {
    const { rss } = await settled(weir);
    const all = noise(8_000_000);
    const none = { ...all, packets: all.packets.filter((tag) => tag.body[0] >> 4 !== 1) };
    const host = await publishMedia(weir.rtmpPort, "live/no-key", none, { speed: 20 });
    try {
      await untilLive(weir, "live/no-key");
      const checker = new FlvChecker();
      const viewer = await openStream(`${weir.http}/live/no-key.flv`, (bytes, at) => checker.push(bytes, at));
      await sleep(6_000);
      await viewer.close();
      const growth = weir.rss() - rss;
      t.diagnostic(`${(host.bytes / 2 ** 20).toFixed(0)} MiB came in, memory +${(growth / 2 ** 20).toFixed(1)} MiB`);
      assert.equal(checker.frames, 0);
      assert.ok(growth <= 64 << 20, `memory grew by ${(growth / 2 ** 20).toFixed(1)} MiB`);
    } finally {
      await host.stop();
    }
  });

  test("have a keyframe every 20 s show a late viewer the last one at once", async (t) => {
    const all = noise(2_000_000);
    const packets = Array.from({ length: 500 }, (_, n) => {
      const { body } = all.packets[n === 0 ? 0 : 1 + (n % 24)];
      return { type: VIDEO, timestampMs: n * 40, body };
    });
    const host = await publishMedia(weir.rtmpPort, "live/long-gop", { ...all, packets, durationMs: 20_000 });
    try {
      await untilLive(weir, "live/long-gop");
      await sleep(6_000);
      const began = performance.now();
      let firstMs;
      const { checker } = await watch("live/long-gop", ({ frames }) => {
        if (frames > 0) firstMs ??= performance.now() - began;
        return frames >= 140;
      });
      t.diagnostic(`first picture after ${Math.round(firstMs)} ms`);
      assert.ok(firstMs <= 500);
      assert.equal(checker.keyframes, 1);
    } finally {
      await host.stop();
    }
  });

  test("change their size in mid-stream come with a new decoder config", async () => {
    const other = loadMedia("h264-bframes-aac.flv");
    const small = loadMedia("video-only.flv");
    const change = (parts) => {
      const packets = [];
      let ms = 0;
      for (const part of parts) {
        packets.push(...part.configs.filter((tag) => tag.type === VIDEO).map((tag) => ({ ...tag, timestampMs: ms })));
        const pictures = part.packets.filter((tag) => tag.type === VIDEO).slice(0, 50);
        packets.push(...pictures.map((tag, n) => ({ ...tag, timestampMs: ms + n * 40 })));
        ms += pictures.length * 40;
      }
      return { configs: [], packets, durationMs: ms };
    };
    const host = await publishMedia(weir.rtmpPort, "live/change", change([small, other]));
    try {
      await untilLive(weir, "live/change");
      const { tags } = await watch("live/change", ({ frames }) => frames >= 150);
      const configs = new Set(tags.filter((tag) => tag.type === VIDEO && describeTag(tag).isConfig).map(key));
      assert.equal(configs.size, 2, "both decoder configs came");
      const after = tags.filter((tag, n) => n > 0 && tag.type === VIDEO && describeTag(tags[n - 1]).isConfig && tags[n - 1].type === VIDEO);
      assert.ok(after.every((tag) => describeTag(tag).isKeyframe || describeTag(tag).isConfig), "a keyframe follows each");
    } finally {
      await host.stop();
    }
  });

  test("are of 4 MB each arrive whole", async (t) => {
    const { configs } = noise(1_000_000);
    const big = noise(4_000_000 * 8 * 25);
    const packets = big.packets.slice(0, 5).map((tag, n) => ({ ...tag, timestampMs: n * 1_000 }));
    const { rss } = await settled(weir);
    const host = await publishMedia(weir.rtmpPort, "live/big", { configs, packets, durationMs: 5_000 });
    try {
      await untilLive(weir, "live/big");
      const { tags } = await watch("live/big", ({ frames }) => frames >= 4);
      assert.equal(tags.findLast((tag) => tag.type === VIDEO).body.length, packets[0].body.length);
      t.diagnostic(`memory +${((weir.rss() - rss) / 2 ** 20).toFixed(1)} MiB`);
    } finally {
      await host.stop();
    }
  });
});
