// The server under test: the real binary on free ports with a folder of its own.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, sleep, start, until, withoutSettings } from "./processes.mjs";

const TARGET = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../../target", import.meta.url));
/** The binary; `WEIR_BIN` names another one. */
export const WEIR = process.env.WEIR_BIN ?? join(TARGET, "release", "weir");

const STARTED_WITHIN_MS = 10_000;

/**
 * Starts a server. `settings` are keys of config/default.toml with their values, as in `{ "hub.hold_ms": 3000 }`;
 * `toml` is for what the environment cannot say, such as lists; `env` for variables that are not the server's.
 */
export async function startWeir({ settings = {}, toml = "", env: more = {} } = {}) {
  if (!existsSync(WEIR)) throw new Error(`${WEIR} is missing: make build, or name another binary with WEIR_BIN`);
  const dir = await mkdtemp(join(tmpdir(), "weir-e2e-"));
  const config = join(dir, "weir.toml");
  await writeFile(config, toml);
  const env = {
    ...withoutSettings(process.env),
    ...more,
    ...toEnvironment({
      data_dir: join(dir, "data"),
      "http.listen": "127.0.0.1:0",
      "rtmp.listen": "127.0.0.1:0",
      "log.format": "json",
      "log.level": "info",
      ...settings,
    }),
  };
  const server = start(WEIR, ["serve", "--config", config], { env, cwd: dir });
  let addresses;
  try {
    addresses = await until("the server says where it listens", () => spoken(server), STARTED_WITHIN_MS, 20);
  } catch (error) {
    await server.stop("SIGKILL");
    throw new Error(`${error.message}\n${server.stdout}${server.stderr}`);
  }
  const { pid } = server.child;
  return {
    ...addresses,
    dir,
    pid,
    isRunning: () => server.isRunning,
    exited: server.exited,
    /** Sends a signal without waiting. */
    signal: (name) => server.child.kill(name),
    /** What was logged so far: one object per line. */
    log: () => server.stderr.split("\n").filter(Boolean).map(parseLine),
    rawLog: () => server.stderr,
    /** All it wrote, the greeting on standard output too. */
    output: () => server.stdout + server.stderr,
    /** Runs `weir COMMAND…` with the settings of this server. */
    command: (...args) => run(WEIR, ["--config", config, ...args], { env, cwd: dir }),
    /** Another process of `weir COMMAND…` with the settings of this server and others instead, until it is stopped. */
    beside: (args, settings = {}) =>
      start(WEIR, ["--config", config, ...args], { env: { ...env, ...toEnvironment(settings) }, cwd: dir }),
    /** The API's answer. */
    async get(path) {
      const response = await fetch(addresses.http + path);
      const text = await response.text();
      if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${text}`);
      return JSON.parse(text);
    },
    /** Resident memory in bytes. */
    rss: () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024,
    /** Open files and sockets. */
    fds: () => readdirSync(`/proc/${pid}/fd`).length,
    /** Ends it as an operator would; how it ended and how long that took. */
    async stop(signal = "SIGTERM") {
      const began = Date.now();
      const { code, signal: killedBy } = await server.stop(signal, 15_000);
      const tookMs = Date.now() - began;
      await rm(dir, { recursive: true, force: true });
      return { code, signal: killedBy, tookMs };
    },
  };
}

/** `{ "hub.hold_ms": 3000 }` as `{ WEIR_HUB_HOLD_MS: "3000" }`. */
function toEnvironment(settings) {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`WEIR_${key.replaceAll(".", "_").toUpperCase()}`, String(value)]),
  );
}

/** The addresses the server printed when it was ready; nothing before. */
function spoken(server) {
  if (!server.isRunning) throw new Error("the server ended while it started");
  const http = /Open\s+(http:\/\/[^/\s]+)\//.exec(server.stdout)?.[1];
  const rtmp = /Publish\s+(rtmp:\/\/[^/\s]+)\//.exec(server.stdout)?.[1];
  if (http === undefined || !server.stdout.includes("Stop")) return undefined;
  const port = (url) => (url === undefined ? undefined : Number(new URL(url.replace("rtmp:", "http:")).port));
  return { http, rtmp, ws: http.replace("http:", "ws:"), httpPort: port(http), rtmpPort: port(rtmp) };
}

function parseLine(line) {
  try {
    return JSON.parse(line);
  } catch {
    return { message: line };
  }
}

/** Waits until the server says of `path` that it is live with at least `tracks` tracks. */
export function untilLive(weir, path, tracks = 1, timeoutMs = 10_000) {
  return until(
    `${path} is live with ${tracks} tracks`,
    async () => {
      const response = await fetch(`${weir.http}/api/v1/play/${path}`);
      if (!response.ok) return undefined;
      const info = await response.json();
      return info.is_live && info.tracks.length >= tracks ? info : undefined;
    },
    timeoutMs,
  );
}

/** Waits until memory and sockets stop changing, and gives both. */
export async function settled(weir, ms = 1_000) {
  await sleep(ms);
  return { rss: weir.rss(), fds: weir.fds() };
}
