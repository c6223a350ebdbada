// What the pages promise whatever the machine: a flood does not hold them up, longer languages fit, the shell is small.
// Figures that are times of a fast machine: `make web-bench`.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FLOODABLE, flood, scriptBytes } from "./measure.mjs";
import { routes } from "./routes.mjs";
import { settle } from "./town.mjs";
import { settled, startWorld } from "./world.mjs";

const SHELL_MAX_BYTES = 110 * 1024;
const PHONE = { width: 360, height: 640 };

let world;
let town;

before(async () => {
  world = await startWorld({ settings: FLOODABLE });
  town = await settle(world);
});

after(() => world?.stop());

test("a chat of a hundred messages a second neither holds up the page nor fills its memory, and typing stays fluent", { timeout: 90_000 }, async (t) => {
  const figures = await flood(world, town, { perSecond: 100, seconds: 12 });
  t.diagnostic(JSON.stringify(figures));
  assert.ok(figures.lines <= 200, `${figures.lines} lines`);
  assert.ok(figures.heapGrowthBytes < 20 * 1024 * 1024, `${figures.heapGrowthBytes} bytes more`);
  assert.ok(figures.longTasks <= 1, `${figures.longTasks} tasks longer than 200 ms`);
});

test("the app before the first page is small", async (t) => {
  const bytes = await scriptBytes(world, "/");
  t.diagnostic(`${(bytes / 1024).toFixed(1)} KiB compressed`);
  assert.ok(bytes <= SHELL_MAX_BYTES, `${(bytes / 1024).toFixed(1)} KiB`);
});

test("texts forty percent longer fit on a phone and into their buttons", { timeout: 400_000 }, async (t) => {
  for (const [name, path, options] of routes(town)) {
    await t.test(name, async () => {
      const { page, close } = await world.open("/favicon.svg", { ...options, viewport: PHONE });
      // Texts stand behind a colon in the dictionaries, their names before it.
      await page.route(/\/assets\/en[.-][^/]*\.js$/, async (route) => {
        const response = await route.fetch();
        const body = (await response.text()).replaceAll(/:(["'`])((?:[^"'`\\]|\\.)*)\1/g, (_whole, quote, text) => `:${quote}${longer(text)}${quote}`);
        await route.fulfill({ response, body });
      });
      await page.goto(world.http + path, { waitUntil: "commit" });
      await settled(page);
      const { wide, cut } = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth - innerWidth,
        cut: [...document.querySelectorAll("button, a.button, [role=tab]")].filter((each) => each.offsetParent !== null && each.scrollWidth > each.clientWidth + 1).map((each) => each.textContent),
      }));
      await close();
      assert.ok(wide <= 0, `${wide} px too wide`);
      assert.deepEqual(cut, [], "texts that do not fit into their buttons");
    });
  }
});

/** Forty percent more letters, as other languages have; what is filled in stays. */
function longer(text) {
  const letters = text.replaceAll(/\{\w+\}/g, "").length;
  return letters === 0 ? text : `${text}${" ïéøœü".repeat(Math.ceil((letters * 0.4) / 6)).slice(0, Math.max(1, Math.ceil(letters * 0.4)))}`;
}
