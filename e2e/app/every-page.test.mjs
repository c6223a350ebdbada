// What every page of the app promises: nothing from elsewhere, nothing that jumps, nothing wider than a phone, every
// language. That they are accessible is in accessibility.test.mjs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { committed, fetchDocument, generate } from "../../web/scripts/api-types.mjs";
import { addFilms } from "./films.mjs";
import { routes } from "./routes.mjs";
import { settle } from "./town.mjs";
import { settled, startWorld } from "./world.mjs";

const PHONE = { width: 360, height: 640 };

let world;
let pages;

before(async () => {
  world = await startWorld();
  const town = await settle(world);
  pages = routes({ ...town, films: await addFilms(world, town) });
});

after(() => world?.stop());

test("the API's types are those of this server", async () => {
  assert.equal(await committed(), generate(await fetchDocument(world.weir.http)), "run `npm run api-types` in web/");
});

/** A page on a phone: what it asked for, how much it jumped, how much wider than the phone it is. */
async function look(path, options) {
  const { page, close } = await world.open("/favicon.svg", { ...options, viewport: PHONE, locale: "zh-CN", isMobile: true, hasTouch: true });
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(world.http + path, { waitUntil: "commit" });
  await settled(page);
  const shift = await page.evaluate(
    () =>
      new Promise((done) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
        setTimeout(() => done(sum), 200);
      }),
  );
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await close();
  return { asked, shift, overflow };
}

test("no page jumps, none is wider than a phone, and none asks anybody else for anything", { timeout: 600_000 }, async (t) => {
  for (const [name, path, options] of pages) {
    await t.test(name, async () => {
      const { asked, overflow, ...first } = await look(path, options);
      // A machine that stalls between two frames shows a page that is half there; one that jumps does so every time.
      const shift = first.shift > 0.05 ? (await look(path, options)).shift : first.shift;
      const host = new URL(world.http).host;
      assert.deepEqual(asked.filter((url) => !url.startsWith("blob:") && new URL(url).host !== host), []);
      assert.ok(overflow <= 0, `${overflow} px too wide`);
      assert.ok(shift <= 0.05, `layout shift ${shift.toFixed(3)}`);
    });
  }
});

test("each language is spoken and remembered, and so is the theme", async () => {
  const { page, close } = await world.open("/browse", { locale: "zh-TW" });
  await page.getByRole("heading", { name: "瀏覽" }).waitFor();
  assert.equal(await page.getAttribute("html", "lang"), "zh-TW");
  await page.getByRole("button", { name: "語言與外觀" }).click();
  await page.locator("#theme").selectOption("dark");
  assert.equal(await page.getAttribute("html", "data-theme"), "dark");
  await page.locator("#language").selectOption("zh-CN");
  await page.getByRole("heading", { name: "浏览" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "浏览" }).waitFor();
  assert.equal(await page.getAttribute("html", "data-theme"), "dark");
  await close();
});
