// The MP4 tools, with ffmpeg's files going in and ffprobe reading what comes out.

import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fixture } from "../lib/ffmpeg.mjs";
import { run } from "../lib/processes.mjs";
import { WEIR } from "../lib/weir.mjs";

/** Every kind of MP4 in fixtures/make. */
const FILES = [
  ...["mp4-moov-last.mp4", "mp4-faststart.mp4", "mp4-fragmented.mp4", "mp4-fragmented-sidx.mp4"],
  ...["mp4-fragmented-old.mp4", "mp4-sound-later.mp4", "mp4-picture-later.mp4", "mp4-cut-inside.mp4"],
  ...["mp4-negative-offsets.mp4", "mp4-turned.mp4", "mp4-three-sounds.mp4", "mp4-vfr.mp4", "mp4-sound-only.mp4"],
  ...["quicktime.mov", "h265-aac.mp4", "mp4-hev1.mp4", "av1-opus.mp4", "vp9-opus.mp4", "h264-ac3.mp4"],
  ...["h264-flac.mp4", "mp4-vp9-opus-fragmented.mp4"],
];
/** ffprobe rounds durations to the movie's clock, of milliseconds. */
const DURATION_OFF_MAX_S = 0.002;

let dir;
before(async () => (dir = await mkdtemp(join(tmpdir(), "weir-mp4-"))));
after(() => rm(dir, { recursive: true, force: true }));

const weir = (...args) => run(WEIR, ["mp4", ...args]);
const out = (name) => join(dir, name);

/**
 * What ffprobe reads: of each stream the packets with times in ticks, and what describes it. Edit lists only shift
 * times, so that packets outside of them are read as well.
 */
async function probe(file) {
  const { stdout, stderr } = await run("ffprobe", [
    ...["-v", "error", "-advanced_editlist", "0", "-show_streams", "-show_packets"],
    ...["-show_data_hash", "crc32", "-of", "json", file],
  ]);
  assert.equal(stderr, "", `ffprobe finds nothing wrong with ${file}`);
  const { streams, packets } = JSON.parse(stdout);
  const described = streams.filter(({ codec_type: kind }) => kind !== "subtitle" && kind !== "data");
  return described.map((stream) => withPackets(stream, packets));
}

function withPackets(stream, packets) {
  const own = packets.filter((packet) => packet.stream_index === stream.index);
  return {
    about: {
      codec: stream.codec_name,
      tag: stream.codec_tag_string,
      timeBase: stream.time_base,
      width: stream.width,
      height: stream.height,
      aspect: stream.sample_aspect_ratio,
      rotation: stream.side_data_list?.[0]?.rotation,
      channels: stream.channels,
      extradata: stream.extradata_hash,
      language: stream.tags?.language ?? "und",
    },
    packets: own.map(({ pts, dts, size, flags, data_hash: hash }) => `${flags[0]} ${dts} ${pts} ${size} ${hash}`),
    endS: Number(stream.start_time) + Number(stream.duration),
  };
}

/**
 * `actual` is `expected` in another form. Of fragments that begin late ffprobe knows no end; the packets' times are
 * what counts there.
 */
async function assertSame(actual, expected, { areEndsKnown = true } = {}) {
  const [found, wanted] = await Promise.all([probe(actual), probe(expected)]);
  assert.deepEqual(
    found.map(({ about }) => about),
    wanted.map(({ about }) => about),
  );
  for (const [index, stream] of wanted.entries()) {
    assertPackets(found[index].packets, stream.packets);
    if (areEndsKnown) assertNear(found[index].endS, stream.endS, `the end of stream ${index}`);
  }
}

function assertPackets(actual, expected) {
  assert.equal(actual.length, expected.length, "the number of packets");
  for (const [index, packet] of expected.entries()) assert.equal(actual[index], packet, `packet ${index}`);
}

function assertNear(actual, expected, what) {
  assert.ok(Math.abs(actual - expected) <= DURATION_OFF_MAX_S, `${what} is ${actual} s, expected ${expected} s`);
}

