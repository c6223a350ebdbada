// Databases of the tests: a PostgreSQL of its own in a folder of its own, and SQL asked past the server.

import { once } from "node:events";
import { readdirSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, start, until } from "./processes.mjs";

/** It refuses to run as root; setpriv becomes the program, so that its id is the program's. */
const AS = process.getuid() === 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];

function programs() {
  const base = "/usr/lib/postgresql";
  const versions = readdirSync(base).sort((a, b) => Number(a) - Number(b));
  return join(base, versions.at(-1), "bin");
}

/** A port nobody listens on now. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Makes a cluster and starts it, reached by a socket in its folder. `url` names its database; `durable` keeps fsync
 * on. With a `password` it listens on a port of the loopback address and asks for it. `settings` are PostgreSQL's own.
 */
export async function startPostgres({ durable = false, password, settings = {} } = {}) {
  const bin = programs();
  const dir = await mkdtemp(join(tmpdir(), "weir-postgres-"));
  await chmod(dir, 0o755);
  if (AS.length > 0) await run("chown", ["postgres", dir]);
  const as = (program, args) => [...AS, join(bin, program), ...args];
  const data = join(dir, "data");
  const secret = join(dir, "password");
  if (password !== undefined) {
    await writeFile(secret, password);
    await run("chmod", ["644", secret]);
  }
  const method = password === undefined ? ["-A", "trust"] : ["-A", "scram-sha-256", `--pwfile=${secret}`];
  const [initdb, ...how] = as("initdb", ["-D", data, "-U", "weir", "-N", ...method]);
  await run(initdb, how, { cwd: dir });
  const port = password === undefined ? 5432 : await freePort();
  const [postgres, ...args] = as("postgres", [
    ...["-D", data, "-k", dir, "-p", String(port)],
    ...["-c", `listen_addresses=${password === undefined ? "" : "127.0.0.1"}`],
    ...["-c", "max_connections=100", "-c", `fsync=${durable ? "on" : "off"}`],
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ]);
  const env = { ...process.env, PGHOST: dir, PGPORT: String(port), PGUSER: "weir", PGPASSWORD: password ?? "" };
  const ready = async () => (await run(join(bin, "pg_isready"), ["-q"], { env, cwd: dir, fails: true })).code === 0;
  let server;
  const cluster = {
    url: password === undefined
      ? `postgres:///postgres?host=${dir}&user=weir`
      : `postgres://weir:${password}@127.0.0.1:${port}/postgres`,
    dir,
    /** Ends it: "SIGQUIT" at once without a checkpoint ("immediate"), "SIGINT" in order. */
    halt: (signal = "SIGQUIT") => server.stop(signal, 10_000),
    async start() {
      server = start(postgres, args, { cwd: dir });
      await until("PostgreSQL answers", () => {
        if (!server.isRunning) throw new Error(`PostgreSQL ended: ${server.stderr}`);
        return ready();
      }, 20_000);
    },
    /** Rows as objects. */
    async rows(query) {
      const all = `SELECT coalesce(json_agg(row), '[]') FROM (${query}) AS row`;
      const { stdout } = await run(join(bin, "psql"), ["-AtXq", "-d", "postgres", "-c", all], { env, cwd: dir });
      return JSON.parse(stdout);
    },
    /** Runs statements that take long. */
    execute: (statements) =>
      run(join(bin, "psql"), ["-Xq", "-v", "ON_ERROR_STOP=1", "-d", "postgres", ...statements.flatMap((one) => ["-c", one])], {
        env,
        cwd: dir,
        timeoutMs: 3_600_000,
      }),
    async stop() {
      await server?.stop("SIGQUIT", 10_000);
      await rm(dir, { recursive: true, force: true });
    },
  };
  await cluster.start();
  return cluster;
}

const ROWS = `
import json, sqlite3, sys
db = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True, timeout=10)
cursor = db.execute(sys.argv[2])
names = [column[0] for column in cursor.description]
print(json.dumps([dict(zip(names, row)) for row in cursor]))
`;

/** Rows of an SQLite file as objects, read by another program than the server. */
export async function sqliteRows(file, query) {
  return JSON.parse((await run("python3", ["-c", ROWS, file, query])).stdout);
}

const EXECUTE = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    db.execute(statement)
`;

/** Runs statements that take long on an SQLite file that nobody else has open. */
export const sqliteExecute = (file, statements) => run("python3", ["-c", EXECUTE, file, ...statements], { timeoutMs: 3_600_000 });

const LOCK = `
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], timeout=10, isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
db.execute("ROLLBACK")
`;

/** Locks an SQLite file against all other writers for so long; resolves when it is locked, `released` when it is free. */
export async function lockSqlite(file, ms) {
  const locker = start("python3", ["-c", LOCK, file, String(ms / 1000)]);
  await until("the file is locked", () => locker.stdout.includes("locked"));
  return { released: locker.exited };
}
