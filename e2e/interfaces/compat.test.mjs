// The interfaces people already use: Node-Media-Server v2, nginx-rtmp, Prometheus, signed addresses.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { loadMedia, publishMedia } from "../lib/encoder.mjs";
import { FlvChecker } from "../lib/flv.mjs";
import { openStream } from "../lib/http-stream.mjs";
import { until } from "../lib/processes.mjs";
import { RtmpClient } from "../lib/rtmp.mjs";
import { startWeir, untilLive } from "../lib/weir.mjs";

const media = loadMedia("h264-aac.flv");
let weir;
let host;
let viewer;

before(async () => {
  weir = await startWeir({ settings: { "hub.hold_ms": 500 } });
  host = await publishMedia(weir.rtmpPort, "live/compat", media);
  await untilLive(weir, "live/compat", 2);
  const checker = new FlvChecker();
  viewer = await openStream(`${weir.http}/live/compat.flv`, (bytes, at) => checker.push(bytes, at));
  await until("pictures", () => checker.frames > 60 || undefined);
});

after(async () => {
  await viewer?.close();
  await host?.stop();
  await weir?.stop();
});

test("Node-Media-Server's /api/streams says who publishes what and who watches", async () => {
  const { live } = await weir.get("/api/streams");
  const { publisher, subscribers } = live.compat;
  assert.deepEqual([publisher.app, publisher.stream, publisher.ip], ["live", "compat", "127.0.0.1"]);
  assert.deepEqual([publisher.video.codec, publisher.video.width, publisher.video.height], ["H264", 320, 180]);
  assert.deepEqual([publisher.audio.codec, publisher.audio.samplerate, publisher.audio.channels], ["AAC", 48_000, 2]);
  assert.ok(publisher.bytes > 0);
  assert.deepEqual(subscribers.map(({ protocol }) => protocol), ["http"]);
  const one = await weir.get("/api/streams/live/compat");
  assert.equal(one.isLive, true);
  assert.equal(one.viewers, 1);
  const server = await weir.get("/api/server");
  assert.ok(server.mem.totle > 0 && server.cpu.num >= 1 && server.clients.rtmp >= 1);
});

test("Node-Media-Server's DELETE ends a stream", async () => {
  const other = await publishMedia(weir.rtmpPort, "live/kicked", media);
  await untilLive(weir, "live/kicked", 2);
  const { status } = await fetch(`${weir.http}/api/streams/live/kicked`, { method: "DELETE" });
  assert.equal(status, 200);
  await other.client.ended;
  assert.equal((await fetch(`${weir.http}/live/kicked.flv`)).status, 404);
  await other.stop();
});

test("nginx-rtmp's /stat is XML in its order, with its stylesheet", async () => {
  const response = await fetch(`${weir.http}/stat`);
  assert.match(response.headers.get("content-type"), /^text\/xml/);
  const xml = await response.text();
  assert.match(xml, /<\?xml-stylesheet type="text\/xsl" href="stat\.xsl"/);
  const stream = /<stream>[\s\S]*?<name>compat<\/name>[\s\S]*?<\/stream>/.exec(xml)[0];
  const order = ["name", "time", "bw_in", "bytes_in", "bw_out", "bytes_out", "bw_audio", "bw_video", "client", "meta", "nclients", "publishing", "active"];
  const places = order.map((name) => stream.search(new RegExp(`<${name}[/>]`)));
  assert.ok(places.every((place) => place >= 0), order.filter((_, n) => places[n] < 0).join());
  assert.match(stream, /<width>320<\/width>[\s\S]*<codec>H264<\/codec>/);
  assert.equal((await fetch(`${weir.http}/stat.xsl`)).status, 200);
});

test("nginx-rtmp's /control drops a publisher and says how many", async () => {
  const other = await publishMedia(weir.rtmpPort, "live/dropped", media);
  await untilLive(weir, "live/dropped", 2);
  const response = await fetch(`${weir.http}/control/drop/publisher?app=live&name=dropped`);
  assert.equal((await response.text()).trim(), "1");
  await other.client.ended;
  await other.stop();
});

