// A real S3-compatible server (s3s-fs) with one bucket, in a folder of its own.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./databases.mjs";
import { start, until } from "./processes.mjs";

const TARGET = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../../target", import.meta.url));
/** `scripts/s3` puts it there. */
export const S3_SERVER =
  process.env.WEIR_S3_SERVER ?? join(TARGET, "tools", "bin", "s3s-fs");

const [BUCKET, KEY, SECRET] = ["weir-media", "test-key", "test-secret-of-the-bucket"];

/** Starts it. `settings` are those of a Weir that keeps its media there. */
export async function startS3({ redirect = false } = {}) {
  if (!existsSync(S3_SERVER)) throw new Error(`${S3_SERVER} is missing: scripts/s3 makes it`);
  const dir = await mkdtemp(join(tmpdir(), "weir-s3-"));
  await mkdir(join(dir, BUCKET));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let server;
  const s3 = {
    url,
    settings: {
      "storage.s3_bucket": BUCKET,
      "storage.s3_endpoint": url,
      "storage.s3_region": "us-east-1",
      "storage.s3_access_key": KEY,
      "storage.s3_secret_key": SECRET,
      "storage.s3_redirect": redirect,
      "storage.s3_timeout_ms": 3000,
    },
    /** Begins to answer; again after `away`. */
    async back() {
      const args = ["--host", "127.0.0.1", "--port", String(port), "--access-key", KEY, "--secret-key", SECRET, dir];
      server = start(S3_SERVER, args, { cwd: dir });
      await until("the S3 answers", async () => (await fetch(url).catch(() => undefined)) !== undefined, 10_000);
    },
    /** Is gone, as if it had lost its power. */
    away: () => server.stop("SIGKILL"),
    /** Paths of the objects below `prefix`. */
    async objects(prefix = "") {
      const found = await readdir(join(dir, BUCKET), { recursive: true, withFileTypes: true });
      const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
      return files.map((file) => file.slice(join(dir, BUCKET).length + 1)).filter((path) => path.startsWith(prefix));
    },
    async stop() {
      await server.stop("SIGKILL");
      await rm(dir, { recursive: true, force: true });
    },
  };
  await s3.back();
  return s3;
}
