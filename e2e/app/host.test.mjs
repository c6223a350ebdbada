// A host's journey: from nothing to live with an encoder, in few steps, and through the show to its end.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { waitForPlayback } from "../browser.mjs";
import { PASSWORD, startWorld } from "./world.mjs";

const SIGNAL_SEEN_MAX_MS = 6_000;

let world;
let view;
let roomAddress;
let encoder;

before(async () => {
  world = await startWorld();
  view = await world.open("/register");
});

after(async () => {
  await view?.page.context().close();
  await world?.stop();
});

test("a new host opens a room with a few clicks and two typed fields", async () => {
  const { page } = view;
  await page.getByLabel("User name").fill("painter");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.getByRole("button", { name: "Account of painter" }).waitFor();
  await page.getByRole("link", { name: "Go live" }).first().click();
  await page.getByRole("button", { name: "Open room" }).click();
  await page.getByRole("heading", { name: "Go live with OBS" }).waitFor();
});

test("the key is shown once, behind dots until it is asked for", async () => {
  const { page } = view;
  await page.getByRole("button", { name: "Make stream key" }).click();
  const key = page.locator("code", { hasText: "•" });
  await key.waitFor();
  assert.ok(!(await page.content()).includes("sk_"), "the key is not on the page");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  const text = await page.locator("code", { hasText: "sk_" }).textContent();
  const server = await page.locator("code", { hasText: "rtmp://" }).textContent();
  encoder = world.encode(`${server}/${text}`, 300);
});

test("the signal is seen, the room goes live by itself, and a keyframe interval of 10 s is named in words", async (t) => {
  const { page } = view;
  const began = Date.now();
  // The player has such figures too, in a panel that is closed.
  await page.locator("dt:visible", { hasText: "Bitrate" }).first().waitFor();
  t.diagnostic(`figures ${Date.now() - began} ms after the encoder was started`);
  assert.ok(Date.now() - began < SIGNAL_SEEN_MAX_MS, `${Date.now() - began} ms`);
  await page.locator("[class*=show] .badge", { hasText: "LIVE" }).waitFor();
  await waitForPlayback(page);
  await page.getByText("Keyframes are 10 s apart. Set the interval to 2 s in OBS → Settings → Output.").waitFor({ timeout: 30_000 });
  const href = await page.getByRole("link", { name: "See it as a viewer" }).getAttribute("href");
  roomAddress = href;
});

test("a viewer sees the show; pausing and going on reach the viewer", async () => {
  const { page } = view;
  const viewer = await world.open(roomAddress);
  await waitForPlayback(viewer.page);
  await page.getByRole("button", { name: "Pause broadcast" }).click();
  await viewer.page.getByText("The host is away for a moment.").waitFor({ timeout: 25_000 });
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("button", { name: "Pause broadcast" }).waitFor();
  await viewer.close();
});

test("ending asks first, then tells the viewer where to go next", async () => {
  const { page } = view;
  const viewer = await world.open(roomAddress);
  await page.getByRole("button", { name: "End broadcast" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "End broadcast" }).click();
  await dialog.getByRole("button", { name: "End broadcast" }).click();
  await page.getByRole("heading", { name: "Open the next room" }).waitFor();
  await viewer.page.getByText("The broadcast has ended", { exact: true }).waitFor({ timeout: 25_000 });
  await viewer.page.getByRole("link", { name: "See who is live" }).waitFor();
  await encoder.stop("SIGKILL");
  await viewer.close();
  assert.deepEqual(view.errors, []);
});
