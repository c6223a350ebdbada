// An encoder made of a fixture: pictures and sound of a file, sent with whatever timestamps a test wants.

import { readFileSync } from "node:fs";
import { fixture } from "./ffmpeg.mjs";
import { AUDIO, describe, readFlv, VIDEO } from "./flv.mjs";
import { sleep } from "./processes.mjs";
import { RtmpClient } from "./rtmp.mjs";

/** The media of an FLV fixture: decoder configs apart, packets in file order, and how long it is. */
export function loadMedia(name) {
  const tags = readFlv(readFileSync(fixture(name))).filter((tag) => tag.type === AUDIO || tag.type === VIDEO);
  // ffmpeg ends each H.264 track with an "end of sequence" tag, which has no picture.
  const isEnd = (tag) => tag.type === VIDEO && (tag.body[0] & 0x0f) === 7 && tag.body[1] === 2;
  const configs = tags.filter((tag) => describe(tag).isConfig && !isEnd(tag));
  const packets = tags.filter((tag) => !describe(tag).isConfig);
  const times = packets.map((tag) => tag.timestampMs);
  const picture = packets.filter((tag) => tag.type === VIDEO);
  const stepMs = picture.length > 1 ? picture[1].timestampMs - picture[0].timestampMs : 21;
  return { configs, packets, durationMs: Math.max(...times) - Math.min(...times) + stepMs };
}

/**
 * Publishes `media` to `path` at `speed` times real time, over and over, until `stop()`. `timestamp(ms, n)` turns the
 * file's own clock (n-th packet) into what is sent.
 */
export async function publishMedia(port, path, media, { speed = 1, timestamp = (ms) => ms } = {}) {
  const client = await RtmpClient.connect(port);
  const code = await client.publish(path);
  if (code !== "NetStream.Publish.Start") {
    await client.close();
    throw new Error(code);
  }
  const encoder = { client, sent: 0, bytes: 0, isStopping: false };
  const sendAll = async () => {
    for (const config of media.configs) client.media(config, timestamp(0, 0));
    const began = performance.now();
    for (let round = 0; !encoder.isStopping; round += 1) {
      for (const tag of media.packets) {
        const ms = tag.timestampMs + round * media.durationMs;
        const ahead = ms / speed - (performance.now() - began);
        if (ahead > 5) await sleep(ahead);
        if (encoder.isStopping || client.endedBy !== undefined) return;
        client.media(tag, timestamp(ms, encoder.sent));
        encoder.sent += 1;
        encoder.bytes += tag.body.length;
        if (encoder.sent % 64 === 0) await client.drain();
      }
    }
  };
  encoder.done = sendAll();
  encoder.stop = async (how) => {
    encoder.isStopping = true;
    await client.close(how);
    await encoder.done;
  };
  return encoder;
}

/**
 * Media that needs no encoder: `bitsPerSecond` of pictures of noise at 25 per second with a keyframe each second, and
 * the decoder config of a fixture. Nobody can decode it, but every byte has to be carried.
 */
export function noise(bitsPerSecond, fixtureName = "video-only.flv") {
  const { configs } = loadMedia(fixtureName);
  const size = Math.floor(bitsPerSecond / 8 / 25);
  const packets = [];
  for (let n = 0; n < 50; n += 1) {
    const isKeyframe = n % 25 === 0;
    const body = Buffer.alloc(size + 9, n + 1);
    body[0] = ((isKeyframe ? 1 : 2) << 4) | 7;
    body.writeUInt32BE(0x01000000, 1);
    // One NAL unit (ISO/IEC 14496-15 §5.3.4.2): its length, then its type.
    body.writeUInt32BE(size, 5);
    body[9] = isKeyframe ? 0x65 : 0x41;
    packets.push({ type: VIDEO, timestampMs: n * 40, body });
  }
  return { configs, packets, durationMs: 2_000 };
}
