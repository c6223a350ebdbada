// Hooks as their owner sees them: a web server that is asked and told.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { loadMedia, publishMedia } from "../lib/encoder.mjs";
import { FlvChecker } from "../lib/flv.mjs";
import { openStream } from "../lib/http-stream.mjs";
import { until } from "../lib/processes.mjs";
import { RtmpClient } from "../lib/rtmp.mjs";
import { startWeir, untilLive } from "../lib/weir.mjs";

const media = loadMedia("h264-aac.flv");
const SECRET = "0123456789abcdef";

/** A hook that answers with `answer(call)`: `{ status, body, headers }`. */
async function listen(answer = () => ({})) {
  const calls = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    const isJson = request.headers["content-type"]?.includes("json");
    const fields = isJson ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
    const call = { headers: request.headers, text, fields };
    calls.push(call);
    const { status = 200, body = "", headers = {} } = answer(call);
    response.writeHead(status, headers).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { calls, url: `http://127.0.0.1:${server.address().port}/hook`, close: () => server.close() };
}

/** A server with one hook. */
function withHook(url, extra = "", settings = {}) {
  return startWeir({ settings: { "hub.hold_ms": 300, ...settings }, toml: `[[hooks.targets]]\nurl = "${url}"\n${extra}\n` });
}

/** Somebody publishes, somebody watches over HTTP, both leave. */
async function broadcast(weir, path) {
  const host = await publishMedia(weir.rtmpPort, `${path}?from=test`, media);
  await untilLive(weir, path, 2);
  const checker = new FlvChecker();
  const viewer = await openStream(`${weir.http}/${path}.flv?who=viewer`, (bytes, at) => checker.push(bytes, at));
  await until("pictures", () => checker.frames > 5 || undefined);
  await viewer.close();
  await host.stop();
}

test("all nine events come in the order of what happens, signed", async () => {
  const hook = await listen();
  const weir = await withHook(hook.url, `secret = "${SECRET}"`);
  try {
    await broadcast(weir, "live/events");
    const names = () => hook.calls.map(({ fields }) => fields.event);
    await until("the last event", () => (names().includes("donePublish") && names().includes("donePlay") && names().includes("doneConnect")) || undefined);
    assert.deepEqual([...new Set(names())].sort(), [
      ...["doneConnect", "donePlay", "donePublish", "postConnect", "postPlay", "postPublish"],
      ...["preConnect", "prePlay", "prePublish"],
    ]);
    const at = (name) => names().indexOf(name);
    for (const [first, then] of [["preConnect", "prePublish"], ["prePublish", "postPublish"], ["postPublish", "donePublish"], ["prePlay", "postPlay"], ["postPlay", "donePlay"]]) {
      assert.ok(at(first) < at(then), `${first} before ${then}: ${names()}`);
    }
    for (const name of ["preConnect", "postConnect", "doneConnect"]) {
      const isIt = ({ fields }) => fields.event === name && fields.protocol === "http-flv";
      await until(`${name} of who watches over HTTP`, () => hook.calls.some(isIt) || undefined);
    }
    for (const { headers, text } of hook.calls) {
      assert.equal(headers["x-weir-signature"], `sha256=${createHmac("sha256", SECRET).update(text).digest("hex")}`);
    }
    const publish = hook.calls.find(({ fields }) => fields.event === "prePublish").fields;
    assert.deepEqual([publish.stream, publish.app, publish.name, publish.args.from], ["live/events", "live", "events", "test"]);
    const played = hook.calls.find(({ fields }) => fields.event === "donePlay").fields;
    assert.ok(played.bytes > 1_000, "how much the viewer got");
    assert.doesNotMatch(weir.rawLog(), /who=viewer|from=test/, "arguments are nobody's business but the hook's");
  } finally {
    await weir.stop();
    hook.close();
  }
});

