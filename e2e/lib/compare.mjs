// Whether what a player got is what the encoder sent.

import assert from "node:assert/strict";

/** Timestamps are whole milliseconds in FLV: two roundings away from the file's. */
const SPACING_MS = 3;
/** Where a looped file begins again its encoder makes the gap, and sound and pictures are not equally long. */
const LOOP_MS = 150;

/**
 * Places `delivered` within `source`, which its publisher repeats: each packet must follow the one before. Gives
 * `{ at(i) }`, the source time of a delivered packet without the loops, and fails where a packet is missing, doubled,
 * out of order or changed.
 */
export function align(delivered, source, what) {
  assert.ok(source.length > 0, `${what}: the fixture has none`);
  assert.ok(delivered.length > 0, `${what}: none came`);
  let best = { matched: -1, offset: 0 };
  for (let offset = 0; offset < source.length; offset += 1) {
    if (source[offset].hash !== delivered[0].hash) continue;
    let matched = 0;
    while (matched < delivered.length && delivered[matched].hash === source[(offset + matched) % source.length].hash) {
      matched += 1;
    }
    if (matched > best.matched) best = { matched, offset };
  }
  assert.ok(best.matched >= 0, `${what}: the first packet is not one of the fixture's`);
  assert.equal(best.matched, delivered.length, `${what}: packet ${best.matched} is not the one that should follow`);
  return best.offset;
}

/** Whether times of `delivered`, which begins at `offset` of `source`, go on as the source's do. */
export function assertSpacing(delivered, source, offset, what) {
  for (let i = 1; i < delivered.length; i += 1) {
    const [before, now] = [delivered[i - 1], delivered[i]];
    assert.ok(now.dtsMs >= before.dtsMs, `${what}: dts goes from ${before.dtsMs} back to ${now.dtsMs} ms`);
    const from = source[(offset + i - 1) % source.length];
    const to = source[(offset + i) % source.length];
    const begins = (offset + i) % source.length === 0;
    // Decoded pictures know no dts; then pts stands for it in both.
    const wanted = begins ? undefined : to.dtsMs - from.dtsMs;
    const got = now.dtsMs - before.dtsMs;
    if (wanted === undefined) assert.ok(got <= LOOP_MS, `${what}: ${got} ms where the file begins again`);
    else assert.ok(Math.abs(got - wanted) <= SPACING_MS, `${what}: packet ${i} comes ${got} ms later, not ${wanted}`);
    const reorder = to.ptsMs - to.dtsMs;
    assert.ok(
      Math.abs(now.ptsMs - now.dtsMs - reorder) <= SPACING_MS,
      `${what}: packet ${i} is shown ${now.ptsMs - now.dtsMs} ms after decoding, not ${reorder}`,
    );
  }
}

/** How much later sound is, relative to pictures, than in the source, in milliseconds. */
export function soundShiftMs(delivered, source, offsets) {
  const videoShift = delivered.video[0].ptsMs - source.video[offsets.video].ptsMs;
  const audioShift = delivered.audio[0].ptsMs - source.audio[offsets.audio].ptsMs;
  const periodMs = (kind) => {
    const times = source[kind].map((packet) => packet.dtsMs);
    const step = (times.at(-1) - times[0]) / (times.length - 1);
    return times.at(-1) - times[0] + step;
  };
  const loopMs = Math.max(periodMs("audio"), periodMs("video"));
  const shift = audioShift - videoShift;
  // One of the two may already be in the next round of the file.
  return shift - Math.round(shift / loopMs) * loopMs;
}

/** Packets by kind, with the tracks' own order. */
export function byKind(packets) {
  return {
    video: packets.filter((packet) => packet.kind === "video"),
    audio: packets.filter((packet) => packet.kind === "audio"),
  };
}
