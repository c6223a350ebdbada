// Every protocol the server offers plays on the watch page: soon, and without standing still.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launchBrowser, waitForPlayback, watchPlayback, withPage } from "../browser.mjs";
import { HTTP, playInfo, STREAM, untilSegmented, watchUrl } from "../server.mjs";

const SECONDS = Number(process.env.WEIR_SECONDS ?? 20);
/** A decoder on a busy machine hiccups; a viewer notices a pause from about here on. */
const STALL_MAX_MS = 700;

/** Time to the first picture (ms since the page began to load) that each protocol must keep. */
const FIRST_FRAME_MAX_MS = {
  "http-flv": 1_500,
  "ws-flv": 1_500,
  "ws-fmp4": 2_000,
  "http-fmp4": 2_000,
  "http-ts": 2_000,
  hls: 4_000,
  "hls-ts": 4_000,
};

let browser;
let sources;

before(async () => {
  browser = await launchBrowser();
  sources = (await playInfo(STREAM)).sources;
});

after(() => browser?.close());

describe("on the watch page", () => {
  for (const [protocol, firstFrameMaxMs] of Object.entries(FIRST_FRAME_MAX_MS)) {
    test(`${protocol} plays for ${SECONDS} s without a stall`, async (t) => {
      const source = sources.find((candidate) => candidate.protocol === protocol);
      assert.ok(source, `the server offers no ${protocol}: ${sources.map((candidate) => candidate.protocol)}`);
      if (protocol.startsWith("hls")) await untilSegmented(new URL(source.url, HTTP));
      await withPage(browser, watchUrl(STREAM, { protocol }), async (page) => {
        const firstFrameMs = await waitForPlayback(page);
        // The first second still belongs to starting up.
        await page.waitForTimeout(1_000);
        const played = await watchPlayback(page, SECONDS);
        const player = await page.evaluate(() => {
          const { protocol, state, stats } = document.querySelector("live-player");
          return { protocol, state, delayS: stats?.delayS };
        });
        t.diagnostic(`first frame ${firstFrameMs} ms, ${JSON.stringify(played)}, ${JSON.stringify(player)}`);
        assert.equal(player.protocol, protocol, "another line had to help out");
        assert.equal(player.state, "playing");
        assert.ok(played.playedS >= SECONDS - 1, `played only ${played.playedS.toFixed(1)} s of ${SECONDS}`);
        assert.ok(played.longestStallMs <= STALL_MAX_MS, `stood still for ${played.longestStallMs} ms`);
        assert.ok(firstFrameMs <= firstFrameMaxMs, `the first picture took ${firstFrameMs} ms`);
      });
    });
  }

  test("the player chooses by itself and stays within two seconds of live", async () => {
    await withPage(browser, watchUrl(STREAM), async (page) => {
      await waitForPlayback(page);
      await page.waitForTimeout(5_000);
      const player = await page.evaluate(() => {
        const { protocol, stats } = document.querySelector("live-player");
        return { protocol, delayS: stats.delayS };
      });
      assert.equal(player.protocol, sources[0].protocol, "the server's first choice plays in this browser");
      assert.ok(player.delayS < 2, `${player.delayS} s behind`);
    });
  });

  test("a line that does not work is left for one that does", async () => {
    await withPage(browser, "about:blank", async (page) => {
      await page.route("**/*.flv*", (route) => route.abort());
      await page.goto(watchUrl(STREAM, { protocol: "http-flv" }));
      await waitForPlayback(page);
      assert.notEqual(await page.evaluate(() => document.querySelector("live-player").protocol), "http-flv");
    });
  });
});
