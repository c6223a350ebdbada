// Other people's players and encoders. Each is skipped where it is not installed; `make e2e-clients` installs them.

import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fixture, probe, publishFile } from "../lib/ffmpeg.mjs";
import { isInstalled, run, sleep, start } from "../lib/processes.mjs";
import { startWeir, untilLive } from "../lib/weir.mjs";

const STREAM = "live/players";
const SECONDS = 6;
/** At the start a player may be a few packets behind. */
const LATE_SOUNDS_MAX = 10;

let weir;
let host;
let folder;

before(async () => {
  weir = await startWeir();
  host = publishFile("h264-aac.flv", `${weir.rtmp}/${STREAM}`);
  await untilLive(weir, STREAM, 2);
  folder = await mkdtemp(join(tmpdir(), "weir-clients-"));
  // VLC runs as nobody.
  chmodSync(folder, 0o777);
  // HLS and DASH start with the first request; players come to a stream that is under way.
  await Promise.all(["index.m3u8", "ts.m3u8", "index.mpd"].map((name) => fetch(`${weir.http}/${STREAM}/${name}`)));
  await sleep(4_000);
});

after(async () => {
  await host?.stop();
  await weir?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const ADDRESSES = {
  rtmp: () => `${weir.rtmp}/${STREAM}`,
  "http-flv": () => `${weir.http}/${STREAM}.flv`,
  "http-ts": () => `${weir.http}/${STREAM}.ts`,
  "http-fmp4": () => `${weir.http}/${STREAM}.mp4`,
  "hls-ts": () => `${weir.http}/${STREAM}/ts.m3u8`,
  hls: () => `${weir.http}/${STREAM}/index.m3u8`,
  dash: () => `${weir.http}/${STREAM}/index.mpd`,
};

/** A test that is skipped with a word when `command` is missing. */
function testWith(command, name, body) {
  test(name, { timeout: 60_000 }, async (t) => {
    if (!(await isInstalled(command))) return t.skip(`${command} is not installed`);
    await body(t);
  });
}

describe("VLC plays", () => {
  for (const protocol of ["rtmp", "http-flv", "http-ts", "http-fmp4", "hls-ts", "hls", "dash"]) {
    testWith("cvlc", protocol, async () => {
      // It refuses to run as root.
      const asNobody = process.getuid() === 0 ? ["runuser", "-u", "nobody", "--"] : [];
      const [command, ...args] = [
        // Its own --run-time counts the stream's time from 0, which is long over in a stream that is under way.
        ...["timeout", "-k", "3", "-s", "INT", String(SECONDS), ...asNobody],
        ...["env", `HOME=${folder}`, "cvlc", "-vv", "-I", "dummy", "--no-color", "--vout", "dummy", "--aout", "dummy"],
        ...["--play-and-exit", ADDRESSES[protocol](), "vlc://quit"],
      ];
      const { stdout, stderr } = await run(command, args, { timeoutMs: 40_000, fails: true });
      const said = stdout + stderr;
      assert.match(said, /using video decoder module "avcodec"|Received first picture|first picture/i);
      assert.match(said, /using audio decoder module/i);
      assert.doesNotMatch(said, /VLC is unable to open the MRL|can't open/i);
      const late = said.split("buffer too late").length - 1;
      assert.ok(late <= LATE_SOUNDS_MAX, `${late} packets of sound were dropped for being late`);
    });
  }
});

describe("mpv plays", () => {
  for (const protocol of ["rtmp", "http-flv", "http-ts", "http-fmp4", "hls-ts", "hls", "dash"]) {
    testWith("mpv", protocol, async () => {
      const { code, stdout, stderr } = await run(
        "mpv",
        ["--no-config", "--vo=null", "--ao=null", `--frames=${SECONDS * 25}`, ADDRESSES[protocol]()],
        { timeoutMs: 40_000, fails: true },
      );
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /Video.*h264/);
      assert.match(stdout, /Audio.*aac/);
    });
  }
});

describe("rtmpdump plays", () => {
  testWith("rtmpdump", "rtmp, and what it wrote is whole", async () => {
    const file = join(folder, "dump.flv");
    await run("timeout", ["-s", "INT", String(SECONDS), "rtmpdump", "-q", "-r", ADDRESSES.rtmp(), "--live", "-o", file], { fails: true });
    const { packets } = await probe(file);
    const pictures = packets.filter(({ kind }) => kind === "video");
    assert.ok(pictures.length >= SECONDS * 25 * 0.6, `${pictures.length} pictures`);
    assert.ok(pictures[0].isKeyframe);
    assert.ok(packets.some(({ kind }) => kind === "audio"));
  });
});

/** A pipeline for some seconds; never `-e`, which waits for an end that live streams do not have. */
async function gst(pipeline, seconds = SECONDS) {
  return run("timeout", ["-k", "3", "-s", "INT", String(seconds), "gst-launch-1.0", ...pipeline.split(" ")], { fails: true, timeoutMs: 30_000 });
}

async function hasElement(name) {
  return (await isInstalled("gst-inspect-1.0")) && (await run("gst-inspect-1.0", ["--exists", name], { fails: true })).code === 0;
}

describe("GStreamer", () => {
  for (const source of ["rtmpsrc", "rtmp2src"]) {
    test(`plays rtmp through ${source}`, { timeout: 60_000 }, async (t) => {
      if (!(await hasElement(source))) return t.skip(`${source} is not installed`);
      const file = join(folder, `${source}.flv`);
      await gst(`${source} location=${ADDRESSES.rtmp()} ! filesink location=${file}`);
      assert.ok((await stat(file)).size > 50_000);
      const { packets } = await probe(file);
      const pictures = packets.filter(({ kind }) => kind === "video");
      assert.ok(pictures.length >= SECONDS * 25 * 0.5, `${pictures.length} pictures`);
      assert.ok(pictures[0].isKeyframe);
    });
  }

  for (const sink of ["rtmpsink", "rtmp2sink"]) {
    test(`publishes rtmp through ${sink}`, { timeout: 60_000 }, async (t) => {
      if (!(await hasElement(sink))) return t.skip(`${sink} is not installed`);
      const path = `live/${sink}`;
      const pipeline = `filesrc location=${fixture("h264-aac.flv")} ! flvdemux name=in in.video ! queue ! h264parse ! mux. in.audio ! queue ! aacparse ! mux. flvmux name=mux streamable=true ! ${sink} location=${weir.rtmp}/${path} sync=true`;
      const publisher = start("gst-launch-1.0", pipeline.split(" "));
      try {
        await untilLive(weir, path, 2);
        const { streams, packets } = await probe(`${weir.http}/${path}.flv`, { seconds: 3 });
        assert.deepEqual(streams.map((stream) => stream.codec_name).sort(), ["aac", "h264"]);
        assert.ok(packets.filter(({ kind }) => kind === "video").length >= 50);
      } catch (error) {
        throw new Error(`${error.message}\n${publisher.stdout}${publisher.stderr}`);
      } finally {
        await publisher.stop("SIGKILL");
      }
    });
  }

  test("plays HLS through playbin3", { timeout: 60_000 }, async (t) => {
    if (!(await hasElement("playbin3"))) return t.skip("playbin3 is not installed");
    const { stdout } = await run(
      "timeout",
      ["-k", "3", "-s", "INT", "12", "gst-launch-1.0", "-v", "playbin3", `uri=${ADDRESSES.hls()}`, "video-sink=fakesink silent=false sync=true", "audio-sink=fakesink"],
      { fails: true, timeoutMs: 30_000 },
    );
    const frames = stdout.split("chain").length - 1;
    assert.ok(frames >= 50, `${frames} pictures`);
  });
});

describe("librtmp's simple client in ffmpeg", () => {
  test("plays and is told when nobody is live", { timeout: 30_000 }, async () => {
    const { code, stderr } = await run("ffprobe", ["-v", "error", `${weir.rtmp}/live/nobody`], { fails: true, timeoutMs: 20_000 });
    assert.notEqual(code, 0);
    assert.match(stderr, /not live|StreamNotFound|Input\/output error|Operation not permitted|Server error/i);
  });
});