for (const name of FILES) {
  describe(name, { concurrency: true }, () => {
    const fragmented = () => out(`fragmented-${name}`);

    test("has the same packets as fragments, and back again", async () => {
      await weir("fragment", fixture(name), fragmented());
      await assertSame(fragmented(), fixture(name), { areEndsKnown: false });
      await weir("defragment", fragmented(), out(`back-${name}`));
      await assertSame(out(`back-${name}`), fixture(name));
    });

    test("has the same packets in short fragments", async () => {
      const file = out(`short-${name}`);
      await weir("fragment", "--fragment-ms", "300", fixture(name), file);
      await assertSame(file, fixture(name), { areEndsKnown: false });
    });

    test("has the same packets without fragments, moov first", async () => {
      const file = out(`progressive-${name}`);
      await weir("defragment", fixture(name), file);
      await assertSame(file, fixture(name));
      const boxes = JSON.parse((await weir("dump", "--json", "--depth", "0", file)).stdout).map(({ kind }) => kind);
      assert.deepEqual(boxes, ["ftyp", "moov", "mdat"]);
    });

    test("is described as ffprobe describes it", async () => {
      const info = JSON.parse((await weir("info", "--json", fixture(name))).stdout);
      const streams = await probe(fixture(name));
      assert.equal(info.is_fragmented, name.includes("fragmented"));
      assert.equal(info.tracks.length, streams.length);
      for (const [index, { about, packets }] of streams.entries()) {
        const track = info.tracks[index];
        assert.equal(track.sample_entry, about.tag);
        assert.equal(track.language, about.language);
        assert.deepEqual([track.width, track.height], [about.width, about.height]);
        assert.equal(track.samples, packets.length);
        assert.equal(track.keyframes, packets.filter((packet) => packet.startsWith("K")).length);
        assert.equal(`1/${track.timescale}`, about.timeBase);
      }
      const { stdout } = await run("ffprobe", ["-v", "error", "-show_format", "-of", "json", fixture(name)]);
      const { start_time: start, duration } = JSON.parse(stdout).format;
      const endMs = (Number(start) + Number(duration)) * 1000;
      assert.ok(Math.abs(info.duration_ms - endMs) <= 2, `${info.duration_ms} ms, expected ${endMs}`);
      assert.match(info.media_source_type, /^(video|audio)\/mp4; codecs="[\w.,-]+"$/);
    });

    test("is decoded without a complaint in both forms", async () => {
      for (const form of ["fragment", "defragment"]) {
        const file = out(`decoded-${form}-${name}`);
        await weir(form, fixture(name), file);
        const { stderr } = await run("ffmpeg", ["-nostdin", "-v", "error", "-i", file, "-map", "0", "-f", "null", "-"]);
        assert.equal(stderr, "");
      }
    });
  });
}

