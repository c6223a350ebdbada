// Stored videos read back: every kind of MP4 file as HLS, DASH and fragments, packet by packet; downloads, ranges,
// tokens, and the tutorial's list.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fixture } from "../lib/ffmpeg.mjs";
import { openStream } from "../lib/http-stream.mjs";
import { putCaptions, putVideo, setPrivacy } from "../lib/library.mjs";
import { run } from "../lib/processes.mjs";
import { startWeir } from "../lib/weir.mjs";

/** Every kind of MP4 that ffmpeg's readers of HLS and DASH can give back whole. */
const FILES = [
  ...["mp4-moov-last.mp4", "mp4-faststart.mp4", "mp4-fragmented.mp4", "mp4-fragmented-sidx.mp4"],
  ...["mp4-fragmented-old.mp4", "mp4-sound-later.mp4", "mp4-cut-inside.mp4", "mp4-negative-offsets.mp4"],
  ...["mp4-three-sounds.mp4", "mp4-sound-only.mp4", "quicktime.mov", "h265-aac.mp4", "av1-opus.mp4"],
  ...["vp9-opus.mp4", "h264-flac.mp4", "mp4-vp9-opus-fragmented.mp4", "h264-ac3.mp4", "mp4-picture-later.mp4"],
  // MP3 in MP4 has no config, which ffmpeg's HLS reader takes for a broken track at first.
  ...["mp4-hev1.mp4", "mp4-turned.mp4"],
];
/** Clocks of 90 kHz, of milliseconds and of microseconds meet. */
const TIME_OFF_MAX_S = 0.0011;

let weir;
let dir;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "weir-stored-"));
  weir = await startWeir();
});

after(async () => {
  await weir?.stop();
  await rm(dir, { recursive: true, force: true });
});

/** What ffprobe reads: by kind and number of the stream its packets, with the CRC of each. */
async function packetsOf(source, options = []) {
  const { stdout, stderr } = await run(
    "ffprobe",
    [
      ...["-v", "error", ...options, "-show_streams", "-show_packets", "-show_data_hash", "crc32"],
      ...["-of", "json", source],
    ],
    { timeoutMs: 120_000 },
  );
  assert.equal(stderr, "", `ffprobe finds nothing wrong with ${source}`);
  const { streams, packets } = JSON.parse(stdout);
  const counts = {};
  const names = new Map();
  for (const { index, codec_type: kind } of streams) {
    if (kind !== "video" && kind !== "audio") continue;
    counts[kind] = (counts[kind] ?? -1) + 1;
    names.set(index, `${kind}${counts[kind]}`);
  }
  const found = {};
  for (const { stream_index: index, pts_time: pts, size, data_hash: hash } of packets) {
    if (names.has(index)) (found[names.get(index)] ??= []).push({ ptsS: Number(pts), payload: `${size} ${hash}` });
  }
  return found;
}

/** ffmpeg's reader of DASH ends with the track that ends first: how many packets of the others that may cost. */
function lostAtTheEnd(wanted) {
  const end = Math.min(...Object.values(wanted).map((packets) => packets.at(-1).ptsS));
  const late = Object.values(wanted).map((packets) => packets.filter(({ ptsS }) => ptsS > end - 0.1).length);
  return Math.max(...late);
}

/** `found` is `wanted`, all of it as much later; how much. */
function assertSame(what, found, wanted, missingMax = 0) {
  assert.deepEqual(Object.keys(found).sort(), Object.keys(wanted).sort(), what);
  const first = Object.keys(wanted).sort().at(-1);
  const shiftS = found[first][0].ptsS - wanted[first][0].ptsS;
  for (const [stream, packets] of Object.entries(wanted)) {
    const missing = packets.length - found[stream].length;
    assert.ok(missing >= 0 && missing <= missingMax, `${what}: ${missing} packets of ${stream} are missing`);
    for (const [number, packet] of found[stream].entries()) {
      assert.equal(packet.payload, packets[number].payload, `${what}: ${stream} packet ${number}`);
      const offS = packet.ptsS - packets[number].ptsS - shiftS;
      assert.ok(Math.abs(offS) <= TIME_OFF_MAX_S, `${what}: ${stream} packet ${number} is ${offS} s off`);
    }
  }
  return shiftS;
}

const RAW = ["-advanced_editlist", "0"];

