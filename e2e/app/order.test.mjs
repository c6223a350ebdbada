// Those who keep order: moderators in a room, admins on the site.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../lib/processes.mjs";
import { settle, visitor } from "./town.mjs";
import { openMore, startWorld } from "./world.mjs";

const GONE_MAX_MS = 500;

let world;
let town;

before(async () => {
  world = await startWorld();
  town = await settle(world);
});

after(() => world?.stop());

describe("a moderator", () => {
  test("deletes a message with two clicks, and it is gone at everybody's", async (t) => {
    const talker = await visitor(world, town.people.guest, town.rooms.live);
    const host = await world.open(`/live/${town.rooms.live.id}`, { as: town.people.host });
    const other = await world.open(`/live/${town.rooms.live.id}`, { as: town.people.secret });
    await other.page.getByLabel("Say something").waitFor();
    await host.page.getByLabel("Say something").waitFor();
    await talker.say("something rude");
    const message = host.page.getByRole("log").getByText("something rude");
    await message.waitFor();
    await other.page.getByRole("log").getByText("something rude").waitFor();
    await message.hover();
    await host.page.getByRole("button", { name: `What to do about ${town.people.guest.name}’s message` }).click();
    await host.page.getByRole("button", { name: "Delete message" }).click();
    const began = Date.now();
    await other.page.getByRole("log").getByText("something rude").waitFor({ state: "detached" });
    t.diagnostic(`gone after ${Date.now() - began} ms`);
    assert.ok(Date.now() - began <= GONE_MAX_MS);
    talker.close();
    await host.close();
    await other.close();
  });

  test("bans somebody, who is told so and stays out in a new window; the log undoes it", async () => {
    const { guest, host } = town.people;
    const rude = await world.open(`/live/${town.rooms.live.id}`, { as: guest });
    await rude.page.getByLabel("Say something").waitFor();
    await rude.page.getByText("Joining the chat…").waitFor({ state: "detached" });
    await rude.page.getByLabel("Say something").fill("ban me");
    await rude.page.keyboard.press("Enter");
    const view = await world.open(`/live/${town.rooms.live.id}`, { as: host });
    const message = view.page.getByRole("log").getByText("ban me");
    await message.hover();
    await view.page.getByRole("button", { name: `What to do about ${guest.name}’s message` }).last().click();
    await view.page.getByRole("button", { name: "Ban for good" }).click();
    await rude.page.getByText("You are banned from this room.").waitFor();
    const again = await world.open(`/live/${town.rooms.live.id}`, { as: guest });
    await again.page.getByText("You are banned from this room.").waitFor();
    await view.page.goto(`${world.http}/studio/moderation`);
    await view.page.getByRole("button", { name: "Undo" }).first().click();
    await until("the ban is lifted", async () => {
      const visit = await visitor(world, guest, town.rooms.live);
      visit.close();
      return visit.joined.ok;
    });
    for (const each of [rude, again, view]) await each.close();
  });

  test("sets rules: slow mode and blocked words hold for everybody else", async () => {
    const view = await world.open("/studio/moderation", { as: town.people.host });
    await view.page.getByLabel("Blocked words").fill("spoiler");
    await view.page.getByLabel("No links in chat").check();
    await view.page.getByRole("button", { name: "Save" }).click();
    await view.page.getByText("Saved.").waitFor();
    const viewer = await world.open(`/live/${town.rooms.live.id}`, { as: town.people.secret, locale: "zh-CN" });
    await viewer.page.getByLabel("说点什么").waitFor();
    await viewer.page.getByText("正在加入聊天室…").waitFor({ state: "detached" });
    await viewer.page.getByLabel("说点什么").fill("a spoiler here");
    await viewer.page.keyboard.press("Enter");
    await viewer.page.getByText("消息里有这个直播间不允许的词。").waitFor();
    await view.close();
    await viewer.close();
  });
});

describe("an admin", () => {
  test("adds a gift, makes codes, gives coins and closes an account, which is in the log", async () => {
    const { page, close } = await world.open("/admin/gifts", { as: town.people.boss });
    await page.getByRole("button", { name: "Add gift" }).click();
    await page.getByLabel("Name").fill("Rose");
    await page.getByLabel("Price in coins").fill("3");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Rose").waitFor();
    await page.getByRole("link", { name: "Coin codes" }).click();
    await page.getByRole("button", { name: "Make codes" }).click();
    await page.getByText("These codes are shown this once.").waitFor();
    await page.getByRole("link", { name: "Users" }).click();
    await page.getByRole("button", { name: "Manage: Old Host" }).click();
    await page.getByLabel("Coins").fill("7");
    await page.getByLabel("Reason").fill("thanks");
    await page.getByRole("button", { name: "Give coins" }).click();
    await page.getByText("7 coins given to Old Host.").waitFor();
    await page.getByRole("button", { name: "Manage: Old Host" }).click();
    await page.getByRole("button", { name: "Close account" }).click();
    await page.getByText("· closed").waitFor();
    await page.getByRole("link", { name: "Audit log" }).click();
    const rows = page.getByRole("table").getByRole("row");
    await rows.nth(1).waitFor();
    await close();
  });

  test("resolves what a viewer reported", async () => {
    const viewer = await world.open(`/live/${town.rooms.live.id}`, { as: town.people.secret });
    await openMore(viewer.page);
    await viewer.page.getByRole("button", { name: "Report" }).click();
    await viewer.page.getByLabel("What is wrong?").fill("not a cat");
    await viewer.page.getByRole("button", { name: "Send report" }).click();
    await viewer.page.getByText("Thank you. The admins will look at it.").waitFor();
    const { page, close } = await world.open("/admin/reports", { as: town.people.boss });
    await page.getByText("not a cat").waitFor();
    await page.getByRole("button", { name: "Resolved" }).click();
    await page.getByText("No reports here").waitFor();
    await viewer.close();
    await close();
  });

  test("ends a stream within two seconds", async (t) => {
    const { page, close } = await world.open("/admin/streams", { as: town.people.boss });
    await page.getByRole("button", { name: `End stream: live/${town.rooms.live.name}` }).click();
    await page.getByLabel("Reason").fill("test");
    await page.getByRole("dialog").getByRole("button", { name: "End stream" }).click();
    const began = Date.now();
    await until("the stream is gone", async () => {
      const { streams } = await world.call("GET", "/api/v1/streams");
      return !streams.some(({ stream, is_live: isLive }) => stream === `live/${town.rooms.live.name}` && isLive);
    });
    t.diagnostic(`gone after ${Date.now() - began} ms`);
    assert.ok(Date.now() - began <= 2_000);
    await close();
  });
});