describe("what the tools say and leave alone", () => {
  test("a track that is left out is told of", async () => {
    const { stderr } = await weir("fragment", fixture("mp4-subtitles.mp4"), out("subtitles.mp4"));
    assert.match(stderr, /track 3 of tx3g is left out/);
    await assertSame(out("subtitles.mp4"), fixture("mp4-moov-last.mp4"));
  });

  test("titles and the like stay in a file without fragments", async () => {
    const file = out("titled.mp4");
    await weir("defragment", fixture("mp4-turned.mp4"), file);
    const { stdout } = await run("ffprobe", ["-v", "error", "-show_format", "-of", "json", file]);
    assert.equal(JSON.parse(stdout).format.tags.title, "Title");
  });

  test("tracks are chosen by their numbers", async () => {
    const [name, file] = [fixture("mp4-three-sounds.mp4"), out("chosen.mp4")];
    await weir("fragment", "--tracks", "1,3", name, file);
    const languages = (await probe(file)).map(({ about }) => about.language);
    assert.deepEqual(languages, ["und", "zho"]);
    const { stderr } = await run(WEIR, ["mp4", "fragment", "--force", "--tracks", "9", name, file], { fails: true });
    assert.match(stderr, /has no track 9 that can be written; expected any of 1, 2, 3, 4/);
    assert.match((await weir("info", name)).stdout, /choose them with weir mp4 fragment --tracks/);
  });

  test("the type for a media source has every codec once", async () => {
    const type = async (name) => JSON.parse((await weir("info", "--json", fixture(name))).stdout).media_source_type;
    assert.match(await type("mp4-three-sounds.mp4"), /^video\/mp4; codecs="avc1\.[0-9a-f]{6},mp4a\.40\.2,opus"$/);
    assert.match(await type("mp4-hev1.mp4"), /^video\/mp4; codecs="hev1\./);
    assert.equal(await type("mp4-sound-only.mp4"), 'audio/mp4; codecs="mp4a.40.2"');
  });

  test("people get lines", async () => {
    const { stdout } = await weir("info", fixture("mp4-turned.mp4"));
    assert.match(stdout, /track 1 video: H264 High, avc1\.[0-9a-f]+, 320x180 turned clockwise by \d+°, 25 fps/);
    const dump = await weir("dump", fixture("mp4-sound-later.mp4"));
    assert.match(dump.stdout, /elst entries=2 edits="478 of nothing, 12022 from 0"/);
  });

  test("every fragment of pictures begins with a keyframe", async () => {
    const file = out("keyframes.mp4");
    await weir("fragment", fixture("mp4-moov-last.mp4"), file);
    const boxes = JSON.parse((await weir("dump", "--json", file)).stdout);
    const pictures = boxes.filter(({ kind, fields }) => kind === "tfhd" && fields.track_id === 1);
    // 12 s with a keyframe every 2 s.
    assert.equal(pictures.length, 6);
    const runs = boxes.filter(({ kind }) => kind === "trun").map(({ fields }) => fields.samples);
    assert.ok(runs.includes(50), `${runs}`);
  });

  test("a file that exists is replaced only by force, and by a whole one", async () => {
    const file = out("existing.mp4");
    await writeFile(file, "mine");
    const refused = await run(WEIR, ["mp4", "fragment", fixture("mp4-moov-last.mp4"), file], { fails: true });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /existing\.mp4 exists; --force replaces it/);
    assert.equal(await readFile(file, "utf8"), "mine");
    const broken = out("broken.mp4");
    await writeFile(broken, (await readFile(fixture("mp4-faststart.mp4"))).subarray(0, 60));
    const failed = await run(WEIR, ["mp4", "fragment", "--force", broken, file], { fails: true });
    assert.match(failed.stderr, /broken\.mp4 cannot be read as MP4: there is no moov box in the file/);
    assert.equal(await readFile(file, "utf8"), "mine");
    await weir("fragment", "--force", fixture("mp4-moov-last.mp4"), file);
    await weir("defragment", "--force", file, file);
    await assertSame(file, fixture("mp4-moov-last.mp4"));
    assert.deepEqual((await readdir(dir)).filter((name) => name.endsWith(".part")), []);
  });

  test("what is no MP4 is named", async () => {
    const { stderr, code } = await run(WEIR, ["mp4", "info", fixture("h264-aac.flv")], { fails: true });
    assert.equal(code, 1);
    assert.match(stderr, /h264-aac\.flv is FLV; expected MP4/);
    assert.match((await run(WEIR, ["mp4", "info", dir], { fails: true })).stderr, /is a folder/);
    assert.match((await run(WEIR, ["mp4", "info", out("none")], { fails: true })).stderr, /cannot be opened/);
  });

  test("a recording that was cut off is written as far as it goes", async () => {
    const file = out("cut-off.mp4");
    await writeFile(file, await readFile(fixture("mp4-fragmented.mp4")));
    await truncate(file, Math.floor((await stat(file)).size / 2));
    const { stderr } = await weir("defragment", file, out("mended.mp4"));
    assert.match(stderr, /cut-off\.mp4: the file is cut off/);
    const [mended, whole] = await Promise.all([out("mended.mp4"), fixture("mp4-fragmented.mp4")].map(probe));
    for (const [index, { packets }] of mended.entries()) {
      assert.ok(packets.length > 50, `${packets.length} packets`);
      assertPackets(packets, whole[index].packets.slice(0, packets.length));
    }
  });
});
