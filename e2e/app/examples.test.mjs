// The little pages of docs/examples, as they are, served from another origin.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { launchBrowser, waitForPlayback, watchPlayback, withPage } from "../browser.mjs";
import { until } from "../lib/processes.mjs";
import { settle, visitor } from "./town.mjs";
import { startWorld } from "./world.mjs";

const SECONDS = 4;
const EXAMPLES = new URL("../../docs/examples/", import.meta.url);
const LIBRARIES = {
  "/hls.min.js": new URL("../node_modules/hls.js/dist/hls.min.js", import.meta.url),
  "/mpegts.js": new URL("../../web/node_modules/mpegts.js/dist/mpegts.js", import.meta.url),
  "/socket.io.min.js": new URL("../node_modules/socket.io-client/dist/socket.io.min.js", import.meta.url),
};

let world;
let town;
let browser;
let elsewhere;
let origin;

before(async () => {
  world = await startWorld();
  town = await settle(world);
  browser = await launchBrowser();
  elsewhere = createServer(async (request, response) => {
    const file = LIBRARIES[request.url] ?? new URL(`.${request.url}`, EXAMPLES);
    const body = await readFile(file).catch(() => undefined);
    if (body === undefined) return response.writeHead(404).end();
    const type = request.url.endsWith(".js") ? "text/javascript" : "text/html; charset=utf-8";
    response.writeHead(200, { "content-type": type }).end(body);
  });
  elsewhere.listen(0, "127.0.0.1");
  await once(elsewhere, "listening");
  origin = `http://127.0.0.1:${elsewhere.address().port}`;
});

after(async () => {
  elsewhere?.close();
  await browser?.close();
  await world?.stop();
});

async function plays(page) {
  await waitForPlayback(page, 20_000);
  const played = await watchPlayback(page, SECONDS);
  assert.ok(played.playedS >= SECONDS - 1.5, JSON.stringify(played));
  assert.ok(played.width > 0, "there is a picture");
}

test("the page with a box for playlists plays a live one", () =>
  withPage(browser, `${origin}/m3u8-box.html`, async (page) => {
    await page.getByLabel("Address of a playlist").fill(`${world.weir.http}/live/${town.rooms.live.name}/index.m3u8`);
    await page.getByRole("button", { name: "Load" }).click();
    await plays(page);
  }));

test("the page with a box for names plays HTTP-FLV", () =>
  withPage(browser, `${origin}/name-box.html`, async (page) => {
    await page.getByLabel("Server").fill(world.weir.http);
    await page.getByLabel("Name of the stream").fill(town.rooms.live.name);
    await page.getByRole("button", { name: "Load" }).click();
    await plays(page);
  }));

test("the page with fragments from a WebSocket plays without a library", () =>
  withPage(browser, `${origin}/fmp4-socket.html`, async (page) => {
    await page.getByLabel("Server").fill(world.weir.http);
    await page.getByLabel("Stream").fill(`live/${town.rooms.live.name}`);
    await page.getByRole("button", { name: "Load" }).click();
    await plays(page);
  }));

test("the room's page joins, hears, talks and gives", () =>
  withPage(browser, `${origin}/room-client.html`, async (page) => {
    const { guest, host } = town.people;
    await page.getByLabel("Server").fill(world.weir.http);
    await page.getByLabel("Number of the room").fill(String(town.rooms.live.id));
    await page.getByLabel("Your token").fill(guest.token);
    await page.getByRole("button", { name: "Join" }).click();
    await page.getByText("You are in.").waitFor();
    const other = await visitor(world, host, town.rooms.live);
    await other.say("<b>welcome</b>");
    const log = page.getByRole("log");
    await log.getByText("<b>welcome</b>").waitFor();
    await page.getByLabel("Say something").fill("hello from a little page");
    await page.getByRole("button", { name: "Send" }).click();
    await log.getByText("hello from a little page").waitFor();
    await page.getByLabel("Number of the gift").fill("1");
    await page.getByRole("button", { name: "Give" }).click();
    await until("the gift is told", async () => /gives 1 ×/.test(await log.textContent()));
    other.close();
  }));