test("the metrics can be read line by line and know the stream and its viewer", async () => {
  const text = await (await fetch(`${weir.http}/metrics`)).text();
  for (const line of text.split("\n")) {
    assert.match(line, /^$|^# (HELP|TYPE|UNIT|EOF)|^[a-z_:][a-z0-9_:]*(\{[^}]*\})? [-+0-9.eEaNInf]+$/);
  }
  assert.match(text, /^weir_\w*viewers\{[^}]*stream="live\/compat"[^}]*\} 1$/m);
});

test("what operators see is closed to others without credentials, and to guessers", async () => {
  const surfaces = ["/api/server", "/api/streams", "/api/streams/live/compat", "/stat", "/control/drop/client?app=live", "/metrics", "/api/v1/pulls"];
  // Behind a proxy on this machine everybody comes from a loopback address.
  const fromElsewhere = { "x-forwarded-for": "203.0.113.9" };
  for (const path of surfaces) {
    const { status } = await fetch(weir.http + path, { headers: fromElsewhere });
    assert.equal(status, 403, path);
  }
  const guarded = await startWeir({ settings: { "auth.admin_user": "admin", "auth.admin_password": "correct horse" } });
  try {
    const ask = (password) => {
      const authorization = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
      return fetch(`${guarded.http}/api/server`, { headers: { ...fromElsewhere, authorization } });
    };
    assert.equal((await ask("correct horse")).status, 200);
    const wrong = await ask("battery staple");
    assert.equal(wrong.status, 401);
    assert.match(wrong.headers.get("www-authenticate"), /^Basic/);
    const none = await fetch(`${guarded.http}/api/server`, { headers: fromElsewhere });
    assert.equal(none.status, 401);
  } finally {
    await guarded.stop();
  }
});

test("addresses signed as for Node-Media-Server work, and only those", async () => {
  const secret = "a secret of our own";
  const server = await startWeir({
    settings: { "auth.publish": "token", "auth.play": "token", "auth.sign": "nms", "auth.secret": secret },
  });
  try {
    const sign = (path, expires) => `${expires}-${createHash("md5").update(`/${path}-${expires}-${secret}`).digest("hex")}`;
    const soon = Math.floor(Date.now() / 1000) + 600;
    const code = async (query) => {
      const client = await RtmpClient.connect(server.rtmpPort);
      const said = await client.publish(`live/signed${query}`).catch((error) => error.message);
      await client.close();
      return said;
    };
    assert.match(await code(""), /Unauthorized/i);
    assert.match(await code(`?sign=${sign("live/other", soon)}`), /Unauthorized/i);
    assert.match(await code(`?sign=${sign("live/signed", soon - 1_000)}`), /Unauthorized/i);
    const token = sign("live/signed", soon);
    const signed = await publishMedia(server.rtmpPort, `live/signed?sign=${token}`, media);
    await until("live", async () => (await fetch(`${server.http}/api/v1/play/live/signed?sign=${token}`)).ok || undefined);
    assert.equal((await fetch(`${server.http}/live/signed.flv`)).status, 403);
    const allowed = await fetch(`${server.http}/live/signed.flv?sign=${token}`);
    assert.equal(allowed.status, 200);
    await allowed.body.cancel();
    assert.ok(!server.rawLog().includes(token.split("-")[1]), "no token in the log");
    await signed.stop();
  } finally {
    await server.stop();
  }
});

test("a play token cannot publish", async () => {
  const server = await startWeir({ settings: { "auth.publish": "token", "auth.play": "token" } });
  try {
    for (const [action, isLetIn] of [["play", false], ["publish", true]]) {
      const { stdout } = await server.command("sign", action, "live/scoped");
      const client = await RtmpClient.connect(server.rtmpPort);
      const said = await client.publish(`live/scoped${stdout.split("\n")[0].trim()}`).catch((error) => error.message);
      assert.equal(said === "NetStream.Publish.Start", isLetIn, `${action}: ${said}`);
      await client.close();
    }
  } finally {
    await server.stop();
  }
});
