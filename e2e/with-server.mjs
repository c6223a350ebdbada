// Runs a command beside a server on free ports with a test picture at live/demo: with-server.mjs COMMAND…
//
// The command finds the server in WEIR_HTTP and WEIR_RTMP. Server and encoder end with it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { start } from "./lib/processes.mjs";
import { startWeir, untilLive } from "./lib/weir.mjs";

const [command, ...args] = process.argv.slice(2);
if (command === undefined) throw new Error("with-server.mjs COMMAND…");

const weir = await startWeir();
const encoder = start("ffmpeg", [
  ...["-v", "error", "-nostdin", "-re"],
  ...["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"],
  ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "30"],
  ...["-c:a", "aac", "-ac", "2", "-f", "flv", `${weir.rtmp}/live/demo`],
]);
try {
  await untilLive(weir, "live/demo", 2);
  const env = { ...process.env, WEIR_HTTP: weir.http, WEIR_RTMP: weir.rtmp };
  const [code] = await once(spawn(command, args, { env, stdio: "inherit" }), "exit");
  process.exitCode = code ?? 1;
} finally {
  await encoder.stop("SIGKILL");
  const { code, tookMs } = await weir.stop();
  if (code !== 0) {
    console.error(`the server ended with ${code} after ${tookMs} ms\n${weir.rawLog().slice(-4_000)}`);
    process.exitCode = 1;
  }
}
