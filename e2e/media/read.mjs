// Reads one delivery of one live stream and compares it with the file that is published.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { align, assertSpacing, byKind, soundShiftMs } from "../lib/compare.mjs";
import { decode, fixture, probe } from "../lib/ffmpeg.mjs";
import { capture } from "../lib/http-stream.mjs";

/** Media read from each delivery. */
const SECONDS = 5;
/** How much of the window must be there: its ends are cut, and in segments one track comes long before the other. */
const SHARE_MIN = { stream: 0.8, segments: 0.5 };
const AV_SHIFT_MAX_MS = 50;
/** A decoder that begins in mid-stream lacks what the first frames refer to. */
const MP3_RESERVOIR_FRAMES = 4;
/** A body that ends in mid-packet leaves broken pictures, and those that refer to them. */
const CUT_OFF_PACKETS = 5;

const sources = new Map();

/** The fixture's packets, once by payload and once decoded. */
function source(file, isTs) {
  const key = `${file} ${isTs}`;
  if (!sources.has(key)) {
    const read = isTs ? decode(fixture(file)) : probe(fixture(file));
    sources.set(key, read.then(({ packets, streams }) => ({ ...byKind(packets), streams })));
  }
  return sources.get(key);
}

/** Reads `delivery` of `path` and holds it against `file`; what was found, for the test's output. */
export async function readAndCompare(weir, path, { file, wanted }, delivery) {
  let from = delivery.address(weir, path);
  let seconds = SECONDS;
  if (delivery.isCaptured) {
    const bytes = await capture(from, SECONDS * 1000, { ca: delivery.ca });
    from = join(weir.dir, `${path.replaceAll("/", "-")}.${delivery.name}`);
    await writeFile(from, bytes);
    seconds = undefined;
  }
  const { input = [] } = delivery;
  const isTs = delivery.isTs?.(wanted) ?? false;
  const probed = await probe(from, { seconds, input });
  const codecs = Object.fromEntries(probed.streams.map((stream) => [stream.codec_type, stream.codec_name]));
  assert.deepEqual(codecs, wanted, "the tracks");
  assert.equal(probed.streams.length, Object.keys(wanted).length, "no track twice");
  assert.deepEqual(probed.complaints, [], "what ffprobe found wrong");

  const expected = await source(file, isTs);
  const original = await source(file, false);
  if (!isTs) assertConfigs(probed.streams, original.streams);
  let packets = probed.packets;
  if (isTs) {
    const decoded = await decode(from, { seconds, isAdts: wanted.audio === "aac", input });
    assert.deepEqual(decoded.complaints, [], "what ffmpeg's decoders found wrong");
    packets = decoded.packets;
  }
  const delivered = byKind(packets);
  const firstPicture = probed.packets.find((packet) => packet.kind === "video");
  if (wanted.video) assert.ok(firstPicture.isKeyframe, "the first picture is a keyframe");

  const offsets = {};
  for (const kind of Object.keys(wanted)) {
    if (isTs && delivery.isCaptured) delivered[kind].splice(-CUT_OFF_PACKETS);
    if (wanted[kind] === "mp3" && isTs) delivered.audio.splice(0, MP3_RESERVOIR_FRAMES);
    offsets[kind] = align(delivered[kind], expected[kind], kind);
    assertSpacing(delivered[kind], expected[kind], offsets[kind], kind);
    const least = Math.floor(expectedCount(expected[kind]) * SHARE_MIN[delivery.isSegmented ? "segments" : "stream"]);
    assert.ok(delivered[kind].length >= least, `${delivered[kind].length} packets of ${kind}, at least ${least} wanted`);
  }
  const found = { video: delivered.video.length, audio: delivered.audio.length };
  if (wanted.video && wanted.audio) {
    found.soundShiftMs = Math.round(soundShiftMs(delivered, expected, offsets));
    assert.ok(Math.abs(found.soundShiftMs) <= AV_SHIFT_MAX_MS, `sound is ${found.soundShiftMs} ms off`);
  }
  return found;
}

function expectedCount(packets) {
  const spanMs = packets.at(-1).dtsMs - packets[0].dtsMs;
  return (packets.length / spanMs) * SECONDS * 1000;
}

/** The decoder configs, and what they say, are the file's. */
function assertConfigs(delivered, expected) {
  for (const stream of delivered) {
    const original = expected.find((other) => other.codec_type === stream.codec_type);
    for (const key of ["extradata_hash", "profile", "width", "height", "pix_fmt", "sample_rate", "channels"]) {
      assert.equal(stream[key], original[key], `${stream.codec_name} ${key}`);
    }
  }
}
