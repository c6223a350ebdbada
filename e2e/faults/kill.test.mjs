// The server is killed again and again while it records and people watch: it is back at once, no list of segments goes
// back, and recordings lack at most the segment that was being made.
//
// `make soak-kill` does it ten times with five streams and fifty viewers.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadMedia, publishMedia } from "../lib/encoder.mjs";
import { FlvChecker } from "../lib/flv.mjs";
import { openStream } from "../lib/http-stream.mjs";
import { call, register } from "../lib/people.mjs";
import { run, sleep, until } from "../lib/processes.mjs";
import { startWeir } from "../lib/weir.mjs";

const KILLS = Number(process.env.WEIR_KILLS ?? 2);
const STREAMS = Number(process.env.WEIR_STREAMS ?? 2);
const VIEWERS = Number(process.env.WEIR_VIEWERS ?? 8);
/** How long a server lives after the first segments of all streams are listed. */
const LIVES_MS = 5_000;
const READY_MAX_MS = 2_000;
const LOST_MAX = 1;

test(`killed ${KILLS} times with ${STREAMS} recorded streams and ${VIEWERS} viewers`, { timeout: 600_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "weir-kill-"));
  const [httpPort, rtmpPort] = [await freePort(), await freePort()];
  const settings = {
    ...{ data_dir: join(folder, "data"), "http.listen": `127.0.0.1:${httpPort}`, "rtmp.listen": `127.0.0.1:${rtmpPort}` },
    ...{ "hls.segment_ms": 1_000, "record.free_bytes_min": 1_000_000 },
    ...{ "accounts.sign_ins_per_minute": 1_000, "accounts.sign_ins_burst": 1_000 },
  };
  const media = loadMedia("h264-aac.flv");
  const state = { isOver: false, rounds: 0 };
  const tasks = [];
  let weir = await startWeir({ settings });
  try {
    const streams = [];
    for (let n = 0; n < STREAMS; n += 1) streams.push(await host(weir, n));
    for (const stream of streams) tasks.push(keepPublishing(state, rtmpPort, stream.key, media));
    const viewers = [];
    for (let n = 0; n < VIEWERS; n += 1) {
      const stream = streams[n % STREAMS];
      const viewer = { stream, kind: n % 2 === 0 ? "hls" : "flv", perRound: [], mistakes: [] };
      viewers.push(viewer);
      tasks.push((viewer.kind === "hls" ? keepListing : keepReading)(state, weir.http, viewer));
    }
    const readyMs = [];
    for (let round = 0; round < KILLS; round += 1) {
      const sees = (viewer) => (viewer.perRound[round]?.size ?? viewer.perRound[round] ?? 0) > 0;
      await until(`all viewers see something in round ${round}`, () => viewers.every(sees) || undefined, 30_000, 100);
      await sleep(LIVES_MS + Math.random() * 1_000);
      weir.signal("SIGKILL");
      await weir.exited;
      // Before there is anything to connect to again: who watches then counts for the next round.
      state.rounds += 1;
      const began = performance.now();
      const next = startWeir({ settings });
      await until("ready", () => isReady(httpPort), 10_000, 10);
      readyMs.push(Math.round(performance.now() - began));
      await weir.stop();
      weir = await next;
    }
    state.isOver = true;
    await Promise.all(tasks);
    assert.deepEqual(viewers.flatMap((viewer) => viewer.mistakes), [], "what viewers found wrong");
    const found = [];
    for (const stream of streams) found.push(...(await readBack(weir, stream, viewers)));
    t.diagnostic(`ready after ${readyMs.join(", ")} ms`);
    t.diagnostic(`${found.length} recordings, segments that viewers saw listed and no recording has: ${found.map(({ lost }) => lost).join(" ")}`);
    assert.ok(Math.max(...readyMs) <= READY_MAX_MS, `ready after ${readyMs} ms`);
    assert.ok(found.length >= KILLS * STREAMS, `${found.length} recordings`);
    assert.ok(Math.max(...found.map(({ lost }) => lost)) <= LOST_MAX, "segments of a recording are missing");
    assert.deepEqual(found.flatMap(({ errors }) => errors), [], "what ffmpeg's decoders found wrong");
  } finally {
    state.isOver = true;
    await weir.stop();
    await Promise.allSettled(tasks);
    await rm(folder, { recursive: true, force: true });
  }
});

