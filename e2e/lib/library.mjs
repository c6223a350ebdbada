// Videos put into a server's library past its doors: objects into its data folder, rows into its database. For what
// has to be there exactly as it is, not as an upload would make it.

import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { statSync } from "node:fs";
import { run } from "./processes.mjs";

/** SQL for the server's SQLite, with its arguments from JSON; prints the rows of the last statement. */
const PROGRAM = `
import json, sqlite3, sys
database, statements = sys.argv[1], json.loads(sys.argv[2])
connection = sqlite3.connect(database, timeout=10)
rows = []
for sql, args in statements:
    rows = connection.execute(sql, args).fetchall()
connection.commit()
print(json.dumps(rows))
`;

async function sql(weir, ...statements) {
  const { stdout } = await run("python3", ["-c", PROGRAM, join(weir.dir, "data", "weir.db"), JSON.stringify(statements)]);
  return JSON.parse(stdout);
}

/** The owner of what is put in. */
const OWNER = `INSERT INTO users (username, password_hash, created_at, updated_at) VALUES ('librarian', '', 0, 0) ON CONFLICT DO NOTHING`;

let count = 0;

/**
 * A video that can be played. `files` are `{ name, kind, file }` with a file of this machine, or a folder for `list`;
 * `beside` are further objects by name. Its id.
 */
export async function putVideo(weir, { name, privacy = "public", files, beside = {} }) {
  count += 1;
  const id = `Video${String(count).padStart(7, "0")}`;
  const object = (path) => join(weir.dir, "data", "media", "videos", id, path);
  const put = async (from, path) => {
    await mkdir(dirname(object(path)), { recursive: true });
    await cp(from, object(path), { recursive: true });
  };
  const video = [
    `INSERT INTO videos (public_id, user_id, origin, name, title, privacy, state, created_at, updated_at)
     SELECT ?, id, 'added', ?, ?, ?, 'ready', 0, 0 FROM users WHERE username = 'librarian'`,
    [id, name ?? null, name ?? id, privacy],
  ];
  const rows = [];
  for (const { name: form, kind = "source", file, container = "mov", height = 180 } of files) {
    const path = { source: "source", rendition: `${form}.mp4`, list: form }[kind];
    await put(file, path);
    rows.push([
      `INSERT INTO video_files (video_id, name, kind, path, container, is_playable, height, bytes, created_at)
       SELECT id, ?, ?, ?, ?, ?, ?, ?, 0 FROM videos WHERE public_id = ?`,
      [form, kind, `videos/${id}/${path}`, container, kind === "list" ? 0 : 1, height, statSync(file).size, id],
    ]);
  }
  for (const [path, file] of Object.entries(beside)) await put(file, path);
  await sql(weir, [OWNER, []], video, ...rows);
  return id;
}

/** Lists captions that are there as objects. */
export function putCaptions(weir, id, language) {
  return sql(weir, [
    `INSERT INTO video_captions (video_id, language, bytes, updated_at) SELECT id, ?, 1, 0 FROM videos WHERE public_id = ?`,
    [language, id],
  ]);
}

/** Changes who may watch. */
export function setPrivacy(weir, id, privacy) {
  return sql(weir, ["UPDATE videos SET privacy = ? WHERE public_id = ?", [privacy, id]]);
}
