// ffmpeg as an encoder, ffprobe as a player that writes down what it got.

import { fileURLToPath } from "node:url";
import { run, start } from "./processes.mjs";

/** The path of a fixture. */
export function fixture(name) {
  return fileURLToPath(new URL(`../../fixtures/out/${name}`, import.meta.url));
}

/** Publishes a file in real time, over and over, as it is. */
export function publishFile(name, url, { loop = true, input = [], output = [] } = {}) {
  return start("ffmpeg", [
    ...["-hide_banner", "-nostdin", "-loglevel", "warning", "-re", ...(loop ? ["-stream_loop", "-1"] : []), ...input],
    ...["-i", fixture(name), "-c", "copy", ...output, "-f", "flv", url],
  ]);
}

/**
 * What ffprobe reads of `source`: `{ streams, packets }`, packets in order of arrival with the CRC of their payload.
 * `seconds` of it, or all.
 */
export async function probe(source, { seconds, input = [], timeoutMs = 40_000 } = {}) {
  const { stdout, stderr } = await run(
    "ffprobe",
    [
      ...["-v", "error", ...input, ...(seconds === undefined ? [] : ["-read_intervals", `%+${seconds}`])],
      ...["-show_streams", "-show_packets", "-show_data_hash", "crc32"],
      ...["-show_entries", "packet=stream_index,codec_type,pts_time,dts_time,flags,size,data_hash"],
      ...["-of", "json", source],
    ],
    { timeoutMs },
  );
  const { streams, packets } = JSON.parse(stdout);
  return { streams, packets: packets.map(toPacket), complaints: complaints(stderr) };
}

function toPacket(packet) {
  return {
    stream: packet.stream_index,
    kind: packet.codec_type,
    ptsMs: milliseconds(packet.pts_time),
    dtsMs: milliseconds(packet.dts_time ?? packet.pts_time),
    isKeyframe: packet.flags.startsWith("K"),
    size: Number(packet.size),
    hash: packet.data_hash,
  };
}

/**
 * The same in a form that no container changes: pictures decoded, sound as the codec's own frames. For MPEG-TS, whose
 * payloads look different.
 */
export async function decode(source, { seconds, isAdts = false, input = [], timeoutMs = 40_000 } = {}) {
  const { stdout, stderr } = await run(
    "ffmpeg",
    [
      ...["-hide_banner", "-nostdin", "-v", "error", ...input, "-copyts", "-start_at_zero", "-i", source],
      ...(seconds === undefined ? [] : ["-t", String(seconds)]),
      ...["-map", "0:v?", "-map", "0:a?", "-fps_mode", "passthrough", "-c:v", "rawvideo", "-c:a", "copy"],
      // Without this decoded pictures are placed on a grid of whole frames.
      ...["-enc_time_base:v", "1:90000"],
      ...(isAdts ? ["-bsf:a", "aac_adtstoasc"] : []),
      ...["-f", "framemd5", "-"],
    ],
    { timeoutMs },
  );
  const timeBases = new Map();
  const kinds = new Map();
  const packets = [];
  for (const line of stdout.split("\n")) {
    const about = /^#(tb|media_type) (\d+): (.*)$/.exec(line);
    if (about?.[1] === "tb") {
      const [numerator, denominator] = about[3].split("/").map(Number);
      timeBases.set(Number(about[2]), (numerator / denominator) * 1000);
    } else if (about) {
      kinds.set(Number(about[2]), about[3]);
    } else if (line !== "" && !line.startsWith("#")) {
      const [stream, dts, pts, , size, hash] = line.split(",").map((field) => field.trim());
      const unitMs = timeBases.get(Number(stream));
      packets.push({
        stream: Number(stream),
        kind: kinds.get(Number(stream)),
        ptsMs: Number(pts) * unitMs,
        dtsMs: Number(dts) * unitMs,
        size: Number(size),
        hash,
      });
    }
  }
  return { packets, complaints: complaints(stderr) };
}

function milliseconds(text) {
  return text === undefined ? undefined : Number(text) * 1000;
}

/** What a decoder or demuxer found wrong; a stream that is cut off at the end is the test's own doing. */
function complaints(stderr) {
  return stderr
    .split("\n")
    .filter((line) => line.trim() !== "" && !/Packet corrupt|partial file|Truncating packet|End of file/.test(line));
}