test("a refusing hook refuses publishers and players of every protocol", async () => {
  const hook = await listen(({ fields }) => (fields.event?.startsWith("pre") && fields.name === "forbidden" ? { status: 403 } : {}));
  const weir = await withHook(hook.url);
  try {
    const refused = await RtmpClient.connect(weir.rtmpPort);
    assert.match(await refused.publish("live/forbidden"), /NetStream\.publish\.(Unauthorized|BadName)/i);
    await refused.close();
    for (const ending of [".flv", ".mp4", "/index.m3u8", "/index.mpd"]) {
      const { status } = await fetch(`${weir.http}/live/forbidden${ending}`);
      assert.equal(status, 403, ending);
    }
    await broadcast(weir, "live/allowed");
  } finally {
    await weir.stop();
    hook.close();
  }
});

test("a dead hook means what on_failure says", async () => {
  const hook = await listen();
  hook.close();
  for (const [onFailure, isLetIn] of [["deny", false], ["allow", true]]) {
    const weir = await withHook(hook.url, `on_failure = "${onFailure}"`, { "hooks.timeout_ms": 500 });
    try {
      const client = await RtmpClient.connect(weir.rtmpPort);
      const code = await client.publish("live/x").catch((error) => error.message);
      assert.equal(code === "NetStream.Publish.Start", isLetIn, `${onFailure}: ${code}`);
      await client.close();
    } finally {
      await weir.stop();
    }
  }
});

test("nginx-rtmp's notify may give a stream another name, for HLS too", async () => {
  const hook = await listen(({ fields }) => (fields.call === "publish" && fields.name === "key" ? { status: 302, headers: { location: "public" } } : {}));
  const weir = await withHook(hook.url, 'dialect = "nginx-rtmp"');
  try {
    const host = await publishMedia(weir.rtmpPort, "live/key?token=t", media);
    await untilLive(weir, "live/public", 2);
    assert.equal((await fetch(`${weir.http}/live/key.flv`)).status, 404);
    assert.equal((await fetch(`${weir.http}/live/public.m3u8`)).status, 200);
    const { fields } = hook.calls.find((call) => call.fields.call === "publish");
    assert.deepEqual([fields.app, fields.name, fields.type, fields.token], ["live", "key", "live", "t"]);
    await host.stop();
    await until("publish_done", () => hook.calls.some((call) => call.fields.call === "publish_done") || undefined);
  } finally {
    await weir.stop();
    hook.close();
  }
});

test("SRS callbacks are answered by the number 0 and nothing else", async () => {
  let answer = { status: 200, body: "0" };
  const hook = await listen(() => answer);
  const weir = await withHook(hook.url, 'dialect = "srs"');
  try {
    await broadcast(weir, "live/srs");
    // That the viewer has gone may be noticed after the publisher has.
    for (const action of ["on_connect", "on_publish", "on_unpublish", "on_play", "on_stop"]) {
      await until(action, () => hook.calls.some(({ fields }) => fields.action === action) || undefined);
    }
    const closed = await until("both connections are closed", () => {
      const calls = hook.calls.filter((call) => call.fields.action === "on_close");
      return calls.length === 2 && calls.map((call) => call.fields);
    });
    assert.ok(closed.some((call) => call.send_bytes > 1_000 && call.recv_bytes === 0), "what the viewer got");
    assert.ok(closed.some((call) => call.recv_bytes > 1_000 && call.send_bytes === 0), "what the publisher sent");
    const { fields } = hook.calls.find((call) => call.fields.action === "on_publish");
    assert.deepEqual([fields.app, fields.stream, fields.param], ["live", "srs", "?from=test"]);
    for (const body of ["1", "no", '{"code":1}', ""]) {
      answer = { status: 200, body };
      const client = await RtmpClient.connect(weir.rtmpPort);
      const code = await client.publish("live/srs").catch((error) => error.message);
      assert.notEqual(code, "NetStream.Publish.Start", JSON.stringify(body));
      await client.close();
    }
    answer = { status: 200, body: '{"code":0}' };
    await broadcast(weir, "live/srs");
  } finally {
    await weir.stop();
    hook.close();
  }
});
