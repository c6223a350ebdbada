// Uploads through whatever happens to them: connections cut at random points, the server killed and started again, full
// disks, peers that lie. The client is the one of the app, tus-js-client; what arrives is compared with what was sent.
//
// KILLS and MB make it longer; the figure is KILLS=20 MB=200.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream, existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttp } from "node:http";
import { connect as connectTcp, createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import * as tus from "tus-js-client";
import { freePort, sqliteRows } from "../lib/databases.mjs";
import { ask, call, register, UNLIMITED } from "../lib/people.mjs";
import { run, sleep, until } from "../lib/processes.mjs";
import { startWeir } from "../lib/weir.mjs";

const KILLS = Number(process.env.KILLS ?? 4);
const MB = Number(process.env.MB ?? 40);
const MIB = 1 << 20;

const SETTINGS = { ...UNLIMITED, "uploads.disk_reserve_bytes": 0, "uploads.sync_bytes": 2 * MIB };

let dir;
let weir;
let mark;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "weir-uploads-"));
  weir = await startWeir({ settings: { ...SETTINGS, data_dir: join(dir, "data") }, toml: IMPORTS });
  mark = await register(weir, "mark");
});

after(async () => {
  await weir?.stop("SIGKILL");
  await rm(dir, { recursive: true, force: true });
});

const IMPORTS = `
[uploads]
import_hosts = ["127.0.0.1"]
[outbound]
allow = ["127.0.0.1"]
`;

/** Bytes that begin as an MP4 file does. */
function film(bytes) {
  const data = randomBytes(bytes);
  Buffer.from("\0\0\0\x18ftypisom\0\0\x02\0", "latin1").copy(data);
  return data;
}

const sha256 = (data) => createHash("sha256").update(data).digest("hex");

async function fileSha256(path) {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest("hex");
}

const source = (videoId) => join(dir, "data", "media", "videos", videoId, "source");
const working = () => {
  const folder = join(dir, "data", "work", "uploads");
  return existsSync(folder) ? readdirSync(folder) : [];
};

/** One request of a tus client. */
function raw(at, method, { token = mark.token, headers = {}, body } = {}) {
  return fetch(new URL(at, weir.http), {
    method,
    headers: { token, "tus-resumable": "1.0.0", ...headers },
    body,
    signal: AbortSignal.timeout(30_000),
  });
}

const bring = (at, offset, body, headers = {}) =>
  raw(at, "PATCH", {
    headers: { "content-type": "application/offset+octet-stream", "upload-offset": String(offset), ...headers },
    body,
  });

async function begin(bytes, headers = {}) {
  const answer = await raw("/api/v1/uploads", "POST", { headers: { "upload-length": String(bytes), ...headers } });
  assert.equal(answer.status, 201, await answer.text());
  return { at: answer.headers.get("location"), videoId: answer.headers.get("weir-video-id") };
}

const offsetOf = async (at) => Number((await raw(at, "HEAD")).headers.get("upload-offset"));

/** Uploads with the client of the app; `videoId` and what happened on the way. */
function upload(data, { endpoint = `${weir.http}/api/v1/uploads`, chunkSize = 8 * MIB, token = mark.token, ...more } = {}) {
  const seen = { offsets: [], retries: 0, videoId: undefined };
  const done = new Promise((resolve, reject) => {
    const client = new tus.Upload(data, {
      endpoint,
      chunkSize,
      headers: { token },
      metadata: { filename: "a film.mp4", filetype: "video/mp4", title: "上传", privacy: "public" },
      retryDelays: Array.from({ length: 200 }, () => 100),
      onShouldRetry: () => {
        seen.retries += 1;
        return true;
      },
      onAfterResponse: (request, response) => {
        seen.videoId = response.getHeader("Weir-Video-Id") ?? seen.videoId;
        if (request.getMethod() === "HEAD") seen.offsets.push(Number(response.getHeader("Upload-Offset")));
      },
      onError: reject,
      onSuccess: () => resolve(seen),
      ...more,
    });
    client.start();
    seen.client = client;
  });
  return { seen, done };
}

