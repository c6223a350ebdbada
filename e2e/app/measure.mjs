// Figures of the pages: the first picture on a slow line, a chat in flood, how much has to be fetched.

import { gzipSync } from "node:zlib";
import { waitForPlayback } from "../browser.mjs";
import { sleep } from "../lib/processes.mjs";
import { visitor } from "./town.mjs";

/** A line of 4 Mbit/s with 80 ms there and back. */
export const SLOW_LINE = { offline: false, latency: 80, downloadThroughput: 500_000, uploadThroughput: 500_000 };

/** Limits under which a flood may be sent at all. */
export const FLOODABLE = {
  "chat.messages_per_minute_user": 1_000_000,
  "chat.messages_burst_user": 1_000_000,
  "chat.messages_per_minute_room": 1_000_000,
  "chat.messages_burst_room": 1_000_000,
  "chat.events_per_minute_socket": 1_000_000,
  "chat.events_burst_socket": 1_000_000,
};

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Milliseconds from a cold start to the first picture of `path`, `times` times. */
export async function firstPictures(world, path, { times = 5, line, ...options } = {}) {
  const taken = [];
  for (let i = 0; i < times; i += 1) {
    const { page, close } = await world.open("/favicon.svg", options);
    if (line !== undefined) {
      const session = await page.context().newCDPSession(page);
      await session.send("Network.enable");
      await session.send("Network.emulateNetworkConditions", line);
    }
    await page.goto(world.http + path, { waitUntil: "commit" });
    taken.push(await waitForPlayback(page, 30_000));
    await close();
  }
  return taken;
}

/**
 * A room's page while `perSecond` messages come in for `seconds` and its viewer types: tasks that held the page up for
 * longer than 200 ms, how much the heap grew (bytes, after collecting), and the slowest answer to a key.
 */
export async function flood(world, town, { perSecond, seconds }) {
  const talkers = [];
  for (let i = 0; i < 5; i += 1) talkers.push(await visitor(world, await world.person(`flood_${i}_${Date.now() % 100_000}`), town.rooms.live));
  const { page, close } = await world.open(`/live/${town.rooms.live.id}`, { as: town.people.guest });
  await waitForPlayback(page);
  const input = page.getByRole("combobox", { name: "Say something" });
  await input.waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const heap = async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "JSHeapUsedSize").value;
  };
  const send = async (forMs, perS) => {
    const began = performance.now();
    let sent = 0;
    while (performance.now() - began < forMs) {
      const due = ((performance.now() - began) / 1000) * perS;
      for (; sent < due; sent += 1) void talkers[sent % talkers.length].say(`message ${sent} 哈哈哈哈 ${"x".repeat(sent % 30)}`).catch(() => {});
      await sleep(20);
    }
    return sent;
  };
  // The first lines fill the list; growth counts from a full one on.
  await send(3_000, perSecond);
  await sleep(500);
  const before = await heap();
  await page.evaluate(() => {
    globalThis.held = [];
    globalThis.keys = [];
    new PerformanceObserver((list) => globalThis.held.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
    new PerformanceObserver((list) => {
      for (const { name, duration } of list.getEntries()) if (/^key|^input/.test(name)) globalThis.keys.push(duration);
    }).observe({ type: "event", durationThreshold: 16 });
  });
  let isFlooding = true;
  const typing = (async () => {
    await input.focus();
    while (isFlooding) {
      await page.keyboard.type("a", { delay: 20 });
      await sleep(120);
      if ((await input.inputValue()).length > 40) await input.fill("");
    }
  })();
  const sent = await send(seconds * 1_000, perSecond);
  isFlooding = false;
  await typing;
  const grown = (await heap()) - before;
  const { held, keys } = await page.evaluate(() => ({ held: globalThis.held, keys: globalThis.keys }));
  const lines = await page.getByRole("log").locator("> *").count();
  for (const talker of talkers) talker.close();
  await close();
  return { sent, lines, longTasks: held.filter((ms) => ms > 200).length, longestTaskMs: Math.round(Math.max(0, ...held)), heapGrowthBytes: grown, keyMs: Math.round(Math.max(0, ...keys)) };
}

/** The scripts a page fetches before it is useful, in bytes as compressed. */
export async function scriptBytes(world, path) {
  const { page, close } = await world.open("/favicon.svg");
  let bytes = 0;
  const pending = [];
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (!/^\/assets\/.*\.js$/.test(pathname) || response.status() !== 200) return;
    pending.push(response.body().then((body) => (bytes += gzipSync(body, { level: 9 }).length), () => {}));
  });
  await page.goto(world.http + path);
  await page.waitForTimeout(2_000);
  await Promise.all(pending);
  await close();
  return bytes;
}