/** Somebody whose broadcasts are recorded. */
async function host(weir, n) {
  const { token } = await register(weir, `host${n}`);
  const room = await call(weir, "POST", "/api/v1/rooms", { token, body: { title: `show ${n}` } });
  const { key } = await call(weir, "POST", "/api/v1/me/stream-key", { token });
  return { token, key, path: room.stream };
}

/** An encoder that comes back as long as there is somebody to come back to. */
async function keepPublishing(state, port, key, media) {
  while (!state.isOver) {
    const encoder = await publishMedia(port, `live/${key}`, media).catch(() => undefined);
    if (encoder !== undefined) {
      while (!state.isOver && encoder.client.endedBy === undefined) await sleep(50);
      await encoder.stop();
    }
    if (!state.isOver) await sleep(200);
  }
}

/** Reads the list of segments again and again; its numbers may only grow. */
async function keepListing(state, http, viewer) {
  let last = -1;
  while (!state.isOver) {
    const round = state.rounds;
    const text = await fetch(`${http}/${viewer.stream.path}/fmp4.m3u8`, { signal: AbortSignal.timeout(2_000) })
      .then((answer) => (answer.ok ? answer.text() : ""))
      .catch(() => "");
    const sequence = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1] ?? NaN);
    if (!Number.isNaN(sequence)) {
      if (sequence < last) viewer.mistakes.push(`${viewer.stream.path}: the list went back from ${last} to ${sequence}`);
      last = Math.max(last, sequence);
      if (round === state.rounds) {
        const seen = (viewer.perRound[round] ??= new Set());
        for (const name of segments(text)) seen.add(name);
      }
    }
    await sleep(400);
  }
}

/** Watches over HTTP-FLV and comes back when the connection ends; counts pictures. */
async function keepReading(state, http, viewer) {
  while (!state.isOver) {
    const round = state.rounds;
    const checker = new FlvChecker();
    const stream = await openStream(`${http}/${viewer.stream.path}.flv`, (bytes, at) => checker.push(bytes, at)).catch(() => undefined);
    while (stream?.status === 200 && !state.isOver && stream.endedBy === undefined) {
      await sleep(50);
      if (round === state.rounds) viewer.perRound[round] = checker.frames;
    }
    await stream?.close();
    // While nobody publishes yet, the answer is another one.
    if (stream?.status === 200) viewer.mistakes.push(...checker.errors);
    await sleep(200);
  }
}

/** The numbers of the segments in a playlist. */
function segments(text) {
  return [...text.matchAll(/(\d+)\.m4s/g)].map(([, number]) => Number(number));
}

/** For each recording: how many segments that viewers saw listed it lacks, and what decoders say of it. */
async function readBack(weir, stream, viewers) {
  const videos = await until(
    "all recordings are complete",
    async () => {
      const { items } = await call(weir, "GET", "/api/v1/videos?mine=true&limit=50", { token: stream.token });
      return items.length > 0 && items.every((video) => video.state === "ready") && items;
    },
    60_000,
    500,
  );
  const listed = new Set();
  for (const viewer of viewers) {
    if (viewer.stream === stream && viewer.kind === "hls") viewer.perRound.forEach((seen) => seen.forEach((number) => listed.add(number)));
  }
  const recordings = [];
  for (const video of videos) {
    const base = `${weir.http}/streams/${video.id}`;
    const kept = segments(await (await fetch(`${base}/log/list.m3u8`)).text());
    const { stderr } = await run("ffmpeg", ["-v", "error", "-i", `${base}/download.mp4`, "-f", "null", "-"], { timeoutMs: 60_000 });
    recordings.push({ kept: new Set(kept), first: Math.min(...kept), errors: stderr.split("\n").filter(Boolean) });
  }
  recordings.sort((one, other) => one.first - other.first);
  // A segment that was listed belongs to the last recording that began before it.
  return recordings.map(({ kept, first, errors }, at) => {
    const end = recordings[at + 1]?.first ?? Infinity;
    const lost = [...listed].filter((number) => number >= first && number < end && !kept.has(number)).length;
    return { lost, errors };
  });
}

async function isReady(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(500) }).catch(() => undefined);
  return answer?.ok || undefined;
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}
