// A viewer's journeys: from the home page to a moving picture, and from a stranger to somebody who talks and gives.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { waitForPlayback } from "../browser.mjs";
import { until } from "../lib/processes.mjs";
import { settle, visitor } from "./town.mjs";
import { PASSWORD, startWorld } from "./world.mjs";

const FIRST_FRAME_MAX_MS = 1_500;
const OWN_ECHO_MAX_MS = 300;

let world;
let town;

before(async () => {
  world = await startWorld();
  town = await settle(world);
});

after(() => world?.stop());

describe("a new viewer", () => {
  test("gets from the home page to a moving picture with one click, in zh-TW on a phone too", async (t) => {
    for (const options of [{}, { locale: "zh-TW", viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true }]) {
      const { page, close } = await world.open("/", options);
      await page.locator(`a[href="/live/${town.rooms.live.id}"]`).first().click();
      await waitForPlayback(page);
      const before = await page.evaluate(() => document.querySelector("video").currentTime);
      await page.waitForTimeout(3_000);
      const moved = (await page.evaluate(() => document.querySelector("video").currentTime)) - before;
      assert.ok(moved >= 2, `the picture moved ${moved.toFixed(1)} s in 3 s`);
      assert.equal(await page.locator("dialog[open]").count(), 0, "nothing stands in the way");
      assert.ok(await page.isVisible(".lp-unmute"), "silence is pointed out");
      t.diagnostic(`moved ${moved.toFixed(1)} s`);
      await close();
    }
  });

  test("sees the first picture of a room's own address soon, the app or not", async (t) => {
    const times = [];
    for (let i = 0; i < 5; i += 1) {
      const { page, close } = await world.open(`/live/${town.rooms.live.id}`);
      times.push(await waitForPlayback(page));
      await close();
    }
    const median = times.toSorted((a, b) => a - b)[2];
    t.diagnostic(`first picture after ${times.join(", ")} ms`);
    assert.ok(median <= FIRST_FRAME_MAX_MS, `half of the first pictures took ${median} ms or more`);
  });

  test("reads along without an account", async () => {
    const talker = await visitor(world, town.people.guest, town.rooms.live);
    await talker.say("read me");
    const { page, close } = await world.open(`/live/${town.rooms.live.id}`);
    await page.getByRole("log").getByText("read me").waitFor();
    assert.equal(await page.getByLabel("Say something").count(), 0);
    await close();
    talker.close();
  });
});

describe("a viewer who joins in", () => {
  let view;

  after(() => view?.page.context().close());

  test("registers with two fields and is back in the room", async () => {
    view = await world.open(`/live/${town.rooms.live.id}`);
    const { page } = view;
    await page.getByRole("link", { name: "Sign up" }).click();
    await page.getByLabel("User name").fill("newcomer");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign up" }).click();
    await page.getByLabel("Say something").waitFor();
    await waitForPlayback(page);
  });

  test("follows the host, and the number says so", async () => {
    const { page } = view;
    const follow = page.getByRole("button", { name: "Follow" });
    await follow.click();
    await page.getByRole("button", { name: "Following 2" }).waitFor();
  });

  test("talks, and the words are soon there, in the list and over the picture", async (t) => {
    const { page } = view;
    const input = page.getByLabel("Say something");
    const text = "<b>hello</b> & 你好";
    await page.waitForFunction(() => document.querySelector("[role=log]") !== null);
    await page.getByText("Joining the chat…").waitFor({ state: "detached" });
    await input.fill(text);
    const tookMs = await page.evaluate(async (words) => {
      const log = document.querySelector("[role=log]");
      const seen = new Promise((done, fail) => {
        setTimeout(() => fail(new Error("the words never came")), 5_000);
        const observer = new MutationObserver(() => log.textContent.includes(words) && done(performance.now()));
        observer.observe(log, { childList: true, subtree: true });
      });
      const began = performance.now();
      document.querySelector("[enterkeyhint=send]").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
      return (await seen) - began;
    }, text);
    t.diagnostic(`own words after ${Math.round(tookMs)} ms`);
    assert.ok(tookMs <= OWN_ECHO_MAX_MS, `own words took ${Math.round(tookMs)} ms`);
    assert.equal(await page.locator(".danmaku span").first().textContent(), text, "text stays text over the picture too");
    assert.equal(await input.inputValue(), "", "there is room for the next words");
  });

  test("composes with an input method without sending half a word", async () => {
    const { page } = view;
    const input = page.getByLabel("Say something");
    await input.focus();
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("Input.imeSetComposition", { text: "ni hao", selectionStart: 6, selectionEnd: 6 });
    await page.keyboard.press("Enter");
    await page.waitForTimeout(300);
    await cdp.send("Input.insertText", { text: "你好嗎" });
    await page.waitForTimeout(100);
    const log = await page.getByRole("log").textContent();
    assert.ok(!log.includes("ni hao"), "nothing was sent while composing");
  });

  test("is told that coins are missing, redeems a code, and gives; balance and ledger agree", async () => {
    const { page } = view;
    await page.getByRole("button", { name: /火箭/ }).click();
    await page.getByText("You do not have enough coins.").waitFor();
    const { codes } = await world.call("POST", "/api/v1/admin/coin-codes", { token: town.people.boss.token, body: { coin: 100, count: 1 } });
    await page.getByRole("link", { name: "Top up" }).click();
    await page.getByLabel("Code").fill(codes[0]);
    await page.getByRole("button", { name: "Redeem" }).click();
    await page.getByText("100 coins added.").waitFor();
    await page.goto(`${world.http}/live/${town.rooms.live.id}`);
    await page.getByRole("button", { name: /啤酒/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("How many").selectOption("5");
    await page.waitForTimeout(500);
    await dialog.getByRole("button", { name: "Send", exact: true }).click();
    await dialog.getByText("Balance: 50 coins").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("log").getByText("sent 啤酒 ×5").waitFor();
    await page.goto(`${world.http}/me/wallet`);
    await page.getByText("−50").waitFor();
    const { stdout, stderr } = await world.weir.command("ledger", "verify");
    assert.match(stdout, /the ledger agrees/, stderr);
  });

  test("finds the room in the history, once", async () => {
    const { page } = view;
    await page.goto(`${world.http}/me/history`);
    await page.getByRole("link", { name: town.rooms.live.title }).waitFor();
    assert.equal(await page.getByRole("link", { name: town.rooms.live.title }).count(), 1);
    assert.deepEqual(view.errors, []);
  });
});

test("a private room opens with its password and stays shut with another", async () => {
  const { page, close } = await world.open(`/live/${town.rooms.secret.name}`, { as: town.people.guest });
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Enter" }).click();
  await page.getByText("This password is wrong.").waitFor();
  await page.getByLabel("Password").fill("open sesame");
  await page.getByRole("button", { name: "Enter" }).click();
  await page.locator("live-player").waitFor();
  await close();
});

test("the page recovers by itself when chat and stream come back", async () => {
  const { page, close } = await world.open(`/live/${town.rooms.live.id}`, { as: town.people.guest });
  await waitForPlayback(page);
  await page.context().setOffline(true);
  await page.waitForTimeout(6_000);
  const talker = await visitor(world, town.people.host, town.rooms.live);
  await talker.say("said while you were away");
  await page.context().setOffline(false);
  await until("the gap in the chat is filled", async () => (await page.getByRole("log").textContent()).includes("said while you were away"), 20_000);
  talker.close();
  await close();
});
