// Work on videos through whatever happens to it: workers and ffmpeg killed, stopped and missing, jobs cancelled, and
// files that mean harm. ffmpeg is the real one.
//
// KILLS makes it longer.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { renameSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, describe, test } from "node:test";
import { sqliteExecute, sqliteRows } from "../lib/databases.mjs";
import { ask, call, registerAdmin, UNLIMITED } from "../lib/people.mjs";
import { run, sleep, start, until, withoutSettings } from "../lib/processes.mjs";
import { startWeir, WEIR } from "../lib/weir.mjs";

const KILLS = Number(process.env.KILLS ?? 2);
/** Small and quick, so that much happens in a short time. */
const QUICK = {
  ...UNLIMITED,
  "worker.preset": "ultrafast",
  "worker.lease_ms": 1500,
  "worker.retry_ms": 100,
  "worker.threads": 1,
};
const HOSTILE = fileURLToPath(new URL("../../fixtures/hostile/make.py", import.meta.url));

let dir;
before(async () => (dir = await mkdtemp(join(tmpdir(), "weir-jobs-"))));
after(() => rm(dir, { recursive: true, force: true }));

/** A film that browsers cannot play as it is, so that a rendition is what makes it ready. */
async function film(name, seconds, size = "1280x720") {
  const file = join(dir, name);
  await run("ffmpeg", [
    ...["-v", "error", "-y", "-f", "lavfi", "-i", `testsrc2=size=${size}:rate=25:duration=${seconds}`],
    ...["-f", "lavfi", "-i", `sine=frequency=440:duration=${seconds}`],
    ...["-c:v", "mpeg4", "-q:v", "5", "-c:a", "libmp3lame", "-f", "avi", file],
  ]);
  return file;
}

const rowsOf = (data) => (query) => sqliteRows(join(data, "weir.db"), query);

const isOver = (job) => !["waiting", "running"].includes(job.state);

async function untilOver(rows, timeoutMs = 120_000) {
  return until("all jobs are over", async () => {
    const jobs = await rows("SELECT id, kind, state, attempts, failure FROM jobs");
    return jobs.length > 0 && jobs.every(isOver) ? jobs : undefined;
  }, timeoutMs, 250);
}

/** The processes of ffmpeg that work below a folder. */
function ffmpegs(folder) {
  return readdirSync("/proc").filter((id) => /^\d+$/.test(id)).filter((id) => {
    try {
      const isFfmpeg = readFileSync(`/proc/${id}/comm`, "utf8").trim() === "ffmpeg";
      return isFfmpeg && readlinkSync(`/proc/${id}/cwd`).startsWith(folder);
    } catch {
      return false;
    }
  }).map(Number);
}

/** Every form that is listed is whole: ffmpeg reads it to its end. */
async function allListedAreWhole(rows, data) {
  for (const { path, kind } of await rows("SELECT path, kind FROM video_files")) {
    const object = join(data, "media", path, kind === "list" ? "list.m3u8" : "");
    const { stderr } = await run("ffmpeg", ["-v", "error", "-i", object, "-c", "copy", "-f", "null", "-"]);
    assert.equal(stderr, "", path);
  }
}

