// One server fetches streams from another: over HTTP-FLV and RTMP, always or for the first viewer.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { publishFile } from "../lib/ffmpeg.mjs";
import { FlvChecker } from "../lib/flv.mjs";
import { openStream } from "../lib/http-stream.mjs";
import { sleep, until } from "../lib/processes.mjs";
import { startWeir, untilLive } from "../lib/weir.mjs";
import { DELIVERIES } from "./cases.mjs";
import { readAndCompare } from "./read.mjs";

const IDLE_STOP_MS = 2_000;
const CASE = { file: "h264-bframes-aac.flv", wanted: { video: "h264", audio: "aac" } };
const HTTP_FLV = DELIVERIES.find(({ name }) => name === "http-flv");

let origin;
let edge;
let host;

before(async () => {
  origin = await startWeir();
  host = publishFile(CASE.file, `${origin.rtmp}/live/source`);
  await untilLive(origin, "live/source", 2);
  const sources = [
    ["live/over-http", `${origin.http}/live/source.flv?secret=hidden`, false],
    ["live/over-rtmp", `${origin.rtmp}/live/source`, false],
    ["live/on-demand", `${origin.http}/live/source.flv`, true],
    ["live/nobody", `${origin.http}/live/nobody.flv`, false],
  ];
  edge = await startWeir({
    settings: { "pull.idle_stop_ms": IDLE_STOP_MS, "pull.retry_ms": 300, "pull.retry_max_ms": 2_000, "hub.hold_ms": 8_000 },
    toml: sources
      .map(([path, url, onDemand]) => `[[pull.sources]]\npath = "${path}"\nurl = "${url}"\non_demand = ${onDemand}\n`)
      .join("\n"),
  });
});

after(async () => {
  await host?.stop("SIGKILL");
  await edge?.stop();
  await origin?.stop();
});

async function state(path) {
  const { pulls } = await edge.get("/api/v1/pulls");
  return pulls.find((pull) => pull.path === path);
}

for (const path of ["live/over-http", "live/over-rtmp"]) {
  test(`what is fetched as ${path} is what was published`, async (t) => {
    await untilLive(edge, path, 2);
    await sleep(2_500);
    t.diagnostic(JSON.stringify(await readAndCompare(edge, path, CASE, HTTP_FLV)));
    assert.equal((await state(path)).state, "live");
  });
}

test("the first viewer brings an on-demand stream, and the last one ends it", async () => {
  const path = "live/on-demand";
  assert.equal((await state(path)).state, "idle");
  const checker = new FlvChecker();
  const began = performance.now();
  const viewer = await openStream(`${edge.http}/${path}.flv`, (bytes, at) => checker.push(bytes, at));
  assert.equal(viewer.status, 200);
  await until("pictures", () => checker.frames > 10 || undefined);
  assert.ok(performance.now() - began <= 3_000);
  assert.deepEqual(checker.errors, []);
  await viewer.close();
  await until("the source is let go", async () => (await state(path)).state === "idle" || undefined, IDLE_STOP_MS + 3_000, 200);
});

test("a source that is not there is tried again, further and further apart, and the API says why", async () => {
  const pull = await until("some attempts", async () => {
    const pull = await state("live/nobody");
    return pull.attempts >= 3 ? pull : undefined;
  });
  assert.ok(["waiting", "connecting"].includes(pull.state), pull.state);
  assert.match(pull.last_error, /404|not live/);
  const { status } = await fetch(`${edge.http}/live/nobody.flv`);
  assert.equal(status, 404);
});

test("no secret of a source's address is shown", async () => {
  const shown = JSON.stringify(await edge.get("/api/v1/pulls"));
  assert.doesNotMatch(shown, /hidden/);
  assert.doesNotMatch(edge.rawLog(), /hidden/);
});

test("viewers of the fetching server stay while the source restarts", async () => {
  const path = "live/over-http";
  const checker = new FlvChecker();
  const viewer = await openStream(`${edge.http}/${path}.flv`, (bytes, at) => checker.push(bytes, at));
  await until("pictures", () => checker.frames > 10 || undefined);
  await host.stop("SIGKILL");
  await sleep(1_000);
  host = publishFile(CASE.file, `${origin.rtmp}/live/source`);
  const { frames } = checker;
  await until("pictures again", () => checker.frames > frames + 50 || undefined, 15_000);
  assert.equal(viewer.endedBy, undefined);
  assert.deepEqual(checker.errors, []);
  await viewer.close();
});