/** Lets bytes through to the server, and cuts each connection after a random number of them. */
async function cutter(port, mostBytes) {
  const cut = { count: 0, isOn: true };
  const server = createServer((client) => {
    const upstream = connectTcp(port, "127.0.0.1");
    let left = Math.floor(Math.random() * mostBytes);
    client.on("data", (bytes) => {
      left -= bytes.length;
      if (left < 0 && cut.isOn) {
        cut.count += 1;
        upstream.write(bytes.subarray(0, Math.max(0, left + bytes.length)));
        client.destroy();
        upstream.end();
        return;
      }
      if (!upstream.write(bytes)) client.pause();
    });
    upstream.on("drain", () => client.resume());
    upstream.on("data", (bytes) => client.write(bytes));
    for (const [one, other] of [[client, upstream], [upstream, client]]) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { cut, endpoint: `http://127.0.0.1:${server.address().port}/api/v1/uploads`, close: () => server.close() };
}

describe("tus-js-client", () => {
  test("uploads in chunks, and the video is there with its first byte", async () => {
    const data = film(20 * MIB + 12345);
    const { done } = upload(data);
    const { videoId, retries } = await done;
    assert.equal(retries, 0);
    assert.equal(await fileSha256(source(videoId)), sha256(data));
    const video = await call(weir, "GET", `/api/v1/videos/${videoId}`, { token: mark.token });
    assert.equal(video.title, "上传");
    assert.notEqual(video.state, "waiting");
  });

  test("goes on after cuts at random points, in one upload", async () => {
    const data = film(MB * MIB);
    const proxy = await cutter(weir.httpPort, 6 * MIB);
    const before = (await sqliteRows(join(dir, "data", "weir.db"), "SELECT COUNT(*) AS n FROM videos"))[0].n;
    const { done } = upload(data, { endpoint: proxy.endpoint });
    const { videoId, offsets } = await done;
    proxy.close();
    const after = (await sqliteRows(join(dir, "data", "weir.db"), "SELECT COUNT(*) AS n FROM videos"))[0].n;
    assert.ok(proxy.cut.count >= 3, `cut ${proxy.cut.count} times`);
    assert.ok(offsets.some((offset) => offset > 0), "it began anew each time");
    assert.equal(after - before, 1);
    assert.equal(await fileSha256(source(videoId)), sha256(data));
  });

  test("takes up an upload in another process by its address, as after a reload", async () => {
    const data = film(10 * MIB);
    const { at, videoId } = await begin(data.length);
    assert.equal((await bring(at, 0, data.subarray(0, 3 * MIB))).status, 204);
    const { done } = upload(data, { uploadUrl: weir.http + at });
    const { offsets } = await done;
    assert.deepEqual(offsets, [3 * MIB]);
    assert.equal(await fileSha256(source(videoId)), sha256(data));
  });
});

test(`kill -9 of the server, ${KILLS} times in ${MB} MB: nothing told is lost and nothing is twice`, async () => {
  const data = film(MB * MIB);
  const home = join(dir, "killed");
  const settings = { ...SETTINGS, data_dir: home, "http.listen": `127.0.0.1:${await freePort()}` };
  let server = await startWeir({ settings });
  const person = await register(server, "mark");
  const told = [];
  const { seen, done } = upload(data, {
    endpoint: `${server.http}/api/v1/uploads`,
    chunkSize: 2 * MIB,
    token: person.token,
    onChunkComplete: (_, accepted) => told.push(accepted),
  });
  done.catch(() => {});
  // At a rate that leaves room for kills.
  let sent = 0;
  seen.client.options.onBeforeRequest = () => sleep(sent++ > 0 ? 15 : 0);
  const recorded = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    // Enough is left for the client to be asked for more after the last kill.
    const goal = ((kill + Math.random() * 0.9) / KILLS) * data.length * 0.75;
    await until("it comes so far", () => (told.at(-1) ?? 0) >= goal, 120_000, 2);
    await sleep(Math.random() * 40);
    await server.stop("SIGKILL");
    const [row] = await sqliteRows(join(home, "weir.db"), "SELECT received_bytes FROM uploads");
    assert.ok(row.received_bytes >= (told.at(-1) ?? 0), "what was answered is on the disk");
    recorded.push(row.received_bytes);
    const asked = seen.offsets.length;
    server = await startWeir({ settings });
    await until("the client asks how far it is", () => seen.offsets.length > asked, 20_000, 5);
  }
  const { videoId, offsets } = await done;
  assert.equal(await fileSha256(join(home, "media", "videos", videoId, "source")), sha256(data));
  assert.ok(offsets.length >= KILLS);
  // What is told after a start is what was on the disk before it.
  assert.ok(recorded.every((bytes) => offsets.includes(bytes)), JSON.stringify({ recorded, offsets }));
  const [{ n }] = await sqliteRows(join(home, "weir.db"), "SELECT COUNT(*) AS n FROM videos");
  assert.equal(n, 1);
  assert.deepEqual(readdirSync(join(home, "work", "uploads")), []);
  await server.stop();
});

describe("the protocol", () => {
  test("a wrong checksum is 460 and nothing is kept of it", async () => {
    const data = film(MIB);
    const { at } = await begin(data.length);
    const sum = (bytes) => ({ "upload-checksum": `sha1 ${createHash("sha1").update(bytes).digest("base64")}` });
    const wrong = await bring(at, 0, data, sum(Buffer.from("other")));
    assert.equal(wrong.status, 460);
    assert.equal((await wrong.json()).error.code, "checksum_mismatch");
    assert.equal(await offsetOf(at), 0);
    assert.equal((await bring(at, 0, data, sum(data))).status, 204);
  });

  test("an upload that is ended leaves nothing", async () => {
    const { at, videoId } = await begin(2 * MIB);
    await bring(at, 0, film(MIB));
    assert.equal(working().length, 1);
    assert.equal((await raw(at, "DELETE")).status, 204);
    assert.equal((await raw(at, "HEAD")).status, 404);
    assert.equal((await ask(weir, "GET", `/api/v1/videos/${videoId}`, { token: mark.token })).status, 404);
    assert.deepEqual(working(), []);
  });

  test("two requests at once: the later one has it, and the bytes are right", async () => {
    const data = film(4 * MIB);
    const { at, videoId } = await begin(data.length);
    // The first one hangs in the middle, as on a connection that is dead without saying so.
    const hanging = connectTcp(weir.httpPort, "127.0.0.1");
    let heard = "";
    hanging.on("data", (bytes) => (heard += bytes));
    // It is told and cut, in whatever order that is seen here.
    hanging.on("error", () => {});
    hanging.write(
      `PATCH ${at} HTTP/1.1\r\nhost: ${new URL(weir.http).host}\r\ntoken: ${mark.token}\r\ntus-resumable: 1.0.0\r\n` +
        `content-type: application/offset+octet-stream\r\nupload-offset: 0\r\ncontent-length: ${data.length}\r\n\r\n`,
    );
    hanging.write(data.subarray(0, MIB + 5));
    await sleep(300);
    const offset = await offsetOf(at);
    assert.equal(offset, MIB + 5);
    hanging.write(randomBytes(MIB));
    assert.equal((await bring(at, offset, data.subarray(offset))).status, 204);
    await until("the first is told", () => heard.includes("423"));
    assert.match(heard, /upload_taken_over/);
    hanging.destroy();
    assert.equal(await fileSha256(source(videoId)), sha256(data));

    const again = await begin(data.length);
    const both = await Promise.all([bring(again.at, 0, data), bring(again.at, 0, data)]);
    const statuses = both.map(({ status }) => status).sort();
    assert.ok(statuses.every((status) => [204, 409, 423].includes(status)), statuses.join());
    if (!statuses.includes(204)) {
      // The later one came when the earlier one had brought a part: the client asks and goes on.
      const reached = await offsetOf(again.at);
      assert.equal((await bring(again.at, reached, data.subarray(reached))).status, 204);
    }
    assert.equal(await fileSha256(source(again.videoId)), sha256(data));
  });

  test("what lies is refused: lengths, offsets, metadata, strangers, types", async () => {
    for (const [headers, status] of [
      [{}, 400],
      [{ "upload-length": "-1" }, 400],
      [{ "upload-length": "1e9" }, 400],
      [{ "upload-length": "9".repeat(30) }, 400],
      [{ "upload-length": String(2 ** 60) }, 413],
      [{ "upload-length": "10", "upload-metadata": `filename ${"A".repeat(20_000)}` }, 400],
      [{ "upload-length": "10", "upload-metadata": "filename \u00e9" }, 400],
    ]) {
      const answer = await raw("/api/v1/uploads", "POST", { headers });
      assert.equal(answer.status, status, JSON.stringify(headers).slice(0, 80));
      assert.ok((await answer.json()).error.message.length > 20);
    }
    const { at } = await begin(1000);
    assert.equal((await bring(at, 5, film(100))).status, 409);
    assert.equal((await bring(at, -1, film(100))).status, 400);
    assert.equal((await bring(at, 0, film(1001))).status, 413);
    const eve = await register(weir, `eve${Date.now() % 100000}`);
    for (const method of ["HEAD", "DELETE"]) {
      assert.equal((await raw(at, method, { token: eve.token })).status, 404, method);
    }
    assert.equal((await raw(at, "HEAD", { token: "" })).status, 401);
    const cookie = { cookie: `weir_session=${mark.token}`, "upload-length": "10" };
    const forged = await fetch(`${weir.http}/api/v1/uploads`, {
      method: "POST",
      headers: { ...cookie, "tus-resumable": "1.0.0", origin: "https://evil.example" },
    });
    assert.equal(forged.status, 403);
    assert.equal(await offsetOf(at), 0);

    const playlist = Buffer.from(`#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n${"#\n".repeat(500)}`);
    const hostile = await begin(playlist.length);
    const refused = await bring(hostile.at, 0, playlist);
    assert.equal(refused.status, 415);
    assert.match((await refused.json()).error.message, /playlist.*this server/);
    assert.equal((await raw(hostile.at, "HEAD")).status, 404);
  });

  test("a length that is a lie does not fill the disk, and its upload expires", async () => {
    const { at } = await begin(10_000_000_000);
    await bring(at, 0, film(1000));
    assert.equal(await offsetOf(at), 1000);
    const expires = (await raw(at, "HEAD")).headers.get("upload-expires");
    const hours = (new Date(expires) - Date.now()) / 3_600_000;
    assert.ok(hours > 23 && hours <= 24, expires);
    await raw(at, "DELETE");
  });

  test("the storage says what is used and what is allowed", async () => {
    const storage = await call(weir, "GET", "/api/v1/me/storage", { token: mark.token });
    assert.ok(storage.videos_bytes > 20 * MIB);
    assert.equal(storage.left_bytes, storage.quota_bytes - storage.videos_bytes - storage.under_way_bytes);
  });
});

test("a file is fetched from an address through a connection that breaks", async () => {
  const data = film(12 * MIB);
  const ranges = [];
  const origin = createHttp((request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    ranges.push(from);
    const headers = { etag: '"one"', "content-length": data.length - from };
    if (from > 0) headers["content-range"] = `bytes ${from}-${data.length - 1}/${data.length}`;
    response.writeHead(from > 0 ? 206 : 200, headers);
    response.write(data.subarray(from, from + 5 * MIB), () => setTimeout(() => response.destroy(), 200));
    if (from + 5 * MIB >= data.length) response.end();
  }).listen(0, "127.0.0.1");
  await once(origin, "listening");
  const url = `http://127.0.0.1:${origin.address().port}/a%20film.mp4`;
  const { video_id: videoId } = await call(weir, "POST", "/api/v1/videos/import", { token: mark.token, body: { url } });
  await until("it is fetched", () => existsSync(source(videoId)), 60_000);
  origin.close();
  assert.equal(await fileSha256(source(videoId)), sha256(data));
  assert.ok(ranges.length >= 3 && ranges.slice(1).every((from) => from > 0), ranges.join());
  const other = await ask(weir, "POST", "/api/v1/videos/import", { token: mark.token, body: { url: "http://example.org/x" } });
  assert.equal(other.body.error.code, "import_host");
});

test("weir vod adds a file beside the running server under its flat name, lists and removes it", async () => {
  const file = join(dir, "a film.mp4");
  const data = film(MIB);
  await writeFile(file, data);
  const added = await weir.command("vod", "add", file, "--name", "output", "--user", "mark");
  const id = added.stdout.split(" ")[0];
  assert.match(added.stdout, /\/streams\/output\.m3u8/);
  const video = await call(weir, "GET", `/api/v1/videos/${id}`, { token: mark.token });
  assert.deepEqual([video.name, video.title, video.origin], ["output", "a film", "added"]);
  assert.equal(await fileSha256(source(id)), sha256(data));
  assert.equal(await fileSha256(file), sha256(data));
  await assert.rejects(weir.command("vod", "add", file, "--name", "output"), /named "output" already/);
  await assert.rejects(weir.command("vod", "add", "/etc/passwd"), /a text or a playlist/);
  assert.match((await weir.command("vod", "list")).stdout, new RegExp(`${id} .*output`));
  await weir.command("vod", "remove", "output");
  assert.equal((await ask(weir, "GET", `/api/v1/videos/${id}`)).status, 404);
  assert.ok(!existsSync(source(id)));
});

test("a full disk: 507 in words, nothing broken, and it goes on when there is room", async (t) => {
  if (process.getuid() !== 0) return t.skip("only root may mount a small file system");
  const disk = join(dir, "disk");
  await mkdir(disk);
  const mounted = await run("mount", ["-t", "tmpfs", "-o", "size=40m", "tmpfs", disk], { fails: true });
  if (mounted.code !== 0) return t.skip(`cannot mount: ${mounted.stderr}`);
  let small;
  const main = weir;
  try {
    small = await startWeir({
      settings: { ...SETTINGS, data_dir: join(disk, "data"), "uploads.disk_reserve_bytes": 8 * MIB },
    });
    const person = await register(small, "mark");
    weir = small;
    const to = (at, method, headers, body) => raw(at, method, { token: person.token, headers, body });
    const create = (bytes) => to("/api/v1/uploads", "POST", { "upload-length": String(bytes) });
    const patch = (at, offset, body) =>
      to(at, "PATCH", { "content-type": "application/offset+octet-stream", "upload-offset": String(offset) }, body);
    const refused = await create(35 * MIB);
    assert.equal(refused.status, 507);
    assert.match((await refused.json()).error.message, /This server's disk.*uploads\.disk_reserve_bytes/);

    const data = film(20 * MIB);
    const made = await create(data.length);
    assert.equal(made.status, 201);
    const at = made.headers.get("location");
    assert.equal((await patch(at, 0, data.subarray(0, 4 * MIB))).status, 204);
    await run("dd", ["if=/dev/zero", `of=${join(disk, "filler")}`, "bs=1M", "count=16"], {});
    const full = await patch(at, 4 * MIB, data.subarray(4 * MIB));
    assert.equal(full.status, 507);
    assert.match((await full.json()).error.message, /disk/);
    const head = Number((await to(at, "HEAD", {})).headers.get("upload-offset"));
    assert.ok(head >= 4 * MIB, `${head} bytes are kept`);
    await rm(join(disk, "filler"));
    assert.equal((await patch(at, head, data.subarray(head))).status, 204);
    const stored = join(disk, "data", "media", "videos", made.headers.get("weir-video-id"), "source");
    assert.equal(await fileSha256(stored), sha256(data));
  } finally {
    weir = main;
    await small?.stop("SIGKILL");
    await run("umount", [disk]);
  }
});
