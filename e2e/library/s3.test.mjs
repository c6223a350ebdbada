// Media files in a bucket of an S3: videos are played from it, uploads end in it, a worker of another process reads and
// writes it, and nothing that was recorded is lost while it is away.

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fixture, probe, publishFile } from "../lib/ffmpeg.mjs";
import { ask, call, register, UNLIMITED } from "../lib/people.mjs";
import { run, sleep, until } from "../lib/processes.mjs";
import { startS3 } from "../lib/s3.mjs";
import { startWeir, untilLive } from "../lib/weir.mjs";

const AWAY_MS = Number(process.env.AWAY_S ?? 12) * 1000;

describe("media in a bucket", () => {
  let s3;
  let weir;
  let worker;
  let host;

  before(async () => {
    s3 = await startS3({ redirect: true });
    const settings = { ...UNLIMITED, ...s3.settings, "hls.segment_ms": 1000, "worker.at_once": 0 };
    weir = await startWeir({ settings });
    worker = weir.beside(["worker"], { "worker.at_once": 1, "worker.preset": "ultrafast" });
    host = await register(weir, "host");
  });

  after(async () => {
    await worker?.stop();
    await weir?.stop();
    await s3?.stop();
  });

  test("a video is put into it, played out of it, and a download is sent there", async () => {
    const movie = join(weir.dir, "movie.mp4");
    await run("ffmpeg", ["-v", "error", "-i", fixture("h264-aac.flv"), "-c", "copy", movie]);
    await weir.command("vod", "add", movie, "--name", "in-s3", "--user", "host", "--wait");
    const objects = await s3.objects("videos/");
    assert.ok(objects.some((path) => path.endsWith("/source")), objects.join());
    const local = join(weir.dir, "data", "media", "videos");
    assert.deepEqual(existsSync(local) ? readdirSync(local) : [], []);

    const played = await probe(`${weir.http}/streams/in-s3.m3u8`);
    const source = await probe(movie);
    assert.deepEqual(sizes(played), sizes(source));

    const { items } = await call(weir, "GET", "/api/v1/videos?mine=true", { token: host.token });
    const answer = await fetch(`${weir.http}/streams/${items[0].id}/download.mp4`, { redirect: "manual" });
    assert.equal(answer.status, 302, await answer.clone().text());
    const address = new URL(answer.headers.get("location"));
    assert.equal(address.origin, s3.url);
    const bytes = await (await fetch(address)).arrayBuffer();
    assert.ok(bytes.byteLength > 10_000);
  });

  test("an upload ends in it, a worker beside makes its rendition there, and the server plays that", async () => {
    const film = join(weir.dir, "film.avi");
    await run("ffmpeg", [
      ...["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=5"],
      ...["-f", "lavfi", "-i", "sine=duration=5", "-c:v", "mpeg4", "-c:a", "libmp3lame", film],
    ]);
    const { at, id } = await upload(await readFile(film));
    const video = await until(
      "it can be played",
      async () => {
        const video = await call(weir, "GET", `/api/v1/videos/${id}`, { token: host.token });
        assert.notEqual(video.state, "failed", video.failure);
        return video.state === "ready" ? video : undefined;
      },
      60_000,
    );
    assert.equal((await fetch(at, { method: "HEAD", headers: TUS() })).headers.get("upload-offset"), String((await readFile(film)).length));
    const objects = await s3.objects(`videos/${id}/`);
    assert.ok(objects.some((path) => path.endsWith("/source")) && objects.some((path) => path.endsWith("/180p.mp4")), objects.join());
    for (const form of ["master.m3u8", "manifest.mpd"]) {
      const { streams, packets } = await probe(`${weir.http}/streams/${id}/${form}?sign=${video.play_sign}`);
      assert.deepEqual(streams.map((stream) => stream.codec_name).sort(), ["aac", "h264"], form);
      assert.ok(packets.filter((packet) => packet.kind === "video").length >= 120, form);
    }
    assert.deepEqual(readdirSync(join(weir.dir, "data", "work", "uploads")), [], "nothing of it is left on the disk");
  });

  const TUS = () => ({ token: host.token, "tus-resumable": "1.0.0" });

  /** Sends bytes over tus, in two requests; where they went, and the id of their video. */
  async function upload(bytes) {
    const begun = await fetch(`${weir.http}/api/v1/uploads`, {
      method: "POST",
      headers: { ...TUS(), "upload-length": String(bytes.length), "upload-metadata": `filename ${btoa("film.avi")}` },
    });
    assert.equal(begun.status, 201, await begun.text());
    const at = new URL(begun.headers.get("location"), weir.http);
    const half = bytes.length >> 1;
    for (const [from, to] of [[0, half], [half, bytes.length]]) {
      const headers = { ...TUS(), "content-type": "application/offset+octet-stream", "upload-offset": String(from) };
      const sent = await fetch(at, { method: "PATCH", headers, body: bytes.subarray(from, to) });
      assert.equal(sent.status, 204, await sent.text());
    }
    return { at, id: begun.headers.get("weir-video-id") };
  }

  test(`away for ${AWAY_MS / 1000} s: live goes on, videos say so in words, the recording is whole afterwards`, async () => {
    const { id, name } = await call(weir, "POST", "/api/v1/rooms", { token: host.token, body: { title: "a show" } });
    const { sign } = await call(weir, "POST", `/api/v1/rooms/${id}/publish-token`, { token: host.token });
    const encoder = publishFile("h264-aac.flv", `${weir.rtmp}/live/${name}?sign=${sign}`);
    await untilLive(weir, `live/${name}`, 2);
    await sleep(5000);
    await s3.away();
    const began = Date.now();
    const watching = probe(`${weir.http}/live/${name}.flv`, { seconds: 5 });
    const refused = await ask(weir, "GET", "/streams/in-s3.m3u8", { timeoutMs: 20_000 });
    assert.ok([200, 503].includes(refused.status), `${refused.status} ${refused.text}`);
    const piece = await ask(weir, "GET", "/streams/in-s3.mp4", { timeoutMs: 20_000 });
    assert.equal(piece.status, 503, piece.text);
    assert.match(piece.text, /storage/);
    const { packets } = await watching;
    assert.ok(packets.length > 100, `${packets.length} packets in 5 s of live`);
    await sleep(Math.max(0, AWAY_MS - (Date.now() - began)));
    await s3.back();
    await sleep(4000);
    const liveForS = (Date.now() - began) / 1000 + 5;
    await encoder.stop();
    await call(weir, "POST", `/api/v1/rooms/${id}/status`, { token: host.token, body: { type: "stop" } });

    const video = await until(
      "the recording is a video",
      async () => {
        const { items } = await call(weir, "GET", `/api/v1/videos?mine=true&room_id=${id}`, { token: host.token });
        return items.find((item) => item.origin === "recording" && item.state === "ready");
      },
      30_000,
    );
    const url = `${weir.http}/streams/${video.id}/master.m3u8?sign=${video.play_sign}`;
    const recorded = await until(
      "all of it can be read",
      async () => {
        const read = await probe(url).catch(() => undefined);
        return read !== undefined && lengthS(read) > liveForS - 8 ? read : undefined;
      },
      60_000,
      1000,
    );
    const gaps = steps(recorded).filter((ms) => ms > 500);
    assert.deepEqual(gaps, [], "the recording has holes");
  });
});

const sizes = ({ packets }) => packets.filter((packet) => packet.kind === "video").map((packet) => packet.size);

function lengthS({ packets }) {
  const times = packets.filter((packet) => packet.kind === "video").map((packet) => packet.dtsMs);
  return (Math.max(...times) - Math.min(...times)) / 1000;
}

function steps({ packets }) {
  const times = packets.filter((packet) => packet.kind === "video").map((packet) => packet.dtsMs);
  return times.slice(1).map((time, at) => time - times[at]);
}
