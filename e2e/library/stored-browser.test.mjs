// Stored videos in Chromium: hls.js, dash.js, and a WebSocket into a media source, each with seeks; the on-demand
// tutorial's page with its list.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { launchBrowser, waitForPlayback, withPage } from "../browser.mjs";
import { fixture } from "../lib/ffmpeg.mjs";
import { putVideo } from "../lib/library.mjs";
import { run } from "../lib/processes.mjs";
import { startWeir, WEIR } from "../lib/weir.mjs";
import { createServer } from "node:http";
import { once } from "node:events";

const DASH = new URL("../node_modules/dashjs/dist/modern/umd/dash.all.min.js", import.meta.url);
const HLS = new URL("../node_modules/hls.js/dist/hls.min.js", import.meta.url);
const SEEKS = [8, 3, 10];
const CASES = ["mp4-moov-last.mp4", "mp4-fragmented.mp4", "mp4-sound-later.mp4", "vp9-opus.mp4", "av1-opus.mp4"];

let weir;
let browser;
let elsewhere;
let dir;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "weir-stored-page-"));
  [weir, browser] = await Promise.all([startWeir(), launchBrowser()]);
  const files = { "/hls.js": HLS, "/dash.js": DASH, "/url-box.html": new URL("../pages/url-box.html", import.meta.url) };
  files["/hls.min.js"] = HLS;
  const server = createServer(async (request, response) => {
    const file = files[new URL(request.url, "http://here").pathname];
    const isPage = file === undefined || request.url.endsWith(".html");
    response.setHeader("content-type", isPage ? "text/html" : "text/javascript");
    response.end(file === undefined ? "<video muted></video>" : await readFile(file));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  elsewhere = { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
});

after(async () => {
  await browser?.close();
  elsewhere?.close();
  await weir?.stop();
  await rm(dir, { recursive: true, force: true });
});

/** In the page: begins with a player, seeks, plays a little after each, and says what was heard of it. */
async function watch({ player, url, type, seeks }) {
  const video = document.querySelector("video");
  const load = (src) =>
    new Promise((done, fail) => {
      const script = document.createElement("script");
      Object.assign(script, { src, onload: done, onerror: () => fail(new Error(`no ${src}`)) });
      document.head.append(script);
    });
  const errors = [];
  if (player === "hls.js") {
    await load("/hls.js");
    const hls = new Hls();
    hls.on(Hls.Events.ERROR, (_, { details, fatal }) => fatal && errors.push(details));
    hls.loadSource(url);
    hls.attachMedia(video);
  } else if (player === "dash.js") {
    await load("/dash.js");
    const dash = dashjs.MediaPlayer().create();
    dash.on("error", ({ error }) => errors.push(error.message));
    dash.initialize(video, url, false);
  } else {
    const source = new MediaSource();
    video.src = URL.createObjectURL(source);
    await new Promise((done) => source.addEventListener("sourceopen", done, { once: true }));
    const buffer = source.addSourceBuffer(type);
    const waiting = [];
    const feed = () => !buffer.updating && waiting.length > 0 && buffer.appendBuffer(waiting.shift());
    buffer.addEventListener("updateend", feed);
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      waiting.push(data);
      feed();
    };
    socket.onclose = ({ code }) => code !== 1000 && errors.push(`closed with ${code}`);
  }
  const moves = async (from) => {
    for (let n = 0; n < 200; n += 1) {
      if (video.readyState >= 2 && video.currentTime > from + 0.3) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`stands at ${video.currentTime} s, wanted from ${from} s; ${video.error?.message} ${errors}`);
  };
  try {
    await new Promise((done) => {
      if (video.readyState >= 1) done();
      else video.addEventListener("loadedmetadata", done, { once: true });
      setTimeout(done, 10_000);
    });
    await video.play();
    await moves(0);
    for (const seconds of seeks) {
      video.currentTime = seconds;
      await moves(seconds);
    }
    return { errors, durationS: video.duration, width: video.videoWidth, height: video.videoHeight };
  } catch (error) {
    return { errors: [...errors, error.message] };
  }
}

describe("in Chromium", () => {
  for (const name of CASES) {
    for (const player of ["hls.js", "dash.js", "media source"]) {
      const skip = player === "dash.js" && !existsSync(DASH) ? "dash.js is not installed" : false;
      test(`${name} plays and seeks with ${player}`, { skip }, async (t) => {
        const id = await putVideo(weir, { files: [{ name: "source", file: fixture(name) }] });
        const path = { "hls.js": `/streams/${id}/master.m3u8`, "dash.js": `/streams/${id}.mpd`, "media source": `/streams/${id}.mp4` };
        const info = JSON.parse((await run(WEIR, ["mp4", "info", "--json", fixture(name)])).stdout);
        const url = (player === "media source" ? weir.ws : weir.http) + path[player];
        const found = await withPage(browser, elsewhere.origin, (page) =>
          page.evaluate(watch, { player, url, type: info.media_source_type, seeks: SEEKS }),
        );
        t.diagnostic(JSON.stringify(found));
        assert.deepEqual(found.errors, []);
        assert.ok(Math.abs(found.durationS - info.duration_ms / 1000) < 0.2, `${found.durationS} s long`);
        assert.deepEqual([found.width, found.height], [320, 180]);
      });
    }
  }

  test("the on-demand tutorial's page plays /streams/output.m3u8", async () => {
    const folder = await mkdtemp(join(dir, "list-"));
    await run("ffmpeg", [
      ...["-v", "error", "-i", fixture("mp4-moov-last.mp4"), "-profile:v", "baseline", "-level", "3.0", "-s", "640x360"],
      ...["-start_number", "0", "-hls_time", "10", "-hls_list_size", "0", "-f", "hls", join(folder, "list.m3u8")],
    ]);
    await putVideo(weir, { name: "output", files: [{ name: "tutorial", kind: "list", file: folder }] });
    await withPage(browser, `${elsewhere.origin}/url-box.html`, async (page) => {
      await page.fill("input", `${weir.http}/streams/output.m3u8`);
      await page.click("#load");
      await waitForPlayback(page, 30_000);
      assert.equal(await page.evaluate(() => document.querySelector("video").videoWidth), 640);
    });
  });
});
