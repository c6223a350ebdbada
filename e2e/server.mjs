// The server under test: already running, with a stream published at live/demo.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createServer } from "node:http";

/** `http://host:port` of the server; the tests make no sense without it. */
export const HTTP = required("WEIR_HTTP");
/** `rtmp://host:port` of the same server. */
export const RTMP = required("WEIR_RTMP");
export const STREAM = process.env.WEIR_STREAM ?? "live/demo";

export function watchUrl(stream, parameters = {}) {
  return `${HTTP}/watch/${stream}?${new URLSearchParams(parameters)}`;
}

/** What the server says can be played. */
export async function playInfo(stream) {
  const response = await fetch(`${HTTP}/api/v1/play/${stream}`);
  if (!response.ok) throw new Error(`GET /api/v1/play/${stream} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** HLS starts on the first request: waits until the media playlist behind `url` lists enough segments to start well. */
export async function untilSegmented(url) {
  for (let i = 0; i < 60; i += 1) {
    const response = await fetch(url);
    const body = await response.text();
    if (response.ok && body.split("#EXTINF").length > SEGMENTS_TO_START) return;
    if (response.ok && body.includes("#EXT-X-STREAM-INF")) {
      const media = body.split("\n").find((line) => line.trim() !== "" && !line.startsWith("#"));
      await untilSegmented(new URL(media.trim(), url));
      return;
    }
    await new Promise((done) => setTimeout(done, 500));
  }
  throw new Error(`${url} does not list ${SEGMENTS_TO_START} segments within 30 s`);
}

/** Publishes a test picture with sound like an encoder would. Call `stop()`. */
export function publish(stream) {
  const child = spawn(
    "ffmpeg",
    [
      ...["-hide_banner", "-loglevel", "error", "-nostdin", "-re"],
      ...["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"],
      ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "30"],
      ...["-c:a", "aac", "-ac", "2", "-f", "flv", `${RTMP}/${stream}`],
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  return {
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** Serves `files` (path → file or text) from an origin of its own. Call `close()`. */
export async function serveElsewhere(files) {
  const server = createServer((request, response) => {
    const entry = files[new URL(request.url, "http://here").pathname];
    if (entry === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": entry.type });
    if (entry.file === undefined) response.end(entry.text);
    else createReadStream(entry.file).pipe(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** RFC 8216 §6.3.3: a client starts three target durations before the end. */
const SEGMENTS_TO_START = 3;

function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: these tests need a running server (see e2e/README.md)`);
  return value.replace(/\/$/, "");
}
