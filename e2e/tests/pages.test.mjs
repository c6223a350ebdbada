// What the pages promise whatever is on: nothing from elsewhere, nothing that jumps, nobody left out.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { launchBrowser, waitForPlayback, withPage } from "../browser.mjs";
import { HTTP, publish, RTMP, STREAM, watchUrl } from "../server.mjs";

let browser;

before(async () => {
  browser = await launchBrowser();
});

after(() => browser?.close());

test("two clicks at most lead from the home page to a moving picture", async () => {
  await withPage(browser, `${HTTP}/`, async (page) => {
    await page.click(`a[href^="/watch/${STREAM}"]`);
    await waitForPlayback(page);
    const before = await page.evaluate(() => document.querySelector("video").currentTime);
    await page.waitForTimeout(3_000);
    const after = await page.evaluate(() => document.querySelector("video").currentTime);
    assert.ok(after - before >= 2, `the picture moved ${(after - before).toFixed(1)} s in 3 s`);
    assert.ok(await page.isVisible(".lp-unmute"), "silence is pointed out, with the way to end it");
    await page.click(".lp-unmute");
    assert.equal(await page.evaluate(() => document.querySelector("video").muted), false);
  });
});

test("the home page says in every language where the server's RTMP port really is", async () => {
  for (const locale of ["zh-TW", "zh-CN", "en-US"]) {
    await withPage(
      browser,
      `${HTTP}/`,
      async (page) => {
        const panel = page.locator(".panel-box").first();
        await panel.waitFor();
        const told = await panel.locator("code").allTextContents();
        assert.equal(told[0], `${RTMP}/live`, locale);
        assert.ok(told.at(-1).endsWith(` ${RTMP}/live/demo`), told.at(-1));
      },
      { locale },
    );
  }
});

test("no page asks a third party for anything", async () => {
  for (const url of [`${HTTP}/`, watchUrl(STREAM)]) {
    await withPage(browser, "about:blank", async (page) => {
      const asked = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(url);
      await page.waitForTimeout(2_000);
      const ours = new URL(HTTP).host;
      const foreign = asked.filter((address) => !address.startsWith("blob:") && new URL(address).host !== ours);
      assert.deepEqual(foreign, []);
    });
  }
});

test("nothing jumps while a page fills", async () => {
  for (const url of [`${HTTP}/`, watchUrl(STREAM)]) {
    for (const viewport of [{ width: 1280, height: 720 }, { width: 360, height: 740 }]) {
      await withPage(
        browser,
        url,
        async (page) => {
          await page.waitForTimeout(4_000);
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
          assert.ok(shift <= 0.05, `${url} at ${viewport.width} px: layout shift ${shift}`);
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(overflow <= 0, `${url} at ${viewport.width} px is ${overflow} px too wide`);
        },
        { viewport },
      );
    }
  }
});

test("the accessibility checker finds nothing serious, light and dark, in every language", async () => {
  const axe = await readFile(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
  for (const colorScheme of ["light", "dark"]) {
    for (const locale of ["zh-TW", "zh-CN", "en-US"]) {
      for (const url of [`${HTTP}/`, watchUrl(STREAM), watchUrl("live/nobody-is-here")]) {
        await withPage(
          browser,
          url,
          async (page) => {
            await page.waitForTimeout(2_500);
            await page.evaluate(axe);
            const { violations } = await page.evaluate(() => globalThis.axe.run());
            const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
            const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
            assert.deepEqual(told, [], `${url} ${locale} ${colorScheme}`);
          },
          { colorScheme, locale },
        );
      }
    }
  }
});

test("each language is spoken, and says so to screen readers", async () => {
  const expected = { "zh-TW": "還沒開播", "zh-CN": "还没开播", "en-GB": "Not live yet", fr: "Not live yet" };
  for (const [locale, title] of Object.entries(expected)) {
    await withPage(
      browser,
      watchUrl("live/nobody-is-here"),
      async (page) => {
        await page.waitForSelector('live-player[data-state="not-live"]');
        assert.equal(await page.textContent(".lp-title"), title);
        assert.equal(await page.getAttribute("html", "lang"), locale.startsWith("zh") ? locale : "en");
      },
      { locale },
    );
  }
});

test("a page opened too early plays when the host goes live, and again after a drop", { timeout: 120_000 }, async (t) => {
  const stream = `live/e2e-${process.pid}`;
  await withPage(browser, watchUrl(stream), async (page) => {
    const state = () => page.evaluate(() => document.querySelector("live-player").state);
    await page.waitForSelector('live-player[data-state="not-live"]');
    let host = publish(stream);
    try {
      const wentLive = Date.now();
      await waitForPlayback(page, 15_000);
      t.diagnostic(`playing ${Date.now() - wentLive} ms after the encoder was started`);

      await host.stop();
      await page.waitForFunction(() => document.querySelector("live-player").state === "reconnecting", undefined, { timeout: 20_000 });
      await page.waitForTimeout(5_000);
      assert.notEqual(await state(), "playing");

      host = publish(stream);
      const returned = Date.now();
      await page.waitForFunction(() => document.querySelector("live-player").state === "playing", undefined, { timeout: 15_000 });
      const tookMs = Date.now() - returned;
      t.diagnostic(`playing again ${tookMs} ms after the encoder was started again`);
      assert.ok(tookMs <= 8_000 + ENCODER_START_MS, `${tookMs} ms`);
      const before = await page.evaluate(() => document.querySelector("video").currentTime);
      await page.waitForTimeout(3_000);
      const after = await page.evaluate(() => document.querySelector("video").currentTime);
      assert.ok(after - before >= 2, `the picture moved ${(after - before).toFixed(1)} s in 3 s`);
    } finally {
      await host.stop();
    }
  });
});

/** ffmpeg takes this long until its first picture is on the wire. */
const ENCODER_START_MS = 1_500;
