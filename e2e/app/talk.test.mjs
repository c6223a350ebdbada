// Talking in a room: people named while writing, emoji, and a phone whose keyboard takes half of the screen.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { settle, visitor } from "./town.mjs";
import { startWorld } from "./world.mjs";

let world;
let town;

before(async () => {
  world = await startWorld();
  town = await settle(world);
});

after(() => world?.stop());

const open = (options) => world.open(`/live/${town.rooms.live.id}`, { as: town.people.guest, ...options });

test("a name is completed from who is here, and marked for the one who is meant", async () => {
  const host = await world.open(`/live/${town.rooms.live.id}`, { as: town.people.host });
  await host.page.getByRole("combobox", { name: "Say something" }).waitFor();
  const { page, close } = await open();
  await page.getByRole("tab", { name: "Viewers 2" }).waitFor();
  const input = page.getByRole("combobox", { name: "Say something" });
  await input.pressSequentially("hello @me");
  await page.getByRole("option", { name: "@mei" }).waitFor();
  await page.keyboard.press("Enter");
  assert.equal(await input.inputValue(), "hello @mei ");
  await page.keyboard.press("Enter");
  await page.getByRole("log").locator("b", { hasText: "@mei" }).waitFor();
  const mine = host.page.getByRole("log").locator("b[class*=mentionMine]", { hasText: "@mei" });
  await mine.waitFor();
  await close();
  await host.close();
});

test("an emoji is picked by keyboard and lands where the caret is", async () => {
  const { page, close } = await open();
  const input = page.getByRole("combobox", { name: "Say something" });
  await input.fill("ab");
  await input.press("ArrowLeft");
  await page.getByRole("button", { name: "Emoji" }).click();
  await page.getByRole("group", { name: "Faces" }).getByRole("button").first().focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  assert.equal(await input.inputValue(), "a😂b");
  await close();
});

test("with the keyboard of a phone open, picture, last message and what is written are all seen", async () => {
  const { page, close } = await open({ viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });
  const talker = await visitor(world, town.people.host, town.rooms.live);
  await page.getByRole("combobox", { name: "Say something" }).focus();
  await page.setViewportSize({ width: 360, height: 340 });
  await talker.say("can you still read this?");
  const seen = async (locator) => {
    await locator.waitFor();
    const box = await locator.boundingBox();
    return box !== null && box.y >= 0 && box.y + box.height <= 341 && box.height > 0;
  };
  await page.getByRole("log").getByText("can you still read this?").waitFor();
  await page.waitForTimeout(300);
  assert.ok(await seen(page.locator("live-player")), "the picture");
  assert.ok(await seen(page.getByRole("log").getByText("can you still read this?")), "the message");
  assert.ok(await seen(page.getByRole("combobox", { name: "Say something" })), "the input");
  assert.ok((await page.locator("live-player").boundingBox()).height > 90, "a picture worth looking at");
  await page.screenshot({ path: new URL("../out/shots/room-keyboard.png", import.meta.url).pathname });
  talker.close();
  await close();
});

test("a picture is chosen from the device, sent, and shown as the avatar", async () => {
  const { page, close } = await world.open("/settings/profile", { as: town.people.guest });
  const painted = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 200, height: 200 });
    const context = canvas.getContext("2d");
    context.fillStyle = "teal";
    context.fillRect(40, 40, 120, 120);
    return canvas.toDataURL("image/png");
  });
  const png = Buffer.from(painted.split(",")[1], "base64");
  await page.locator("input[type=file]").setInputFiles({ name: "me.png", mimeType: "image/png", buffer: png });
  await page.locator("input[name=avatar][value^='/media/images/']").waitFor({ state: "attached" });
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved").waitFor();
  await page.locator("input[type=file]").setInputFiles({ name: "no.png", mimeType: "image/png", buffer: Buffer.from("not a picture") });
  await page.getByText("This is no picture we can use.").waitFor();
  await close();
});

test("an API token is made for what was chosen, shown once, works, and is taken back", async () => {
  const { page, close } = await world.open("/settings/tokens", { as: town.people.guest });
  await page.getByLabel("What it is for").fill("my bot");
  await page.getByRole("button", { name: "New token" }).click();
  const token = await page.locator("[role=status] code").textContent();
  const ask = () => fetch(`${world.weir.http}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await ask()).status, 200);
  await page.getByRole("button", { name: "Take back: my bot" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Take back" }).click();
  await page.getByText("No tokens yet").waitFor();
  assert.equal((await ask()).status, 401);
  await close();
});

test("who is blocked in the chat is not read any more, until taken off the list", async () => {
  const troll = await visitor(world, town.people.secret, town.rooms.live);
  const { page, close } = await open();
  const log = page.getByRole("log");
  await troll.say("buy my coins");
  await log.getByText("buy my coins").waitFor();
  await log.getByText("buy my coins").hover();
  await page.getByRole("button", { name: "凱" }).last().click();
  await page.getByRole("dialog").getByRole("button", { name: "Block" }).click();
  await log.getByText("buy my coins").waitFor({ state: "detached" });
  await troll.say("cheap coins here");
  const host = await visitor(world, town.people.host, town.rooms.live);
  await host.say("that was quick");
  await log.getByText("that was quick").waitFor();
  assert.equal(await log.getByText("cheap coins here").count(), 0);
  await page.goto(`${world.http}/settings/blocked`);
  await page.getByRole("button", { name: "Unblock" }).click();
  await page.getByText("You block nobody").waitFor();
  await page.goto(`${world.http}/live/${town.rooms.live.id}`);
  await log.getByText("cheap coins here").waitFor();
  troll.close();
  host.close();
  await close();
});

test("the bell of a host and the kinds of news are kept as they were chosen", async () => {
  const { page, close } = await world.open(`/@${town.people.host.username}`, { as: town.people.guest });
  const bell = page.getByRole("button", { name: "Tell me when they go live" });
  assert.equal(await bell.getAttribute("aria-pressed"), "true");
  await bell.click();
  await page.getByRole("button", { name: "Tell me when they go live", pressed: false }).waitFor();
  await page.goto(`${world.http}/settings/notifications`);
  const kind = page.getByLabel("someone I follow publishes a video");
  await kind.uncheck();
  await page.getByText("Saved").waitFor();
  await page.reload();
  assert.equal(await kind.isChecked(), false);
  assert.equal(await page.getByLabel("someone I follow goes live").isChecked(), true);
  await page.goto(`${world.http}/@${town.people.host.username}`);
  await page.getByRole("button", { name: "Tell me when they go live", pressed: false }).click();
  await page.getByRole("button", { name: "Tell me when they go live", pressed: true }).waitFor();
  await close();
});