describe("workers", () => {
  test("killed at any moment they lose nothing, and what they began is done by another", async () => {
    const data = join(dir, "killed");
    const weir = await startWeir({ settings: { ...QUICK, data_dir: data, "worker.at_once": 0 } });
    const rows = rowsOf(data);
    try {
      await weir.command("vod", "add", await film("killed.avi", 20), "--name", "killed", "--profile", "tutorial");
      const env = { ...withoutSettings(process.env) };
      for (const [key, value] of Object.entries({ ...QUICK, data_dir: data, "worker.at_once": 1 })) {
        env[`WEIR_${key.replaceAll(".", "_").toUpperCase()}`] = String(value);
      }
      const worker = () => start(WEIR, ["worker"], { env, cwd: dir });
      for (let kill = 0; kill < KILLS; kill += 1) {
        const doomed = worker();
        await until("it runs ffmpeg", () => ffmpegs(data).length > 0, 60_000, 20);
        await sleep(Math.random() * 1500);
        await doomed.stop("SIGKILL");
        await until("its ffmpeg ends with it", () => ffmpegs(data).length === 0, 5_000);
        await allListedAreWhole(rows, data);
      }
      const last = worker();
      const jobs = await untilOver(rows);
      assert.ok(jobs.every(({ state }) => state === "done"), JSON.stringify(jobs));
      await allListedAreWhole(rows, data);
      const names = (await rows("SELECT name FROM video_files ORDER BY name")).map(({ name }) => name);
      assert.deepEqual(names, ["360p", "480p", "720p", "source", "tutorial"]);
      assert.equal((await rows("SELECT state FROM videos"))[0].state, "ready");
      await last.stop();
      assert.deepEqual(readdirSync(join(data, "work", "jobs")), [], "nothing is left of those that were killed");
      const list = await readFile(join(data, "media", (await rows("SELECT path FROM video_files WHERE name = 'tutorial'"))[0].path, "list.m3u8"), "utf8");
      assert.match(list, /#EXTINF:10\.0+,\nlist0\.ts\n/);
      assert.match(list, /#EXT-X-ENDLIST/);
    } finally {
      await weir.stop();
    }
  });

  test("an ffmpeg that is killed is tried again, and one that stands still is ended", async () => {
    const data = join(dir, "still");
    const weir = await startWeir({ settings: { ...QUICK, data_dir: data, "worker.stall_max_s": 2 } });
    const rows = rowsOf(data);
    try {
      await weir.command("vod", "add", await film("still.avi", 15));
      for (const signal of ["SIGKILL", "SIGSTOP"]) {
        const [id] = await until("ffmpeg runs", () => { const found = ffmpegs(data); return found.length > 0 && found; }, 60_000, 20);
        process.kill(id, signal);
        await until(`after ${signal} it is gone`, () => !existsSync(`/proc/${id}`), 10_000);
      }
      const jobs = await untilOver(rows);
      assert.ok(jobs.every(({ state }) => state === "done"), JSON.stringify(jobs));
      const reasons = weir.log().filter(({ message }) => message === "a job failed").map(({ reason }) => reason);
      assert.deepEqual(reasons, ["it was ended by signal 9", "it made no progress for 2 s (worker.stall_max_s)"]);
      await allListedAreWhole(rows, data);
    } finally {
      await weir.stop();
    }
  });

  test("without ffmpeg jobs wait, everybody is told why, and they go on when it is there", async () => {
    const data = join(dir, "missing");
    const link = join(dir, "ffmpeg-later");
    const weir = await startWeir({ settings: { ...QUICK, data_dir: data, "worker.ffmpeg": link } });
    try {
      const admin = await registerAdmin(weir);
      await weir.command("vod", "add", await film("missing.avi", 2, "320x180"));
      const jobs = await until("the worker says so", async () => {
        const jobs = await call(weir, "GET", "/api/v1/admin/jobs", { token: admin.token });
        return jobs.workers.length > 0 && jobs;
      });
      assert.equal(jobs.workers[0].problem, `there is no program ${link} (worker.ffmpeg)`);
      assert.equal(jobs.items[0].state, "waiting");
      const [{ video_id: video }] = jobs.items;
      const [job] = await call(weir, "GET", `/api/v1/videos/${video}/jobs`, { token: admin.token });
      assert.deepEqual([job.place, job.waits_for], [1, `It waits: there is no program ${link} (worker.ffmpeg).`]);
      assert.equal((await ask(weir, "GET", "/readyz")).status, 200);
      assert.equal(weir.log().filter(({ message }) => message.startsWith("jobs on videos wait")).length, 1);
      await writeFile(link, '#!/bin/sh\nexec ffmpeg "$@"\n', { mode: 0o755 });
      const done = await untilOver(rowsOf(data));
      assert.ok(done.every(({ state }) => state === "done"), JSON.stringify(done));
    } finally {
      await weir.stop();
    }
  });

  test("a job that is cancelled ends its ffmpeg, and can be tried again", async () => {
    const data = join(dir, "cancelled");
    const weir = await startWeir({ settings: { ...QUICK, data_dir: data } });
    const rows = rowsOf(data);
    try {
      const admin = await registerAdmin(weir);
      await weir.command("vod", "add", await film("cancelled.avi", 40));
      await until("a rendition is made", async () =>
        (await rows("SELECT id FROM jobs WHERE kind = 'transcode' AND state = 'running'")).length > 0 && ffmpegs(data).length > 0);
      const [{ id }] = await rows("SELECT id FROM jobs WHERE kind = 'transcode' AND state = 'running'");
      await call(weir, "DELETE", `/api/v1/admin/jobs/${id}`, { token: admin.token });
      await until("its ffmpeg ends", async () =>
        (await rows("SELECT id FROM jobs WHERE state = 'running'")).every((job) => job.id !== id), 10_000);
      await call(weir, "POST", `/api/v1/admin/jobs/${id}/retry`, { token: admin.token });
      const jobs = await untilOver(rows);
      assert.ok(jobs.every(({ state }) => state === "done"), JSON.stringify(jobs));
    } finally {
      await weir.stop();
    }
  });
});

describe("files that mean harm", () => {
  test("waste their own job and nothing else", async (t) => {
    const hits = [];
    const canary = createServer((request, response) => {
      hits.push(request.url);
      response.end("canary");
    }).listen(0, "127.0.0.1");
    await once(canary, "listening");
    const secret = join(dir, "secret.txt");
    const word = "canary-4Xz81Kq-text";
    await writeFile(secret, `${word}\n`.repeat(50));
    const corpus = join(dir, "corpus");
    mkdirSync(corpus);
    const url = `http://127.0.0.1:${canary.address().port}/`;
    const { stdout } = await run("python3", [HOSTILE, corpus, url, secret]);
    const names = stdout.trim().split("\n");
    assert.ok(names.length >= 40, `${names.length} files`);
    const data = join(dir, "hostile");
    const weir = await startWeir({ settings: { ...QUICK, data_dir: data, "worker.probe_time_max_s": 20 } });
    const rows = rowsOf(data);
    try {
      await weir.command("vod", "add", await film("friendly.avi", 2, "320x180"));
      const now = Date.now();
      const insert = [];
      for (const [at, name] of names.entries()) {
        // Past the door for uploads, which refuses many of them: the probe must hold by itself.
        const [id, address] = [1000 + at, `hostile${String(at).padStart(5, "0")}`];
        const folder = join(data, "media", "videos", address);
        mkdirSync(folder, { recursive: true });
        // Moved: one of them says to be 4 GB and would be, copied.
        renameSync(join(corpus, name), join(folder, "source"));
        insert.push(
          `INSERT INTO videos (id, public_id, user_id, origin, title, state, created_at, updated_at) VALUES (${id}, '${address}', 1, 'upload', '${name}', 'probing', ${now}, ${now})`,
          `INSERT INTO video_files (video_id, name, kind, path, created_at) VALUES (${id}, 'source', 'source', 'videos/${address}/source', ${now})`,
          `INSERT INTO jobs (video_id, kind, created_at) VALUES (${id}, 'probe', ${now})`,
        );
      }
      await sqliteExecute(join(data, "weir.db"), insert);
      let rssMax = 0;
      await until("all jobs are over", async () => {
        rssMax = Math.max(rssMax, weir.rss());
        return (await rows("SELECT id FROM jobs WHERE state IN ('waiting', 'running')")).length === 0;
      }, 600_000, 250);
      const ends = await rows("SELECT id, title, state, failure FROM videos");
      for (const { title, state, failure } of ends.filter(({ id }) => id >= 1000)) {
        t.diagnostic(`${title}: ${state}: ${failure}`);
        if (state === "failed") assert.match(failure, /^\S.{7,400}$/, title);
      }
      assert.ok(ends.filter(({ state }) => state === "failed").length >= names.length - 5, "few of them are films at all");
      assert.equal(ends.find(({ id }) => id < 1000).state, "ready", "a friendly film among them is none the worse");
      assert.deepEqual(hits, [], "nobody asked for the canary's address");
      const said = JSON.stringify([ends, await rows("SELECT * FROM jobs"), await rows("SELECT * FROM video_files")]);
      assert.ok(!said.includes(word) && !weir.output().includes(word), "the canary's text is nowhere");
      const { stdout: found } = await run("grep", ["-rlF", word, "--exclude=source", join(data, "media")], { fails: true });
      assert.equal(found, "", "nor in any file that was made");
      t.diagnostic(`server memory at most ${Math.round(rssMax / 2 ** 20)} MiB`);
      assert.ok(rssMax < 2 ** 30, `${rssMax} bytes`);
    } finally {
      await weir.stop();
      canary.close();
    }
  });
});
