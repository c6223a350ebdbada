// What packaging on request costs: HLS segments of a stored MP4 file beside the same bytes as files behind nginx, asked
// for by the same wrk in turns, pictures and sound; seeks in a file of three hours; memory of open videos. Needs nginx
// and wrk.

import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { freePort } from "../../e2e/lib/databases.mjs";
import { putVideo } from "../../e2e/lib/library.mjs";
import { run, start, until } from "../../e2e/lib/processes.mjs";
import { startWeir } from "../../e2e/lib/weir.mjs";

const SECONDS = Number(process.env.SECONDS ?? 6);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const CONNECTIONS = 50;
const HOURS = 3;
/** Videos that are open at once for the memory of one. */
const OPEN = Number(process.env.OPEN ?? 20);
/** What the figures are meant to be. */
const GOAL = { ratio: 0.7, seekMs: 100, openBytes: 1 << 20 };
const TICKS_PER_SECOND = 100;

const dir = await mkdtemp(join(tmpdir(), "weir-vod-"));
const weir = await startWeir({ settings: { "log.level": "warn" } });
let nginx;
try {
  const film = join(dir, "film.mp4");
  await make(film, { size: "1280x720", rate: "3M", seconds: 60 });
  const id = await putVideo(weir, { files: [{ name: "source", file: film }] });
  const [pictures, sound] = await segments(id);
  await throughput("pictures", pictures);
  await throughput("sound alone", sound);
  const long = join(dir, "long.mp4");
  await longFilm(long);
  await seeks(await putVideo(weir, { files: [{ name: "source", file: long }] }));
  await memory(long);
} finally {
  await nginx?.stop("SIGKILL");
  await weir.stop();
  await rm(dir, { recursive: true, force: true });
}

/** Noise, which does not compress: the bit rate is what is said. */
function make(file, { size, rate, seconds }) {
  return run(
    "ffmpeg",
    [
      ...["-v", "error", "-f", "lavfi", "-i", `testsrc2=size=${size}:rate=25:duration=${seconds},noise=alls=20:allf=t`],
      ...["-f", "lavfi", "-i", `sine=frequency=440:sample_rate=48000:duration=${seconds}`],
      ...["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-b:v", rate, "-maxrate", rate, "-bufsize", rate],
      ...["-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart", "-y", file],
    ],
    { timeoutMs: 300_000 },
  );
}

async function longFilm(file) {
  const minute = join(dir, "minute.mp4");
  await make(minute, { size: "320x180", rate: "100k", seconds: 60 });
  const times = String(HOURS * 60 - 1);
  await run("ffmpeg", ["-v", "error", "-stream_loop", times, "-i", minute, "-c", "copy", "-y", file], { timeoutMs: 300_000 });
}

/** The addresses of all segments of a video, and of its init segments. */
async function segments(id) {
  const at = (path) => new URL(path, `${weir.http}/streams/${id}/`);
  const master = await (await fetch(at("master.m3u8"))).text();
  const sound = /URI="([^"]+)"/.exec(master)[1];
  const pictures = master.split("\n").find((line) => line !== "" && !line.startsWith("#"));
  const all = [];
  for (const playlist of [pictures, sound]) {
    const url = at(playlist);
    const text = await (await fetch(url)).text();
    all.push(text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => new URL(line, url)));
  }
  return all;
}

async function throughput(what, parts) {
  const files = join(dir, "files");
  const paths = parts.map(({ pathname }) => pathname);
  let bytes = 0;
  for (const url of parts) {
    const body = Buffer.from(await (await fetch(url)).arrayBuffer());
    bytes += body.length;
    await mkdir(dirname(join(files, url.pathname)), { recursive: true });
    await writeFile(join(files, url.pathname), body);
  }
  const beside = await besides();
  await until("nginx answers", async () => (await fetch(beside + paths[0]).catch(() => undefined))?.ok);
  const script = join(dir, "paths.lua");
  await writeFile(
    script,
    `local paths = {${paths.map((path) => JSON.stringify(path)).join(",")}}
     local at = 0
     request = function() at = at % #paths + 1; return wrk.format("GET", paths[at]) end`,
  );
  const rounds = { weir: [], nginx: [] };
  // In turns, so that both have the machine as it is.
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.nginx.push(await load(beside, script, [nginx.child.pid, ...children(nginx.child.pid)]));
    rounds.weir.push(await load(weir.http, script, [weir.pid]));
  }
  const [ours, theirs] = [median(rounds.weir), median(rounds.nginx)];
  console.log(`${what}, segments of ${Math.round(bytes / paths.length / 1000)} kB, ${CONNECTIONS} connections, ${ROUNDS} x ${SECONDS} s each`);
  for (const [name, of] of Object.entries({ weir: ours, nginx: theirs })) {
    console.log(`${name.padEnd(6)} ${of.perSecond.toFixed(0)} requests/s, ${of.gigabytesPerSecond.toFixed(2)} GB/s, ${of.cpuPerGigabyte.toFixed(3)} s CPU per GB`);
  }
  const ratio = ours.perSecond / theirs.perSecond;
  const cpu = theirs.cpuPerGigabyte / ours.cpuPerGigabyte;
  console.log(`requests/s ${ratio.toFixed(2)} x nginx, work per CPU second ${cpu.toFixed(2)} x nginx (goal ${GOAL.ratio})`);
}

