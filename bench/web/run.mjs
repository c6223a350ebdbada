// Times of the pages on this machine: the first picture, near and on a slow line, a chat in flood, the size of the shell.
//
//   make web-bench            all of it
//   FLOOD_SECONDS=10 …        a shorter flood (default 60, at 500 messages a second)

import { FLOODABLE, firstPictures, flood, median, scriptBytes, SLOW_LINE } from "../../e2e/app/measure.mjs";
import { settle } from "../../e2e/app/town.mjs";
import { startWorld } from "../../e2e/app/world.mjs";

const SECONDS = Number(process.env.FLOOD_SECONDS ?? 60);

const world = await startWorld({ settings: FLOODABLE });
const rows = [];
const row = (what, value, gate) => {
  rows.push([what, value, gate]);
  process.stdout.write(`${what.padEnd(58)} ${String(value).padStart(12)}   (${gate})\n`);
};
try {
  const town = await settle(world);
  const path = `/live/${town.rooms.live.id}`;
  row("first picture, FLV, near, ms (median of 5)", median(await firstPictures(world, path)), "≤ 1500");
  row("first picture, FLV, 4 Mbit/s 80 ms, ms (median of 5)", median(await firstPictures(world, path, { line: SLOW_LINE })), "≤ 2000");
  row("scripts of the home page, KiB compressed", ((await scriptBytes(world, "/")) / 1024).toFixed(1), "≤ 110");
  row("scripts of a room's page, KiB compressed", ((await scriptBytes(world, path)) / 1024).toFixed(1), "≤ 330");
  const figures = await flood(world, town, { perSecond: 500, seconds: SECONDS });
  row(`flood of 500 a second for ${SECONDS} s: tasks longer than 200 ms`, figures.longTasks, "0");
  row("  longest task, ms", figures.longestTaskMs, "≤ 200");
  row("  heap growth, MiB", (figures.heapGrowthBytes / 1024 / 1024).toFixed(1), "< 20");
  row("  slowest key, ms", figures.keyMs, "≤ 200");
  row("  messages sent", figures.sent, `${500 * SECONDS}`);
} finally {
  await world.stop();
}
