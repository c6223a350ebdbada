// A broadcast in the pages, from an encoder to its recording: back in it while it is live, a clip of it, and what was
// said running over it again when it is over.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { waitForPlayback } from "../browser.mjs";
import { sleep, until } from "../lib/processes.mjs";
import { visitor } from "./town.mjs";
import { isPhone, openMore, startWorld } from "./world.mjs";

/** Long enough to go back in and to cut a clip from. */
const LIVE_S_MIN = 12;

let world;
let mei;
let tom;
let room;
let encoder;
let liveSince;

before(async () => {
  world = await startWorld({ settings: { "hls.segment_ms": 1_000 } });
  mei = await world.person("mei", "小美");
  tom = await world.person("tom", "阿湯");
  room = await world.room(mei, { title: "週末畫畫" });
  encoder = await world.goLive(mei, room);
  liveSince = Date.now();
  await until("the room is live", async () => (await world.call("GET", `/api/v1/rooms/${room.id}`)).status === "live");
});

after(() => world?.stop());

const currentTime = (page) => page.evaluate(() => document.querySelector("video").currentTime);

/** The picture moves on. */
async function moves(page) {
  const before = await currentTime(page);
  await until("the picture moves", async () => (await currentTime(page)) > before + 0.5);
}

test("a viewer goes back in what is live, and to the live picture again", { timeout: 60_000 }, async (t) => {
  const talker = await visitor(world, tom, room);
  await sleep(Math.max(0, liveSince + LIVE_S_MIN * 1_000 - Date.now()));
  const { page, close } = await world.open(`/live/${room.id}`, { as: tom });
  await waitForPlayback(page);
  await talker.say("這隻貓好可愛");
  await page.getByRole("button", { name: "Rewind" }).click();
  await page.locator("#stage video-player").waitFor();
  await waitForPlayback(page);
  await moves(page);
  const behindMs = await page.evaluate(() => Date.now() - document.querySelector("video-player").wallTimeMs());
  t.diagnostic(`${(behindMs / 1000).toFixed(1)} s behind what is live`);
  assert.ok(behindMs > 8_000, `it shows what was live ${behindMs} ms ago`);
  const { width, height } = await page.locator("#stage video-player").boundingBox();
  if (isPhone) assert.ok(width <= 360 && height <= 640 * 0.45 + 1, `the player takes ${width} × ${height}`);
  await page.getByRole("button", { name: "Back to live" }).click();
  await page.locator("#stage live-player").waitFor();
  await waitForPlayback(page);
  await moves(page);
  talker.close();
  await close();
});

test("a viewer cuts a clip of what was just live, and watches it", { timeout: 60_000 }, async () => {
  const { page, close } = await world.open(`/live/${room.id}`, { as: tom });
  await waitForPlayback(page);
  await openMore(page);
  await page.getByRole("button", { name: "Clip" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("How much").selectOption("15");
  await dialog.getByLabel("Title").fill("The cat's ears");
  await dialog.getByRole("button", { name: "Make it" }).click();
  await dialog.getByRole("link", { name: "To the clip" }).click();
  await page.getByRole("heading", { name: "The cat's ears" }).waitFor();
  await page.locator("#stage video-player").waitFor({ timeout: 20_000 });
  await waitForPlayback(page);
  await moves(page);
  await close();
});

test("when it is over, viewers are led to the recording, where what was said runs over the picture again", { timeout: 60_000 }, async () => {
  const { page, close } = await world.open(`/live/${room.id}`);
  await waitForPlayback(page);
  await world.call("POST", `/api/v1/rooms/${room.id}/status`, { token: mei.token, body: { type: "stop" } });
  await encoder.stop("SIGKILL");
  await page.getByRole("heading", { name: "The broadcast has ended" }).waitFor({ timeout: 25_000 });
  await page.getByRole("link", { name: "Watch the recording" }).click({ timeout: 20_000 });
  await page.getByRole("heading", { name: "週末畫畫" }).waitFor();
  await waitForPlayback(page);
  const { items } = await world.call("GET", `/api/v1/videos?room_id=${room.id}&origin=recording`);
  const { items: shots } = await world.call("GET", `/api/v1/videos/${items[0].id}/danmaku?from_ms=0&to_ms=60000`);
  assert.equal(shots.length, 1);
  await page.evaluate((ms) => document.querySelector("video-player").seek(ms), Math.max(0, shots[0].at_ms - 1_500));
  await page.locator(".danmaku span", { hasText: "這隻貓好可愛" }).waitFor();
  await close();
});