/** Where nginx answers, which begins when it is asked for first. */
async function besides() {
  if (nginx === undefined) {
    const port = await freePort();
    const config = (await readFile(new URL("nginx.conf", import.meta.url), "utf8"))
      .replaceAll("{dir}", dir)
      .replaceAll("{port}", String(port));
    await writeFile(join(dir, "nginx.conf"), config);
    nginx = Object.assign(start("nginx", ["-p", dir, "-c", join(dir, "nginx.conf"), "-g", "user root;"]), { port });
  }
  return `http://127.0.0.1:${nginx.port}`;
}

async function load(origin, script, pids) {
  const before = cpuSeconds(pids);
  const { stdout } = await run("wrk", ["-t1", `-c${CONNECTIONS}`, `-d${SECONDS}s`, "-s", script, origin], { timeoutMs: 60_000 });
  const used = cpuSeconds(pids) - before;
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(stdout);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]);
  const [, amount, unit] = /Transfer\/sec:\s+([\d.]+)(\w+)/.exec(stdout);
  const gigabytesPerSecond = (amount * { KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 }[unit]) / 1e9;
  return { perSecond, gigabytesPerSecond, cpuPerGigabyte: used / (gigabytesPerSecond * SECONDS) };
}

function median(rounds) {
  return [...rounds].sort((a, b) => a.perSecond - b.perSecond)[Math.floor(rounds.length / 2)];
}

function cpuSeconds(pids) {
  const ticks = (pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return Number(fields[11]) + Number(fields[12]);
  };
  return pids.reduce((sum, pid) => sum + ticks(pid), 0) / TICKS_PER_SECOND;
}

function children(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}

async function seeks(id) {
  const opened = performance.now();
  const [pictures, sound] = await segments(id);
  const openMs = performance.now() - opened;
  const times = [];
  for (let n = 0; n < 200; n += 1) {
    const share = (n * 0.618) % 1;
    const began = performance.now();
    for (const list of [pictures, sound]) {
      const response = await fetch(list[Math.floor(share * list.length)]);
      await response.arrayBuffer();
    }
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(share * (times.length - 1))].toFixed(1);
  console.log(`${HOURS} h: opened and listed (${pictures.length} segments) in ${openMs.toFixed(0)} ms; a seek (pictures and sound) takes ${at(0.5)} ms, ${at(0.99)} ms at p99, ${at(1)} ms at most (goal ${GOAL.seekMs})`);
}

async function memory(file) {
  // Links, which are put there as such: twenty files of three hours are many gigabytes.
  const link = join(dir, "link.mp4");
  await symlink(file, link);
  const ids = [];
  for (let n = 0; n < OPEN; n += 1) ids.push(await putVideo(weir, { files: [{ name: "source", file: link }] }));
  const [rss, index] = [weir.rss(), await openBytes()];
  for (const id of ids) {
    const [pictures] = await segments(id);
    await (await fetch(pictures[0])).arrayBuffer();
  }
  const [grown, known] = [weir.rss() - rss, (await openBytes()) - index];
  const mib = (bytes) => (bytes / OPEN / 2 ** 20).toFixed(2);
  console.log(`${OPEN} open videos of ${HOURS} h: ${mib(grown)} MiB of the process each, of that ${mib(known)} MiB index: ${mib(grown - known)} MiB beside it (goal ${(GOAL.openBytes / 2 ** 20).toFixed(2)})`);
}

async function openBytes() {
  const { stdout } = await run("curl", ["-s", `${weir.http}/metrics`]);
  return Number(/^weir_vod_open_bytes (\S+)/m.exec(stdout)?.[1]);
}
