// What a transcode costs beside the bare ffmpeg command of the same settings: job by job and command by command in
// turn, on one machine in one run. On a machine that does other things too, look at the processor time.

import { mkdtemp, rm } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { sqliteRows } from "../../e2e/lib/databases.mjs";
import { run, until } from "../../e2e/lib/processes.mjs";
import { startWeir } from "../../e2e/lib/weir.mjs";

const SECONDS = Number(process.env.BENCH_SECONDS ?? 30);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const OVERHEAD_MAX = 0.03;
const RUNGS = [[640, 360, 800_000], [852, 480, 1_400_000], [1280, 720, 2_800_000]];

const dir = await mkdtemp(join(tmpdir(), "weir-bench-"));
const source = join(dir, "source.mp4");
await run("ffmpeg", [
  ...["-v", "error", "-f", "lavfi", "-i", `testsrc2=size=1280x720:rate=30:duration=${SECONDS}`],
  ...["-f", "lavfi", "-i", `sine=frequency=440:sample_rate=48000:duration=${SECONDS}`],
  ...["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac", source],
], { timeoutMs: 600_000 });

/** What the worker runs, without what restricts it. */
function bare() {
  const graph = RUNGS.map(([width, height], at) => `;[s${at}]scale=${width}:${height},setsar=1,format=yuv420p[v${at}]`);
  const outputs = RUNGS.flatMap(([, height, rate], at) => [
    ...["-map", `[v${at}]`, "-map", "0:a:0", "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high"],
    ...["-crf", "23", "-maxrate", String(rate), "-bufsize", String(rate * 2), "-sc_threshold", "0", "-g", "600"],
    ...["-force_key_frames", "expr:gte(t,n_forced*2)", "-c:a", "aac", "-b:a", "128000", "-f", "mp4"],
    ...["-movflags", "+frag_keyframe+empty_moov+default_base_moof+delay_moov", join(dir, `${height}.mp4`)],
  ]);
  const split = RUNGS.map((_, at) => `[s${at}]`).join("");
  return ["-nostdin", "-v", "error", "-y", "-i", source, "-filter_complex", `[0:V:0]split=3${split}${graph.join("")}`, ...outputs];
}

/** Processor time of a process and of those it started and that ended, in milliseconds. */
function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * 10;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const weir = await startWeir({ settings: { "log.level": "warn" } });
const rows = (query) => sqliteRows(join(weir.dir, "data", "weir.db"), query);
const [ours, ourCpu, theirs, theirCpu] = [[], [], [], []];

/** Waits for the job that makes the renditions; how long it took, and what of the processor. It is the last job. */
async function transcode() {
  const inState = (wanted, everyMs) =>
    until(`the renditions are ${wanted}`, async () => {
      const [job] = await rows(
        "SELECT finished_at - started_at AS ms, state, failure FROM jobs WHERE kind = 'transcode' ORDER BY id DESC LIMIT 1",
      );
      if (job?.state === "failed") throw new Error(job.failure);
      return job?.state === wanted ? job : undefined;
    }, 900_000, everyMs);
  await inState("running", 100);
  const before = cpuMs(weir.pid);
  // To look takes a process of its own: seldom, or it is what is measured.
  const { ms } = await inState("done", 5000);
  return { ms, cpuMs: cpuMs(weir.pid) - before };
}

try {
  for (let round = 0; round < ROUNDS; round += 1) {
    await weir.command("vod", "add", source, "--title", `round ${round}`);
    const job = await transcode();
    ours.push(job.ms);
    ourCpu.push(job.cpuMs);
    await until("all jobs are over", async () => {
      const [{ open }] = await rows("SELECT COUNT(*) AS open FROM jobs WHERE state IN ('waiting', 'running')");
      return open === 0;
    }, 900_000, 200);
    const [began, before] = [performance.now(), cpuMs("self")];
    await run("nice", ["-n", "10", "ffmpeg", ...bare()], { timeoutMs: 900_000 });
    theirs.push(performance.now() - began);
    theirCpu.push(cpuMs("self") - before);
  }
} finally {
  await weir.stop();
  await rm(dir, { recursive: true, force: true });
}
const [job, command] = [median(ours), median(theirs)];
const overhead = job / command - 1;
const [jobCpu, commandCpu] = [median(ourCpu), median(theirCpu)];
const shown = (numbers) => numbers.map(Math.round).join(" ");
console.log(`${cpus().length} cores, ${SECONDS} s of 1280x720 to 720p, 480p and 360p, median of ${ROUNDS}`);
console.log(`  job      ${Math.round(job)} ms  (${(SECONDS * 1000 / job).toFixed(2)} x real time)  ${shown(ours)}; processor ${shown(ourCpu)}`);
console.log(`  ffmpeg   ${Math.round(command)} ms  (${(SECONDS * 1000 / command).toFixed(2)} x real time)  ${shown(theirs)}; processor ${shown(theirCpu)}`);
console.log(`  overhead ${(overhead * 100).toFixed(1)} %, of processor time ${((jobCpu / commandCpu - 1) * 100).toFixed(1)} %  (limit ${OVERHEAD_MAX * 100} %)`);
if (overhead > OVERHEAD_MAX) process.exitCode = 1;
