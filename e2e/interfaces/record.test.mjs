// FLV files as nginx-rtmp records them: begun and ended by itself and by /control, told to a notify hook, read back.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { probe, publishFile } from "../lib/ffmpeg.mjs";
import { sleep, until } from "../lib/processes.mjs";
import { startWeir, untilLive } from "../lib/weir.mjs";

test("a broadcast becomes files that ffprobe reads, and a notify hook hears of each", async () => {
  const calls = [];
  const hook = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    calls.push(Object.fromEntries(new URLSearchParams(text)));
    response.end();
  }).listen(0, "127.0.0.1");
  await once(hook, "listening");
  const weir = await startWeir({
    settings: {
      ...{ "hub.hold_ms": 300, "record.free_bytes_min": 0, "record.streams": "off" },
      ...{ "record.flv.what": "all", "record.flv.suffix": "-%Y.flv", "record.flv.recorder": "rec1" },
    },
    toml: `[[hooks.targets]]\nurl = "http://127.0.0.1:${hook.address().port}/"\ndialect = "nginx-rtmp"\n`,
  });
  const encoder = publishFile("h264-aac.flv", `${weir.rtmp}/live/mark`);
  const control = async (what) => {
    const answer = await fetch(`${weir.http}/control/record/${what}?srv=0&app=live&name=mark&rec=rec1`);
    return { status: answer.status, text: await answer.text() };
  };
  const told = (path) => until(`the hook hears of ${path}`, () => calls.find((call) => call.call === "record_done" && call.path === path));
  try {
    await untilLive(weir, "live/mark", 2);
    await sleep(2_500);
    const folder = join(weir.dir, "data", "flv", "live");
    const year = new Date().getUTCFullYear();
    const [first, second] = [`mark-${year}.flv`, `mark-1-${year}.flv`].map((name) => join(folder, name));
    assert.deepEqual(await control("start"), { status: 204, text: "" }, "it records already");
    assert.deepEqual(await control("stop"), { status: 200, text: first });
    const { app, name, recorder } = await told(first);
    assert.deepEqual({ app, name, recorder }, { app: "live", name: "mark", recorder: "rec1" });
    await readBack(first, 2);

    assert.deepEqual(await control("stop"), { status: 204, text: "" });
    assert.deepEqual(await control("start"), { status: 200, text: second });
    await sleep(1_500);
    await encoder.stop("SIGTERM");
    await told(second);
    await readBack(second, 1);
  } finally {
    await encoder.stop("SIGKILL");
    await weir.stop();
    hook.close();
  }
});

/** Everything in the file is media that decoders take, from 0 on, and the file says how long that is. */
async function readBack(path, secondsMin) {
  const { streams, packets, complaints } = await probe(path);
  assert.deepEqual(complaints, []);
  assert.deepEqual(streams.map((stream) => stream.codec_type).sort(), ["audio", "video"]);
  const pictures = packets.filter((packet) => packet.kind === "video");
  assert.ok(pictures[0].isKeyframe && pictures[0].dtsMs < 100, `begins at ${pictures[0].dtsMs} ms`);
  const lastMs = Math.max(...packets.map((packet) => packet.dtsMs));
  assert.ok(lastMs >= secondsMin * 1_000, `${lastMs} ms`);
  const bytes = await readFile(path);
  const number = (name) => bytes.readDoubleBE(bytes.indexOf(name) + name.length + 1);
  assert.ok(Math.abs(number("duration") * 1_000 - lastMs) < 50, `it says ${number("duration")} s, and is ${lastMs} ms`);
  assert.equal(number("filesize"), bytes.length);
}
