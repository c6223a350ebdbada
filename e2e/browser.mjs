// Starts the system's Chromium for a test, with nothing kept and nothing asked of the network.

import { chromium } from "playwright-core";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser with a fresh profile. Close it. */
export function launchBrowser(options = {}) {
  return chromium.launch({ executablePath: EXECUTABLE, headless: true, args: FLAGS, ...options });
}

/** Opens `url` in a new window and hands it to `use`; fails if the page logged errors `use` did not expect. */
export async function withPage(browser, url, use, options = {}) {
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 720 }, ...options });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  try {
    await page.goto(url, { waitUntil: "commit" });
    const result = await use(page);
    if (errors.length > 0) throw new Error(`the page threw: ${errors.join("; ")}`);
    return result;
  } finally {
    await context.close();
  }
}

/** Follows the first `<video>` of the page for `seconds`: how far it got and how long it stood still at most. */
export async function watchPlayback(page, seconds) {
  return page.evaluate(async (seconds) => {
    const video = document.querySelector("video");
    const startedAt = performance.now();
    const startTime = video.currentTime;
    let waiting = 0;
    let lastTime = startTime;
    let movedAt = startedAt;
    let longestStallMs = 0;
    video.addEventListener("waiting", () => (waiting += 1));
    while (performance.now() - startedAt < seconds * 1000) {
      await new Promise((done) => setTimeout(done, 50));
      const now = performance.now();
      if (video.currentTime !== lastTime) {
        lastTime = video.currentTime;
        movedAt = now;
      }
      longestStallMs = Math.max(longestStallMs, now - movedAt);
    }
    const quality = video.getVideoPlaybackQuality();
    return {
      playedS: video.currentTime - startTime,
      tookS: (performance.now() - startedAt) / 1000,
      longestStallMs: Math.round(longestStallMs),
      waiting,
      width: video.videoWidth,
      frames: quality.totalVideoFrames,
      dropped: quality.droppedVideoFrames,
    };
  }, seconds);
}

/** Waits until the first `<video>` has a picture and its time moves; milliseconds since the page began to load. */
export async function waitForPlayback(page, timeoutMs = 20_000) {
  await page.waitForFunction(
    () => {
      const video = document.querySelector("video");
      return video !== null && video.readyState >= 2 && !video.paused && video.played.length > 0 && video.currentTime > 0;
    },
    undefined,
    { timeout: timeoutMs, polling: 50 },
  );
  return page.evaluate(() => Math.round(performance.getEntriesByName("first-frame")[0]?.startTime ?? performance.now()));
}
