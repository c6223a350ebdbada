// Broadcasts that are recorded: read back whole in every form, through a dead server, a reconnect and a full disk; going
// back while it is live; clips.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { launchBrowser, withPage } from "../browser.mjs";
import { startPostgres } from "../lib/databases.mjs";
import { probe, publishFile } from "../lib/ffmpeg.mjs";
import { openStream } from "../lib/http-stream.mjs";
import { call, register } from "../lib/people.mjs";
import { run, sleep, until } from "../lib/processes.mjs";
import { startWeir, untilLive } from "../lib/weir.mjs";

const SEGMENT_MS = 2_000;
const SETTINGS = {
  "hub.hold_ms": 3_000,
  "hls.segment_ms": SEGMENT_MS,
  "record.free_bytes_min": 1_000_000,
  "storage.dir": "",
};
const FILE = "h264-aac.flv";
const OTHER_FILE = "h264-bframes-aac.flv";

/** Somebody with a room and what an encoder needs. */
async function host(weir, name, change = {}) {
  const person = await register(weir, name);
  const room = await call(weir, "POST", "/api/v1/rooms", { token: person.token, body: { title: `the show of ${name}` } });
  const { key } = await call(weir, "POST", "/api/v1/me/stream-key", { token: person.token });
  if (Object.keys(change).length > 0) await call(weir, "PATCH", `/api/v1/rooms/${room.id}`, { token: person.token, body: change });
  return { person, room, url: `${weir.rtmp}/live/${key}` };
}

/** Publishes for so long. */
async function broadcast(weir, { room, url }, seconds, file = FILE) {
  const encoder = publishFile(file, url, { output: ["-t", String(seconds)] });
  await untilLive(weir, room.stream, 2, 20_000);
  await encoder.exited;
}

function recordings(weir, { person }) {
  return call(weir, "GET", "/api/v1/videos?mine=true", { token: person.token }).then(({ items }) => items);
}

function ready(weir, someone, count = 1) {
  return until(
    `${count} recordings are ready`,
    async () => {
      const items = await recordings(weir, someone);
      return items.length >= count && items.every((video) => video.state === "ready") && items;
    },
    30_000,
    200,
  );
}

/** Its pictures come a moment after it can be played. */
function pictured(weir, { person }, { id }) {
  return until(
    `${id} has its pictures`,
    async () => {
      const video = await call(weir, "GET", `/api/v1/videos/${id}`, { token: person.token });
      return video.has_storyboard && video.cover !== "" && video;
    },
    20_000,
    200,
  );
}

const spanS = (packets) => {
  const times = packets.filter((packet) => packet.kind === "video").map((packet) => packet.ptsMs);
  return (Math.max(...times) - Math.min(...times)) / 1000;
};
const pictures = (found) => found.packets.filter((packet) => packet.kind === "video").length;

/** Reads a recording in every form. */
async function readBack(weir, { person }, video) {
  const { play_sign: sign } = await call(weir, "GET", `/api/v1/videos/${video.id}`, { token: person.token });
  const query = `?sign=${encodeURIComponent(sign)}`;
  const found = {};
  for (const form of ["master.m3u8", "manifest.mpd", "download.mp4"]) {
    found[form] = await probe(`${weir.http}/streams/${video.id}/${form}${query}`, { timeoutMs: 60_000 });
    assert.deepEqual(found[form].complaints, [], `what ffprobe found wrong in ${form}`);
  }
  return found;
}

async function decodesWithoutErrors(url) {
  const { stderr } = await run("ffmpeg", ["-v", "error", "-i", url, "-f", "null", "-"], { timeoutMs: 120_000 });
  assert.equal(stderr.trim(), "", "what ffmpeg's decoders found wrong");
}

