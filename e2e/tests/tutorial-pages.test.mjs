// The pages of the tutorials this project started from, served from another origin, as their readers have them.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { launchBrowser, waitForPlayback, watchPlayback, withPage } from "../browser.mjs";
import { HTTP, serveElsewhere, STREAM, untilSegmented } from "../server.mjs";

const SECONDS = 10;

let browser;
let elsewhere;

before(async () => {
  browser = await launchBrowser();
  const page = async (name) => ({
    type: "text/html; charset=utf-8",
    text: (await readFile(new URL(`../pages/${name}`, import.meta.url), "utf8")).replaceAll("__SERVER__", HTTP),
  });
  const script = (path) => ({ type: "text/javascript", file: new URL(`../node_modules/${path}`, import.meta.url) });
  elsewhere = await serveElsewhere({
    "/name-box.html": await page("name-box.html"),
    "/url-box.html": await page("url-box.html"),
    "/flv.min.js": script("flv.js/dist/flv.min.js"),
    "/hls.min.js": script("hls.js/dist/hls.min.js"),
  });
});

after(async () => {
  elsewhere?.close();
  await browser?.close();
});

async function loadAndWatch(t, path, typed) {
  if (typed.endsWith(".m3u8")) await untilSegmented(typed);
  await withPage(browser, elsewhere.origin + path, async (page) => {
    await page.fill("input", typed);
    await page.click("#load");
    await waitForPlayback(page, 30_000);
    await page.waitForTimeout(1_000);
    const played = await watchPlayback(page, SECONDS);
    t.diagnostic(JSON.stringify(played));
    assert.ok(played.playedS >= SECONDS - 1.5, `played only ${played.playedS.toFixed(1)} s of ${SECONDS}`);
    assert.ok(played.width > 0, "there is a picture");
  });
}

test("the live tutorial's page with a name box plays HTTP-FLV through flv.js 1.4", (t) =>
  loadAndWatch(t, "/name-box.html", STREAM.split("/")[1]));

test("the on-demand tutorial's page with an address box plays HLS through hls.js", (t) =>
  loadAndWatch(t, "/url-box.html", `${HTTP}/${STREAM}/index.m3u8`));

test("so it does with the flat playlist address", (t) => loadAndWatch(t, "/url-box.html", `${HTTP}/${STREAM}.m3u8`));
