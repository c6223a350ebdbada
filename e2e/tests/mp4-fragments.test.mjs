// What `weir mp4 fragment` writes plays in a media source, with the type `weir mp4 info` names, wherever one seeks.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { launchBrowser, withPage } from "../browser.mjs";
import { fixture } from "../lib/ffmpeg.mjs";
import { run } from "../lib/processes.mjs";
import { WEIR } from "../lib/weir.mjs";

/** Files with the arguments they are fragmented with, and when their media begins and ends. */
const CASES = [
  { name: "mp4-moov-last.mp4", args: [], startS: 0, endS: 12 },
  { name: "mp4-moov-last.mp4", args: ["--fragment-ms", "500"], startS: 0, endS: 12 },
  { name: "mp4-negative-offsets.mp4", args: [], startS: 0, endS: 12 },
  // Sound that begins late is no hole to Chromium.
  { name: "mp4-sound-later.mp4", args: [], startS: 0, endS: 12 },
  { name: "mp4-picture-later.mp4", args: [], startS: 0.3, endS: 12 },
  { name: "mp4-sound-only.mp4", args: [], startS: 0, endS: 12 },
  { name: "mp4-fragmented-old.mp4", args: [], startS: 0, endS: 12 },
  { name: "quicktime.mov", args: [], startS: 0, endS: 12 },
  { name: "vp9-opus.mp4", args: [], startS: 0, endS: 12 },
  { name: "av1-opus.mp4", args: [], startS: 0, endS: 12 },
  { name: "h264-flac.mp4", args: [], startS: 0, endS: 12 },
  { name: "mp4-three-sounds.mp4", args: ["--tracks", "1,3"], startS: 0, endS: 12 },
  { name: "mp4-cut-inside.mp4", args: [], startS: 0, endS: 8.7 },
];
const TIME_OFF_MAX_S = 0.1;
/** Where to seek, as shares of the whole. */
const SEEKS = [0.6, 0.1, 0.9];

let dir;
let server;
let browser;
let origin;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "weir-mse-"));
  server = createServer(async (request, response) => {
    if (request.url === "/") return response.setHeader("content-type", "text/html").end("<video muted></video>");
    response.end(await readFile(join(dir, request.url.slice(1))).catch(() => ""));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  server?.close();
  await rm(dir, { recursive: true, force: true });
});

/** In the page: appends a whole file to a media source of this type, seeks, and plays a little. */
async function play({ file, type, seeks }) {
  if (!MediaSource.isTypeSupported(type)) return { error: `${type} is not supported` };
  const video = document.querySelector("video");
  const source = new MediaSource();
  const event = (target, name) =>
    new Promise((done, fail) => {
      target.addEventListener(name, done, { once: true });
      video.addEventListener("error", () => fail(new Error(video.error.message)), { once: true });
      setTimeout(() => fail(new Error(`no ${name} within 10 s`)), 10_000);
    });
  try {
    video.src = URL.createObjectURL(source);
    await event(source, "sourceopen");
    const buffer = source.addSourceBuffer(type);
    buffer.appendBuffer(await (await fetch(file)).arrayBuffer());
    await event(buffer, "updateend");
    const declaredS = source.duration;
    const buffered = [...Array(buffer.buffered.length).keys()].map((at) => [
      buffer.buffered.start(at),
      buffer.buffered.end(at),
    ]);
    source.endOfStream();
    for (const seconds of seeks) {
      video.currentTime = seconds;
      await event(video, "seeked");
    }
    await video.play();
    const from = video.currentTime;
    await new Promise((done) => setTimeout(done, 500));
    return { declaredS, buffered, playedS: video.currentTime - from };
  } catch (error) {
    return { error: `${error.message}; ${video.error?.message}` };
  }
}

describe("in a media source", () => {
  for (const { name, args, startS, endS } of CASES) {
    test(`${["fragment", ...args].join(" ")} ${name} plays from anywhere`, async (t) => {
      await run(WEIR, ["mp4", "fragment", "--force", ...args, fixture(name), join(dir, "file.mp4")]);
      const info = JSON.parse((await run(WEIR, ["mp4", "info", "--json", join(dir, "file.mp4")])).stdout);
      const found = await withPage(browser, origin, (page) =>
        page.evaluate(play, {
          file: "/file.mp4",
          type: info.media_source_type,
          seeks: SEEKS.map((share) => share * endS),
        }),
      );
      t.diagnostic(JSON.stringify(found));
      assert.equal(found.error, undefined);
      assert.equal(found.buffered.length, 1, "without a hole");
      const [[start, end]] = found.buffered;
      assert.ok(Math.abs(start - startS) <= TIME_OFF_MAX_S, `begins at ${start} s, expected ${startS}`);
      assert.ok(Math.abs(end - endS) <= TIME_OFF_MAX_S, `ends at ${end} s, expected ${endS}`);
      assert.ok(Math.abs(found.declaredS - info.duration_ms / 1000) <= TIME_OFF_MAX_S, `lasts ${found.declaredS} s`);
      assert.ok(found.playedS > 0.1, `played ${found.playedS} s`);
    });
  }
});