describe("recordings", () => {
  let weir;
  before(async () => (weir = await startWeir({ settings: SETTINGS })));
  after(() => weir.stop());

  test("a broadcast is a video in every form as soon as it ends, whole", async () => {
    const mark = await host(weir, "mark");
    await broadcast(weir, mark, 11);
    const [video] = await ready(weir, mark);
    assert.equal(video.origin, "recording");
    assert.ok(video.duration_ms >= 9_500 && video.duration_ms <= 12_500, `${video.duration_ms} ms`);
    const found = await readBack(weir, mark, video);
    const counts = Object.values(found).map(pictures);
    assert.equal(new Set(counts).size, 1, `as many pictures in every form: ${counts}`);
    assert.ok(spanS(found["download.mp4"].packets) >= 9.5, "all of it");
    const first = Math.min(...found["download.mp4"].packets.map((packet) => packet.dtsMs));
    assert.ok(first >= -100 && first < 100, `the file begins at ${first} ms`);
    await decodesWithoutErrors(`${weir.http}/streams/${video.id}/download.mp4`);
    const part = await fetch(`${weir.http}/streams/${video.id}/download.mp4`, { headers: { range: "bytes=1000-1999" } });
    const all = Buffer.from(await (await fetch(`${weir.http}/streams/${video.id}/download.mp4`)).arrayBuffer());
    assert.equal(part.status, 206);
    assert.ok(Buffer.from(await part.arrayBuffer()).equals(all.subarray(1000, 2000)));
    await pictured(weir, mark, video);
    const { items: [listed] } = await call(weir, "GET", "/api/v1/videos");
    assert.equal(listed.cover, `/streams/${video.id}/thumb-0.jpg`);
    const cover = await fetch(weir.http + listed.cover);
    assert.deepEqual([cover.status, cover.headers.get("content-type")], [200, "image/jpeg"]);
    const cues = await (await fetch(`${weir.http}/streams/${video.id}/storyboard.vtt`)).text();
    assert.ok(cues.match(/-->/g).length >= 5, cues);
  });

  test("an encoder that comes back within the hold goes on in the same recording, behind a mark", async () => {
    const anna = await host(weir, "anna");
    await broadcast(weir, anna, 7);
    await sleep(1_000);
    await broadcast(weir, anna, 7);
    const [video, ...more] = await ready(weir, anna);
    assert.equal(more.length, 0, "one recording");
    const list = await (await fetch(`${weir.http}/streams/${video.id}/log/list.m3u8`)).text();
    assert.equal(list.match(/#EXT-X-DISCONTINUITY\n/g)?.length, 1, list);
    const found = await readBack(weir, anna, video);
    assert.ok(pictures(found["master.m3u8"]) >= 25 * 11, `${pictures(found["master.m3u8"])} pictures`);
    await checkSocket(weir, video, found["download.mp4"]);
  });

  test("where an encoder changes its tracks, there is a file for each stretch, and a socket goes on", async () => {
    const bert = await host(weir, "bert");
    await broadcast(weir, bert, 5);
    await broadcast(weir, bert, 5, OTHER_FILE);
    const [{ id }] = await ready(weir, bert);
    const { downloads } = await call(weir, "GET", `/api/v1/videos/${id}`);
    assert.deepEqual(downloads.map(({ part }) => part), [1, 2]);
    assert.equal(downloads[1].start_ms, downloads[0].duration_ms);
    for (const { address, bytes, duration_ms } of downloads) {
      const file = await probe(weir.http + address);
      assert.deepEqual(file.complaints, []);
      assert.ok(Math.abs(spanS(file.packets) - duration_ms / 1000) < 0.5, `${spanS(file.packets)} s of ${duration_ms} ms`);
      const { headers } = await fetch(weir.http + address, { method: "HEAD" });
      assert.equal(Number(headers.get("content-length")), bytes);
    }
    assert.equal((await fetch(`${weir.http}/streams/${id}/download.mp4?part=3`)).status, 404);
    const kinds = [];
    const stream = await openStream(`${weir.ws}/streams/${id}.mp4`, (message) => kinds.push(message.toString("latin1", 4, 8)));
    assert.match(await stream.ended, /close 1000|eof/);
    assert.equal(kinds.filter((kind) => kind === "ftyp").length, 2, kinds.join());
  });

  test("a room that does not want it is not recorded", async () => {
    const carl = await host(weir, "carl", { is_recorded: false });
    await broadcast(weir, carl, 5);
    await sleep(4_000);
    assert.deepEqual(await recordings(weir, carl), []);
  });

  test("viewers go back while it is live, with ffmpeg and in the browser; clips of it and of the recording", async () => {
    const dora = await host(weir, "dora");
    const encoder = publishFile(FILE, dora.url);
    const browser = await launchBrowser();
    try {
      await untilLive(weir, dora.room.stream, 2, 20_000);
      await sleep(26_000);
      const base = `${weir.http}/${dora.room.stream}`;
      const plain = await (await fetch(`${base}/fmp4.m3u8`)).text();
      const back = await (await fetch(`${base}/fmp4.m3u8?rewind=1`)).text();
      const count = (text) => text.match(/#EXTINF/g).length;
      assert.ok(count(plain) <= 6, "the plain list stays short");
      assert.ok(count(back) >= 11, `${count(back)} segments`);
      const input = ["-live_start_index", "0"];
      const found = await probe(`${base}/index.m3u8?rewind=1`, { seconds: 12, input });
      assert.deepEqual(found.complaints, []);
      assert.ok(spanS(found.packets) >= 11, `${spanS(found.packets)} s from the start on`);

      const watch = async (page) => {
        await page.addScriptTag({ path: createRequire(import.meta.url).resolve("hls.js/dist/hls.min.js") });
        const played = await page.evaluate(async (url) => {
          const video = document.body.appendChild(document.createElement("video"));
          video.muted = true;
          const hls = new globalThis.Hls({ startPosition: 0 });
          const loaded = new Promise((done, fail) => {
            hls.once(globalThis.Hls.Events.LEVEL_LOADED, done);
            hls.once(globalThis.Hls.Events.ERROR, (_, error) => fail(new Error(error.details)));
          });
          let [skipped, failed] = [0, false];
          hls.on(globalThis.Hls.Events.LEVEL_UPDATED, (_, { details }) => {
            skipped = Math.max(skipped, details.skippedSegments);
            failed ||= details.deltaUpdateFailed === true;
          });
          hls.loadSource(url);
          hls.attachMedia(video);
          await loaded;
          await video.play();
          const from = video.currentTime;
          await new Promise((done) => setTimeout(done, 4_000));
          const at = { from, time: video.currentTime, start: video.seekable.start(0), end: video.seekable.end(0), skipped, failed };
          hls.destroy();
          return at;
        }, `${base}/index.m3u8?rewind=1`);
        assert.ok(played.end - played.start >= 18, `seekable ${played.start} to ${played.end}`);
        assert.ok(played.skipped > 0 && !played.failed, "the list is fetched whole once, then its end alone");
        assert.ok(played.from < 5 && played.time > played.from + 2, `played ${played.from} to ${played.time}`);
      };
      await withPage(browser, `${weir.http}/api/docs`, watch, { bypassCSP: true });

      const clip = await call(weir, "POST", `/api/v1/rooms/${dora.room.id}/clips`, {
        token: dora.person.token,
        body: { last_seconds: 10, title: "The last ten" },
      });
      await checkClip(weir, dora, clip, 6, 14);
    } finally {
      await browser.close();
      await encoder.stop("SIGTERM");
    }
    const video = (await ready(weir, dora, 2)).find((each) => each.origin === "recording");
    const cut = await call(weir, "POST", `/api/v1/videos/${video.id}/clips`, {
      token: dora.person.token,
      body: { start_ms: 5_000, end_ms: 11_000 },
    });
    await checkClip(weir, dora, cut, 5.5, 9.5);
    await pictured(weir, dora, cut);
    const again = await call(weir, "POST", `/api/v1/videos/${cut.id}/clips`, {
      token: dora.person.token,
      body: { start_ms: 2_500, end_ms: 4_000 },
    });
    await checkClip(weir, dora, again, 1.4, 4.5);
  });
});

/** A recording over a WebSocket, from its fifth second on: what the file has there, without a hole. */
async function checkSocket(weir, video, whole) {
  const dir = await mkdtemp(join(tmpdir(), "weir-socket-"));
  try {
    const messages = [];
    const stream = await openStream(`${weir.ws}/streams/${video.id}.mp4?start=5&only=video`, (bytes) => messages.push(bytes));
    assert.equal(stream.status, 101);
    assert.match(await stream.ended, /close 1000|eof/);
    const kinds = messages.map((message) => message.toString("latin1", 4, 8));
    assert.ok(kinds[0] === "ftyp" && kinds.slice(1).every((kind) => kind === "moof"), kinds.join());
    await writeFile(join(dir, "socket.mp4"), Buffer.concat(messages));
    const times = (packets) => packets.filter(({ kind }) => kind === "video").map(({ ptsMs }) => Math.round(ptsMs));
    const found = times((await probe(join(dir, "socket.mp4"))).packets);
    assert.ok(found[0] > 2_000 && found[0] <= 5_000, `from ${found[0]} ms on`);
    assert.deepEqual(found, times(whole.packets).slice(-found.length));
    const sorted = found.toSorted((a, b) => a - b);
    const steps = sorted.slice(1).map((at, index) => at - sorted[index]);
    assert.ok(Math.max(...steps) < 200, `a hole of ${Math.max(...steps)} ms`);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function checkClip(weir, someone, clip, leastS, mostS) {
  const made = await until(
    "the clip is ready",
    async () => {
      const video = await call(weir, "GET", `/api/v1/videos/${clip.id}`, { token: someone.person.token });
      assert.notEqual(video.state, "failed", video.failure);
      return video.state === "ready" && video;
    },
    20_000,
    200,
  );
  const url = `${weir.http}/streams/${made.id}/download.mp4`;
  const found = await probe(url);
  assert.deepEqual(found.complaints, []);
  const first = Math.min(...found.packets.map((packet) => packet.dtsMs));
  assert.ok(Math.abs(first) < 200, `begins at ${first} ms`);
  assert.ok(found.packets.find((packet) => packet.kind === "video").isKeyframe);
  const seconds = spanS(found.packets);
  assert.ok(seconds >= leastS && seconds <= mostS, `${seconds} s`);
  await decodesWithoutErrors(url);
}

test("a server that is killed loses at most a segment, and what there is plays", async () => {
  const data = await mkdtemp(join(tmpdir(), "weir-recording-"));
  const settings = { ...SETTINGS, data_dir: join(data, "data") };
  try {
    let weir = await startWeir({ settings });
    const mark = await host(weir, "mark");
    const encoder = publishFile(FILE, mark.url);
    await untilLive(weir, mark.room.stream, 2, 20_000);
    const began = Date.now();
    await sleep(13_000);
    await weir.stop("SIGKILL");
    const livedS = (Date.now() - began) / 1000;
    await encoder.stop("SIGTERM");
    weir = await startWeir({ settings });
    try {
      const [video] = await ready(weir, mark);
      const found = await readBack(weir, mark, video);
      const lackS = livedS - spanS(found["download.mp4"].packets);
      // One segment is not finished, and keyframes may be a GOP later than its end.
      assert.ok(lackS <= (2 * SEGMENT_MS) / 1000 + 0.5, `${lackS} s of ${livedS} s are missing`);
      await decodesWithoutErrors(`${weir.http}/streams/${video.id}/download.mp4`);
    } finally {
      await weir.stop();
    }
  } finally {
    await rm(data, { recursive: true, force: true });
  }
});

test("on PostgreSQL a broadcast is recorded, cut and pictured as on SQLite", async () => {
  const database = await startPostgres();
  try {
    const weir = await startWeir({ settings: { ...SETTINGS, "database.url": database.url } });
    try {
      const mark = await host(weir, "mark");
      await broadcast(weir, mark, 7);
      const [video] = await ready(weir, mark);
      const asked = Date.now();
      const cut = await call(weir, "POST", `/api/v1/videos/${video.id}/clips`, {
        token: mark.person.token,
        body: { start_ms: 2_000, end_ms: 4_000 },
      });
      await checkClip(weir, mark, cut, 1.5, 6.5);
      assert.ok(Date.now() - asked < 10_000, `the clip took ${Date.now() - asked} ms with all checks`);
      await pictured(weir, mark, video);
      await pictured(weir, mark, cut);
      await readBack(weir, mark, video);
      const { downloads } = await call(weir, "GET", `/api/v1/videos/${video.id}`, { token: mark.person.token });
      assert.equal(downloads.length, 1);
    } finally {
      await weir.stop();
    }
  } finally {
    await database.stop();
  }
});

test("a full disk pauses the recording and nothing else, and it goes on when there is room", async (t) => {
  const disk = await mkdtemp(join(tmpdir(), "weir-disk-"));
  const mounted = await run("mount", ["-t", "tmpfs", "-o", "size=20m", "tmpfs", disk], { fails: true });
  if (mounted.code !== 0) return t.skip("no file system can be mounted here");
  try {
    const weir = await startWeir({ settings: { ...SETTINGS, "storage.dir": disk, "record.free_bytes_min": 2_000_000 } });
    try {
      const mark = await host(weir, "mark");
      const encoder = publishFile(FILE, mark.url);
      await untilLive(weir, mark.room.stream, 2, 20_000);
      await sleep(7_000);
      const filler = join(disk, "filler");
      const { stdout } = await run("sh", ["-c", `df --output=avail -B1 ${disk} | tail -1`]);
      await writeFile(filler, Buffer.alloc(Number(stdout) - 100_000));
      await until("recording pauses", () => weir.rawLog().includes("recording pauses"), 10_000);
      const live = await probe(`${weir.http}/${mark.room.stream}.flv`, { seconds: 4 });
      assert.deepEqual(live.complaints, []);
      assert.ok(pictures(live) >= 60);
      await rm(filler);
      await until("recording goes on", () => weir.rawLog().includes("recording goes on"), 10_000);
      await sleep(6_000);
      await encoder.stop("SIGTERM");
      const [video] = await ready(weir, mark);
      const found = await readBack(weir, mark, video);
      assert.ok(pictures(found["master.m3u8"]) >= 25 * 6);
      const list = await (await fetch(`${weir.http}/streams/${video.id}/log/list.m3u8`)).text();
      assert.equal(list.match(/#EXT-X-DISCONTINUITY\n/g)?.length, 1, list);
    } finally {
      await weir.stop();
    }
  } finally {
    await run("umount", [disk], { fails: true });
    await rm(disk, { recursive: true, force: true });
  }
});
