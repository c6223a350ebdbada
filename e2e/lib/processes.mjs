// Programs the tests start, each ended by its own id, whatever becomes of the test.

import { spawn } from "node:child_process";
import { once } from "node:events";

const running = new Set();

// A test file that is cut off must not leave servers and encoders behind.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

/**
 * Starts a program. The answer has `child`, what it wrote so far (`stdout`, `stderr`), `exited` (a promise of
 * `{ code, signal }`) and `stop()`.
 */
export function start(command, args, { env = withoutSettings(process.env), cwd, input = "ignore" } = {}) {
  const child = spawn(command, args, { env, cwd, stdio: [input, "pipe", "pipe"] });
  running.add(child);
  const started = { child, stdout: "", stderr: "", isRunning: true };
  for (const name of ["stdout", "stderr"]) {
    child[name].setEncoding("utf8");
    child[name].on("data", (text) => (started[name] += text));
  }
  started.exited = Promise.race([
    once(child, "close").then(([code, signal]) => ({ code, signal })),
    once(child, "error").then(([error]) => Promise.reject(new Error(`cannot run ${command}: ${error.message}`))),
  ]).finally(() => {
    started.isRunning = false;
    running.delete(child);
  });
  // Whoever waits gets the error; whoever does not must not be ended by it.
  started.exited.catch(() => {});
  started.stop = async (signal = "SIGTERM", graceMs = 5_000) => {
    if (!started.isRunning) return started.exited;
    child.kill(signal);
    const killer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    try {
      return await started.exited;
    } finally {
      clearTimeout(killer);
    }
  };
  return started;
}

/** Runs a program to its end and gives what it printed; an exit code other than 0 is an error unless `fails` is set. */
export async function run(command, args, { timeoutMs = 60_000, fails = false, ...options } = {}) {
  const started = start(command, args, options);
  let isLate = false;
  const killer = setTimeout(() => {
    isLate = true;
    started.child.kill("SIGKILL");
  }, timeoutMs);
  try {
    const { code, signal } = await started.exited;
    const line = [command, ...args].join(" ");
    if (isLate) throw new Error(`not done after ${timeoutMs} ms: ${line}\n${started.stderr}`);
    if (code !== 0 && !fails) throw new Error(`ended with ${code ?? signal}: ${line}\n${started.stderr}`);
    return { code, signal, stdout: started.stdout, stderr: started.stderr };
  } finally {
    clearTimeout(killer);
  }
}

/** The environment without what would change the server's settings. */
export function withoutSettings(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("WEIR_")));
}

/** Whether a program can be started by its name. */
export async function isInstalled(command) {
  return (await run("sh", ["-c", `command -v ${command}`], { fails: true })).code === 0;
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Asks `check` again and again until it gives something other than false or nothing. */
export async function until(what, check, timeoutMs = 10_000, everyMs = 50) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const result = await check();
    if (result !== false && result !== undefined && result !== null) return result;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(everyMs);
  }
}
