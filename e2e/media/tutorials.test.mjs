// The commands of the tutorials this project started from, unedited, on the default ports.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fixture, probe } from "../lib/ffmpeg.mjs";
import { run, sleep, start } from "../lib/processes.mjs";
import { startWeir, untilLive } from "../lib/weir.mjs";

const RTMP_PORT = 1935;
const HTTP_PORT = 8000;

let weir;
let folder;
let taken;

before(async () => {
  taken = (await isTaken(RTMP_PORT)) ? RTMP_PORT : (await isTaken(HTTP_PORT)) ? HTTP_PORT : undefined;
  if (taken !== undefined) {
    console.error(`\n!!! port ${taken} is taken: the tutorials' own commands are NOT tested\n`);
    return;
  }
  weir = await startWeir({ settings: { "rtmp.listen": `0.0.0.0:${RTMP_PORT}`, "http.listen": `0.0.0.0:${HTTP_PORT}` } });
  folder = await mkdtemp(join(tmpdir(), "weir-tutorial-"));
  // The tutorials' readers have these lying around.
  await run("ffmpeg", ["-v", "error", "-i", fixture("h264-aac.flv"), "-c", "copy", join(folder, "test.mp4")]);
  await run("ffmpeg", ["-v", "error", "-i", fixture("h264-bframes-aac.flv"), "-c:v", "mpeg4", "-c:a", "libmp3lame", join(folder, "movie.avi")]);
});

after(async () => {
  await weir?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** Runs a command line as it was printed, in a folder with the tutorial's file. */
function typed(line) {
  const [command, ...words] = line.split(" ");
  return start(command, words, { cwd: folder });
}

test("ffmpeg pushes a file to rtmp://localhost/live/mark and http://127.0.0.1:8000/live/mark.flv shows it", async (t) => {
  if (taken) return t.skip(`port ${taken} is taken`);
  const host = typed("ffmpeg -re -i test.mp4 -c copy -f flv rtmp://localhost/live/mark");
  try {
    await untilLive(weir, "live/mark", 2);
    const { streams, packets } = await probe("http://127.0.0.1:8000/live/mark.flv", { seconds: 3 });
    assert.deepEqual(streams.map((stream) => stream.codec_name).sort(), ["aac", "h264"]);
    assert.ok(packets.filter((packet) => packet.kind === "video").length >= 60);
    const response = await fetch("http://localhost:8000/live/mark.flv", { headers: { origin: "http://elsewhere.example" } });
    assert.equal(response.headers.get("access-control-allow-origin"), "*", "its page comes from another origin");
    await response.body.cancel();
  } finally {
    await host.stop("SIGKILL");
  }
});

test("ffmpeg encodes a film with MP3 sound to rtmp://localhost:1935/hls/movie and /hls/movie.m3u8 shows it", async (t) => {
  if (taken) return t.skip(`port ${taken} is taken`);
  const host = typed(
    "ffmpeg -loglevel verbose -re -i movie.avi -vcodec libx264 -vprofile baseline -acodec libmp3lame -ar 44100 -ac 1 -f flv rtmp://localhost:1935/hls/movie",
  );
  try {
    await untilLive(weir, "hls/movie", 2);
    await sleep(1_000);
    const response = await fetch("http://localhost:8000/hls/movie.m3u8", { headers: { origin: "http://elsewhere.example" } });
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type"), /mpegurl/i);
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    const playlist = await response.text();
    assert.match(playlist, /#EXTINF/, "nginx-rtmp's flat address is a media playlist");
    const { streams, packets } = await probe("http://localhost:8000/hls/movie.m3u8", { seconds: 4 });
    const sound = streams.find((stream) => stream.codec_type === "audio");
    assert.deepEqual([sound.codec_name, sound.sample_rate, sound.channels], ["mp3", "44100", 1]);
    assert.equal(streams.find((stream) => stream.codec_type === "video").codec_name, "h264");
    assert.ok(packets.filter((packet) => packet.kind === "video").length >= 60);
  } finally {
    await host.stop("SIGKILL");
  }
});

async function isTaken(port) {
  const server = createServer();
  return new Promise((done) => {
    server.once("error", () => done(true));
    server.listen(port, "0.0.0.0", () => server.close(() => done(false)));
  });
}
