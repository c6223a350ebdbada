// How soon after the last byte of a large upload its first segment is there: a file with moov first and one with moov
// last, sent over tus. Needs as much room on the disk as three such files.

import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call, register, UNLIMITED } from "../../e2e/lib/people.mjs";
import { run, sleep } from "../../e2e/lib/processes.mjs";
import { startWeir } from "../../e2e/lib/weir.mjs";

const GIB = Number(process.env.GIB ?? 2);
const CHUNK_BYTES = 32 << 20;
/** The last request, behind which the clock runs. */
const LAST_BYTES = 1 << 20;
const GOAL_MS = 1000;
const GIVE_UP_MS = 60_000;

const dir = await mkdtemp(join(tmpdir(), "weir-upload-"));
const weir = await startWeir({ settings: { ...UNLIMITED, "log.level": "warn", "uploads.disk_reserve_bytes": 0 } });
try {
  const { token } = await register(weir, "uploader");
  const minute = join(dir, "minute.mp4");
  await run("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=60,noise=alls=30:allf=t"],
    ...["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=60", "-c:v", "libx264", "-preset", "ultrafast"],
    ...["-g", "50", "-b:v", "6M", "-maxrate", "6M", "-bufsize", "6M", "-pix_fmt", "yuv420p", "-c:a", "aac", minute],
  ], { timeoutMs: 300_000 });
  for (const [name, flags] of [["moov first", ["-movflags", "+faststart"]], ["moov last", []]]) {
    const file = join(dir, "film.mp4");
    await run("ffmpeg", [
      ...["-v", "error", "-stream_loop", "-1", "-i", minute, "-c", "copy"],
      ...["-fs", String(GIB * 2 ** 30), ...flags, "-y", file],
    ], { timeoutMs: 900_000 });
    const ms = await firstSegment(file, token);
    console.log(`${name}, ${((await stat(file)).size / 2 ** 30).toFixed(2)} GiB: first segment ${ms.segment.toFixed(0)} ms after the last bytes were sent (answered after ${ms.answered.toFixed(0)} ms, playlist after ${ms.playlist.toFixed(0)} ms; goal ${GOAL_MS} ms)`);
    if (ms.segment > GOAL_MS) process.exitCode = 1;
  }
} finally {
  await weir.stop("SIGKILL");
  await rm(dir, { recursive: true, force: true });
}

async function firstSegment(file, token) {
  const { size } = await stat(file);
  const headers = { token, "tus-resumable": "1.0.0" };
  const metadata = `filename ${btoa("film.mp4")},privacy ${btoa("public")}`;
  const begun = await fetch(`${weir.http}/api/v1/uploads`, {
    method: "POST",
    headers: { ...headers, "upload-length": String(size), "upload-metadata": metadata },
  });
  if (begun.status !== 201) throw new Error(await begun.text());
  const at = new URL(begun.headers.get("location"), weir.http);
  const id = begun.headers.get("weir-video-id");
  const handle = await open(file);
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let clock;
  for (let offset = 0; offset < size; ) {
    const left = size - offset;
    const wanted = Math.min(CHUNK_BYTES, left > LAST_BYTES ? left - LAST_BYTES : left);
    const { bytesRead } = await handle.read(buffer, 0, wanted, offset);
    if (offset + bytesRead === size) clock = performance.now();
    const sent = await fetch(at, {
      method: "PATCH",
      headers: { ...headers, "content-type": "application/offset+octet-stream", "upload-offset": String(offset) },
      body: buffer.subarray(0, bytesRead),
    });
    if (sent.status !== 204) throw new Error(`${sent.status} ${await sent.text()}`);
    offset += bytesRead;
  }
  const answered = performance.now() - clock;
  await handle.close();
  const lines = (text) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const master = `${weir.http}/streams/${id}/master.m3u8`;
  let playlist;
  for (;;) {
    const answer = await fetch(master);
    const text = await answer.text();
    if (answer.ok) {
      playlist = performance.now() - clock;
      const track = new URL(lines(text)[0], master);
      const list = await (await fetch(track)).text();
      const segment = await fetch(new URL(lines(list)[0], track));
      const { byteLength } = await segment.arrayBuffer();
      if (!segment.ok || byteLength < 1000) throw new Error(`the first segment is ${segment.status}, ${byteLength} bytes`);
      break;
    }
    if (performance.now() - clock > GIVE_UP_MS) {
      throw new Error(`not playable after ${GIVE_UP_MS} ms: ${text} ${JSON.stringify(await call(weir, "GET", `/api/v1/videos/${id}`, { token }))}`);
    }
    await sleep(20);
  }
  return { segment: performance.now() - clock, answered, playlist };
}