describe("every kind of file", () => {
  for (const name of FILES) {
    test(`${name} comes back whole as HLS, DASH and fragments`, async (t) => {
      const id = await putVideo(weir, { files: [{ name: "source", file: fixture(name) }] });
      const wanted = await packetsOf(fixture(name), RAW);
      const at = (path) => `${weir.http}/streams/${id}${path}`;
      const [hls, dash] = await Promise.all([packetsOf(at("/master.m3u8")), packetsOf(at("/manifest.mpd"))]);
      t.diagnostic(`later by ${assertSame("hls", hls, wanted)} s`);
      assertSame("dash", dash, wanted, lostAtTheEnd(wanted));
      const fragments = join(dir, `${id}.mp4`);
      const response = await fetch(at(".mp4"));
      assert.equal(response.headers.get("content-type"), "video/mp4");
      await writeFile(fragments, Buffer.from(await response.arrayBuffer()));
      const only = Object.fromEntries(Object.entries(wanted).filter(([stream]) => stream.endsWith("0")));
      assertSame("fragments", await packetsOf(fragments, RAW), only);
    });
  }
});

describe("what is asked for", () => {
  let id;
  before(async () => {
    id = await putVideo(weir, { name: "film", files: [{ name: "source", file: fixture("mp4-moov-last.mp4") }] });
  });

  test("a download is the file itself, from any byte on", async () => {
    const whole = await readFile(fixture("mp4-moov-last.mp4"));
    const url = `${weir.http}/streams/film/download.mp4`;
    const response = await fetch(url);
    assert.match(response.headers.get("content-disposition"), /^attachment; filename="film\.mp4"/);
    assert.ok(Buffer.from(await response.arrayBuffer()).equals(whole));
    const etag = response.headers.get("etag");
    for (const [range, from, to] of [["100-199", 100, 200], ["-50", whole.length - 50, whole.length], ["5000-", 5000, whole.length]]) {
      const part = await fetch(url, { headers: { range: `bytes=${range}`, "if-range": etag } });
      assert.equal(part.status, 206);
      assert.equal(part.headers.get("content-range"), `bytes ${from}-${to - 1}/${whole.length}`);
      assert.ok(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(from, to)));
    }
    assert.equal((await fetch(url, { headers: { range: "bytes=5-9", "if-range": '"x"' } })).status, 200);
    assert.equal((await fetch(url, { headers: { range: `bytes=${whole.length}-` } })).status, 416);
    assert.equal((await fetch(url, { headers: { "if-none-match": etag } })).status, 304);
    const head = await fetch(url, { method: "HEAD" });
    assert.equal(Number(head.headers.get("content-length")), whole.length);
  });

  test("ffmpeg seeks in DASH to where it wants", async () => {
    const source = ["-nostdin", "-v", "error", "-i", fixture("mp4-moov-last.mp4"), "-map", "0:v", "-f", "framemd5", "-"];
    const whole = (await run("ffmpeg", source)).stdout.split("\n").filter((line) => line.startsWith("0,"));
    const wanted = whole.slice(170, 230).map((line) => line.split(",").at(-1).trim()).join();
    // ffmpeg 5.1 does not seek in HLS with fMP4, its own included; the browser's test does.
    const url = `${weir.http}/streams/${id}/manifest.mpd`;
    const seek = ["-nostdin", "-v", "error", "-ss", "7", "-i", url, "-map", "0:v", "-t", "2", "-f", "framemd5", "-"];
    const lines = (await run("ffmpeg", seek)).stdout.split("\n").filter((line) => line.startsWith("0,"));
    const pictures = lines.map((line) => line.split(",").at(-1).trim());
    assert.ok(pictures.length >= 49 && pictures.length <= 51, `${pictures.length} pictures`);
    assert.ok(wanted.includes(pictures.join()), "the pictures from 7 s on");
  });

  test("fragments over a WebSocket are a message each, from the keyframe before the moment asked for", async () => {
    const messages = [];
    const stream = await openStream(`${weir.ws}/streams/film.mp4?start=7`, (bytes) => messages.push(bytes));
    assert.equal(stream.status, 101);
    assert.match(await stream.ended, /close 1000|eof/);
    assert.equal(messages[0].toString("latin1", 4, 8), "ftyp");
    for (const message of messages.slice(1)) assert.equal(message.toString("latin1", 4, 8), "moof");
    const file = join(dir, "from-seven.mp4");
    await writeFile(file, Buffer.concat(messages));
    const found = await packetsOf(file, RAW);
    const wanted = await packetsOf(fixture("mp4-moov-last.mp4"), RAW);
    const rest = wanted.video0.slice(-found.video0.length);
    assert.deepEqual(found.video0.map(({ payload }) => payload), rest.map(({ payload }) => payload));
    assert.ok(rest[0].ptsS <= 7 && rest[0].ptsS > 3.9, `${rest[0].ptsS}`);
  });

  test("renditions that are cut alike are one ladder", async () => {
    const small = join(dir, "small.mp4");
    await run("ffmpeg", [
      ...["-v", "error", "-i", fixture("mp4-moov-last.mp4"), "-vf", "scale=160:90", "-c:v", "libx264", "-preset", "ultrafast"],
      ...["-g", "50", "-keyint_min", "50", "-sc_threshold", "0", "-bf", "3", "-c:a", "copy"],
      ...["-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-y", small],
    ]);
    const files = [
      { name: "source", file: fixture("mp4-moov-last.mp4") },
      { name: "180p", kind: "rendition", file: fixture("mp4-fragmented.mp4"), height: 180 },
      { name: "90p", kind: "rendition", file: small, height: 90 },
    ];
    const ladder = await putVideo(weir, { files });
    const master = await (await fetch(`${weir.http}/streams/${ladder}/master.m3u8`)).text();
    assert.deepEqual([...master.matchAll(/RESOLUTION=(\w+)/g)].map(([, size]) => size), ["320x180", "160x90"]);
    assert.equal(master.match(/TYPE=AUDIO/g).length, 1);
    const mpd = await (await fetch(`${weir.http}/streams/${ladder}/manifest.mpd`)).text();
    assert.equal(mpd.match(/<AdaptationSet/g).length, 2);
    assert.equal(mpd.match(/<Representation/g).length, 3);
  });

  test("captions are a track of HLS and a set of DASH", async () => {
    const captions = join(dir, "captions.vtt");
    await writeFile(captions, "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nHello\n\n00:00:05.000 --> 00:00:06.000\nBye\n");
    const files = [{ name: "source", file: fixture("mp4-moov-last.mp4") }];
    const told = await putVideo(weir, { files, beside: { "captions-en.vtt": captions } });
    await putCaptions(weir, told, "en");
    const at = (file) => new URL(file, `${weir.http}/streams/${told}/`);
    const master = await (await fetch(at("master.m3u8"))).text();
    const [, playlist] = /TYPE=SUBTITLES.*LANGUAGE="en".*URI="([^"]+)"/.exec(master);
    const text = await (await fetch(at(playlist))).text();
    const [file] = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const { stdout } = await run("ffprobe", ["-v", "error", "-show_packets", "-of", "json", at(file).href]);
    assert.deepEqual(JSON.parse(stdout).packets.map(({ pts_time: pts }) => Number(pts)), [1, 5]);
    const mpd = await (await fetch(`${weir.http}/streams/${told}/manifest.mpd`)).text();
    assert.match(mpd, /mimeType="text\/vtt" lang="en"/);
  });

  test("a video that is not for everybody needs a token, which stands behind every name", async () => {
    const hidden = await putVideo(weir, { privacy: "private", files: [{ name: "source", file: fixture("mp4-faststart.mp4") }] });
    const url = `${weir.http}/streams/${hidden}/master.m3u8`;
    const refused = await fetch(url);
    assert.equal(refused.status, 403);
    assert.equal((await refused.json()).error.code, "play_refused");
    const { stdout } = await weir.command("sign", "play", `streams/${hidden}`);
    const sign = /sign=([\w-]+)/.exec(stdout)[1];
    const found = await packetsOf(`${url}?sign=${sign}`);
    assert.equal(found.video0.length, 300);
    assert.equal((await fetch(`${weir.http}/streams/${hidden}/thumb-0.jpg`)).status, 403);
    await setPrivacy(weir, hidden, "public");
    await new Promise((done) => setTimeout(done, 1_200));
    assert.equal((await fetch(url)).status, 200);
  });

  test("the tutorial's list plays at the flat address", async () => {
    const folder = await mkdtemp(join(dir, "tutorial-"));
    await run("ffmpeg", [
      ...["-v", "error", "-i", fixture("mp4-moov-last.mp4"), "-profile:v", "baseline", "-level", "3.0", "-s", "640x360"],
      ...["-start_number", "0", "-hls_time", "10", "-hls_list_size", "0", "-f", "hls", join(folder, "list.m3u8")],
    ]);
    const files = [
      { name: "source", file: fixture("mp4-moov-last.mp4") },
      { name: "tutorial", kind: "list", file: folder },
    ];
    await putVideo(weir, { name: "output", files });
    const url = `${weir.http}/streams/output.m3u8`;
    const found = await packetsOf(url);
    const wanted = await packetsOf(join(folder, "list.m3u8"));
    assertSame("flat", found, wanted);
    // As ffplay does, decoded to the end.
    const { stderr } = await run("ffmpeg", ["-nostdin", "-v", "error", "-i", url, "-f", "null", "-"]);
    assert.equal(stderr, "");
  });

  test("storage that lost a file says so, and the server goes on", async () => {
    const gone = await putVideo(weir, { files: [{ name: "source", file: fixture("mp4-faststart.mp4") }] });
    await rm(join(weir.dir, "data", "media", "videos", gone, "source"));
    const answer = await fetch(`${weir.http}/streams/${gone}/master.m3u8`);
    assert.deepEqual([answer.status, (await answer.json()).error.code], [404, "not_found"]);
    assert.equal((await fetch(`${weir.http}/streams/${id}/master.m3u8`)).status, 200);
  });
});
