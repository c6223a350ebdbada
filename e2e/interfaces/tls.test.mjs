// A certificate of an authority of our own: what goes in and out over TLS, and what the server itself asks over it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttps, get as ask } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { publishFile } from "../lib/ffmpeg.mjs";
import { openStream } from "../lib/http-stream.mjs";
import { run, until } from "../lib/processes.mjs";
import { startWeir, untilLive } from "../lib/weir.mjs";
import { readAndCompare } from "../media/read.mjs";

const CASE = { file: "h264-bframes-aac.flv", wanted: { video: "h264", audio: "aac" } };

let folder;
let ca;
let origin;
let host;
/** `host:port` of the origin with TLS. */
let https;
let rtmps;

const inFolder = (name) => join(folder, name);
const pem = (name) => readFileSync(inFolder(name));

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "weir-tls-"));
  await makeCertificates();
  ca = pem("ca.pem");
  https = `localhost:${await freePort()}`;
  rtmps = `localhost:${await freePort()}`;
  origin = await startWeir({
    settings: {
      "https.listen": https.replace("localhost", "127.0.0.1"),
      "rtmp.tls_listen": rtmps.replace("localhost", "127.0.0.1"),
      "https.certificate": inFolder("server.pem"),
      "https.key": inFolder("server.key"),
    },
  });
  host = publishFile(CASE.file, `rtmps://${rtmps}/live/safe`);
  await untilLive(origin, "live/safe", 2);
});

after(async () => {
  await host?.stop("SIGKILL");
  await origin?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** An authority, and a certificate for this machine that it vouches for. */
async function makeCertificates() {
  const openssl = (...args) => run("openssl", args, { cwd: folder });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await writeFile(inFolder("server.ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n");
  await openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=A test's authority");
  await openssl("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost");
  const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "server.ext"];
  await openssl("x509", "-req", "-in", "server.csr", "-out", "server.pem", ...signed);
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** What the origin answers over https. */
async function get(path) {
  const [response] = await once(ask(`https://${https}${path}`, { ca }), "response");
  let text = "";
  for await (const part of response) text += part;
  return text;
}

/** A server that fetches the origin's stream. */
function startEdge({ env, sources, toml = "" }) {
  const pulls = sources.map(([path, url]) => `[[pull.sources]]\npath = "${path}"\nurl = "${url}"\non_demand = false\n`);
  return startWeir({ settings: { "pull.retry_ms": 300 }, toml: pulls.join("\n") + toml, env });
}

for (const delivery of [
  { name: "https-flv", address: (_, path) => `https://${https}/${path}.flv`, isCaptured: true },
  { name: "wss-flv", address: (_, path) => `wss://${https}/${path}.flv`, isCaptured: true },
  { name: "https-fmp4", address: (_, path) => `https://${https}/${path}.mp4`, isCaptured: true },
  { name: "wss-fmp4", address: (_, path) => `wss://${https}/${path}.mp4`, isCaptured: true },
  { name: "rtmps", address: (_, path) => `rtmps://${rtmps}/${path}`, input: ["-rtmp_live", "live"] },
]) {
  test(`${delivery.name} gives what was published over rtmps`, async (t) => {
    t.diagnostic(JSON.stringify(await readAndCompare(origin, "live/safe", CASE, { ...delivery, ca })));
  });
}

test("pages and playlists come over https", async () => {
  assert.equal(await get("/healthz"), "ok\n");
  assert.match(await get("/live/safe/index.m3u8"), /^#EXTM3U/);
});

test("who watches over TLS is counted, and gone when it leaves", async () => {
  const viewer = await openStream(`https://${https}/live/safe.flv`, () => {}, { ca });
  const viewers = async () => (await origin.get("/api/v1/play/live/safe")).viewer_count;
  await until("one more viewer", async () => (await viewers()) >= 1 || undefined);
  await until("media", () => viewer.bytes > 50_000 || undefined);
  await viewer.close();
  await until("the viewer is gone", async () => (await viewers()) === 0 || undefined);
});

test("another server fetches over rtmps and https, and asks a hook over https, when it trusts the authority", async (t) => {
  const calls = [];
  const hook = createHttps({ cert: pem("server.pem"), key: pem("server.key") }, async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    calls.push(JSON.parse(text));
    response.end();
  });
  hook.listen(0, "127.0.0.1");
  await once(hook, "listening");
  const edge = await startEdge({
    env: { SSL_CERT_FILE: inFolder("ca.pem") },
    sources: [["live/by-rtmps", `rtmps://${rtmps}/live/safe`], ["live/by-https", `https://${https}/live/safe.flv`]],
    toml: `\n[[hooks.targets]]\nurl = "https://localhost:${hook.address().port}/hook"\n`,
  });
  try {
    for (const path of ["live/by-rtmps", "live/by-https"]) {
      await untilLive(edge, path, 2);
      const delivery = { name: "http-flv", address: () => `${edge.http}/${path}.flv`, isCaptured: true };
      t.diagnostic(JSON.stringify(await readAndCompare(edge, path, CASE, delivery)));
    }
    for (const event of ["postPublish", "prePlay", "postPlay"]) {
      assert.ok(calls.some((call) => call.event === event), `${event}: ${calls.map((call) => call.event)}`);
    }
  } finally {
    await edge.stop();
    hook.close();
    hook.closeAllConnections();
  }
});

test("a certificate nobody vouches for is not trusted, and the API says so", async () => {
  const edge = await startEdge({
    env: { SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt" },
    sources: [["live/by-rtmps", `rtmps://${rtmps}/live/safe`], ["live/by-https", `https://${https}/live/safe.flv`]],
  });
  try {
    for (const path of ["live/by-rtmps", "live/by-https"]) {
      const pull = await until(`${path} has failed`, async () => {
        const { pulls } = await edge.get("/api/v1/pulls");
        return pulls.find((pull) => pull.path === path && pull.last_error);
      });
      assert.match(pull.last_error, /certificate/i);
    }
  } finally {
    await edge.stop();
  }
});
