// Videos: from a file on the device to somebody who watches, comes back and talks about it.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { waitForPlayback } from "../browser.mjs";
import { run, until } from "../lib/processes.mjs";
import { said, seriousProblems, startWorld } from "./world.mjs";

let world;
let mei;
let tom;
let film;
let id;

before(async () => {
  world = await startWorld();
  mei = await world.person("mei", "小美");
  tom = await world.person("tom", "阿湯");
  film = join(world.weir.dir, "holiday.mp4");
  await run("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=40", "-f", "lavfi", "-i", "sine=frequency=440:duration=40"],
    // Large enough to be under way for some pieces.
    ...["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-b:v", "6M", "-minrate", "6M", "-maxrate", "6M", "-bufsize", "6M", "-nal-hrd", "cbr", "-g", "50"],
    ...["-c:a", "aac", film],
  ]);
});

after(() => world?.stop());

const api = (method, path, options) => world.call(method, path, options);

test("a file is chosen, goes up in pieces with real progress, goes on after a lost connection, and its title is saved meanwhile", { timeout: 120_000 }, async () => {
  const { page, close } = await world.open("/studio/upload", { as: mei });
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const line = (kind) => session.send("Network.emulateNetworkConditions", { offline: kind === "off", latency: 0, downloadThroughput: -1, uploadThroughput: kind === "slow" ? 2_500_000 : -1 });
  await line("slow");
  await page.locator("input[type=file][multiple]").setInputFiles(film);
  const bar = page.getByRole("progressbar", { name: "Upload of holiday.mp4" });
  await until("bytes are on their way", async () => Number(await bar.getAttribute("value")) > 0.1, 30_000);
  const title = page.getByRole("textbox", { name: "Title: holiday.mp4" });
  await title.fill("A day at the sea");
  await title.blur();
  await page.getByText("Saved").first().waitFor();
  await page.context().setOffline(true);
  await page.getByText(said("upload.state.offline")).waitFor();
  const before = Number(await bar.getAttribute("value"));
  await page.context().setOffline(false);
  await line("fast");
  await until("it goes on from where it was", async () => Number(await bar.getAttribute("value")) > before, 30_000);
  await page.getByText("Uploaded", { exact: false }).last().waitFor({ timeout: 60_000 });
  const href = await page.getByRole("link", { name: "Edit" }).getAttribute("href");
  id = href.split("/").at(-1);
  await close();
  const video = await until("it can be played", async () => {
    const found = await api("GET", `/api/v1/videos/${id}`, { token: mei.token });
    return found.state === "ready" && found;
  }, 60_000);
  assert.equal(video.title, "A day at the sea");
});

test("an upload that a reload broke off goes on when the file is chosen again", { timeout: 120_000 }, async () => {
  const { page, close } = await world.open("/studio/upload", { as: mei });
  const second = join(world.weir.dir, "again.mp4");
  await run("cp", [film, second]);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 3_000_000 });
  await page.locator("input[type=file][multiple]").setInputFiles(second);
  const bar = page.getByRole("progressbar", { name: "Upload of again.mp4" });
  await until("a piece is there", async () => Number(await bar.getAttribute("value")) > 0.4, 60_000);
  page.on("dialog", (dialog) => void dialog.accept());
  await page.reload();
  await page.getByText(said("upload.unfinishedText")).waitFor();
  const offsets = [];
  page.on("request", (request) => request.method() === "PATCH" && offsets.push(Number(request.headers()["upload-offset"])));
  await page.locator("input[type=file][multiple]").setInputFiles(second);
  await page.getByText("Uploaded", { exact: false }).last().waitFor({ timeout: 60_000 });
  assert.ok(offsets[0] > 0, `it began at ${offsets[0]}`);
  await close();
});

test("what is no video is said before a byte is sent", async () => {
  const { page, close } = await world.open("/studio/upload", { as: mei });
  const text = join(world.weir.dir, "notes.txt");
  await writeFile(text, "no video");
  await page.locator("input[type=file][multiple]").setInputFiles(text);
  await page.getByText("“notes.txt” does not look like a video.").waitFor();
  await close();
});

test("the editor saves title, chapters, captions and privacy", async () => {
  const { page, close } = await world.open(`/studio/videos/${id}`, { as: mei });
  await page.getByLabel("Description").fill("0:20 the best part");
  await page.getByLabel("Chapters").fill("0:00 Start\n0:20 The sea");
  await page.getByLabel("Who may watch").selectOption("public");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved").first().waitFor();
  const captions = join(world.weir.dir, "en.vtt");
  await writeFile(captions, "WEBVTT\n\n00:00:00.000 --> 00:00:30.000\nHello from the captions\n");
  await page.getByLabel("Language", { exact: true }).selectOption("en");
  await page.locator("input[type=file][accept*=vtt]").setInputFiles(captions);
  await page.getByText("Captions saved.").waitFor();
  const video = await api("GET", `/api/v1/videos/${id}`);
  assert.deepEqual(video.chapters.map(({ title }) => title), ["Start", "The sea"]);
  assert.equal(video.captions[0].language, "en");
  await close();
});

test("a viewer finds it, watches with one click, jumps to a chapter, changes speed and captions by keyboard", { timeout: 60_000 }, async (t) => {
  const { page, close } = await world.open("/", { as: tom });
  await page.getByRole("link", { name: /A day at the sea/ }).first().click();
  t.diagnostic(`first picture after ${await waitForPlayback(page)} ms`);
  await page.locator("video-player[data-controls]").waitFor();
  await page.getByRole("button", { name: /The sea/ }).click();
  await until("it is at the chapter", async () => (await page.evaluate(() => document.querySelector("video").currentTime)) >= 20);
  await page.keyboard.press("ArrowLeft");
  await until("it went back", async () => (await page.evaluate(() => document.querySelector("video").currentTime)) < 20);
  await page.keyboard.press(">");
  assert.equal(await page.evaluate(() => document.querySelector("video").playbackRate), 1.25);
  await page.keyboard.press("c");
  await until("captions are shown", () => page.evaluate(() => [...document.querySelector("video").textTracks].some(({ mode, kind }) => mode === "showing" && kind !== "metadata")));
  assert.deepEqual(await seriousProblems(page), []);
  await close();
});

test("who comes back goes on where they stopped, and finds it among what was begun", { timeout: 60_000 }, async () => {
  const first = await world.open(`/v/${id}?t=12`, { as: tom });
  await waitForPlayback(first.page);
  await until("some is played", async () => (await first.page.evaluate(() => document.querySelector("video").currentTime)) > 13);
  await first.page.keyboard.press("k");
  await first.page.waitForTimeout(500);
  await first.close();
  const { page, close } = await world.open("/", { as: tom });
  await page.getByRole("heading", { name: "Continue watching" }).waitFor();
  await page.goto(`${world.http}/v/${id}`);
  await page.getByText(/(?:Resumed at|從) 0:1\d/).waitFor();
  await waitForPlayback(page);
  assert.ok((await page.evaluate(() => document.querySelector("video").currentTime)) >= 12);
  await page.goto(`${world.http}/me/history`);
  await page.getByRole("link", { name: "A day at the sea" }).waitFor();
  await close();
});

test("what is chosen in the settings holds in the player", async () => {
  const { page, close } = await world.open("/settings/playback", { as: tom });
  await page.getByLabel("Speed").first().selectOption("1.5");
  await page.getByLabel("Captions").selectOption("en");
  await page.getByText("Saved").first().waitFor();
  await page.goto(`${world.http}/v/${id}`);
  await waitForPlayback(page);
  assert.equal(await page.evaluate(() => document.querySelector("video").playbackRate), 1.5);
  await until("captions are shown", () => page.evaluate(() => [...document.querySelector("video").textTracks].some(({ mode, kind }) => mode === "showing" && kind === "subtitles")));
  await close();
});

test("people comment, reply, like and take back what they said", async () => {
  const { page, close } = await world.open(`/v/${id}`, { as: tom });
  await page.getByRole("textbox", { name: "Write a comment" }).fill("See 0:20 <b>now</b> @mei");
  await page.getByRole("button", { name: "Comment" }).click();
  const mine = page.locator("article", { hasText: "See 0:20 <b>now</b>" });
  await mine.waitFor();
  await page.getByRole("button", { name: "Like" }).click();
  await page.getByRole("button", { name: "Liked 1" }).waitFor();
  const owner = await world.open(`/v/${id}`, { as: mei });
  const theirs = owner.page.locator("article", { hasText: "See 0:20" });
  await theirs.getByRole("button", { name: "Reply" }).click();
  await owner.page.getByRole("textbox", { name: "Reply to 阿湯" }).fill("thank you");
  await owner.page.locator("form").getByRole("button", { name: "Reply" }).click();
  // What is being written is text of the page too: only when the field is gone was it sent.
  await owner.page.getByRole("textbox", { name: "Reply to 阿湯" }).waitFor({ state: "detached" });
  await owner.page.locator("article", { hasText: "thank you" }).last().waitFor();
  await owner.close();
  await page.reload();
  await page.getByRole("button", { name: "1 reply" }).click();
  await page.locator("article", { hasText: "thank you" }).last().waitFor();
  await page.locator("article", { hasText: "See 0:20" }).getByRole("button", { name: "Delete" }).first().click();
  await page.getByText("This comment was taken away.").waitFor();
  await close();
});

test("a video with a password opens with it, and what is private is not there for others", async () => {
  await api("PATCH", `/api/v1/videos/${id}`, { token: mei.token, body: { privacy: "password", password: "open sesame" } });
  const { page, close } = await world.open(`/v/${id}`);
  await page.getByLabel("Password").fill("wrong one");
  await page.getByRole("button", { name: "Watch" }).click();
  await page.getByText("This password is wrong.").waitFor();
  await page.getByLabel("Password").fill("open sesame");
  await page.getByRole("button", { name: "Watch" }).click();
  await waitForPlayback(page);
  const pictures = await page.evaluate(async () => {
    const player = document.querySelector("video-player");
    const storyboard = player.querySelector("track[kind=metadata]").src;
    const first = (await (await fetch(storyboard)).text()).split("\n").find((line) => line.includes(".jpg"));
    return Promise.all([player.video.poster, new URL(first, storyboard)].map(async (url) => (await fetch(url)).status));
  });
  assert.deepEqual(pictures, [200, 200], "its cover and the pictures over the seek bar come with the permission to watch");
  await api("PATCH", `/api/v1/videos/${id}`, { token: mei.token, body: { privacy: "private" } });
  await page.reload();
  await page.getByRole("heading", { name: "There is no such video" }).waitFor();
  await close();
  await api("PATCH", `/api/v1/videos/${id}`, { token: mei.token, body: { privacy: "public" } });
});

test("a link to it says what it is on other sites, and nothing when it is not for everybody", async () => {
  const head = async () => (await (await fetch(`${world.weir.http}/v/${id}`)).text()).split("</head>")[0];
  const oembed = () => fetch(`${world.weir.http}/oembed?url=${encodeURIComponent(`${world.weir.http}/v/${id}`)}`);
  assert.match(await head(), /<meta property="og:title" content="A day at the sea" \/>/);
  const told = await (await oembed()).json();
  assert.deepEqual([told.title, told.author_name, told.width, told.height], ["A day at the sea", "小美", 640, 360]);
  assert.equal((await fetch(told.thumbnail_url)).headers.get("content-type"), "image/jpeg");
  await api("PATCH", `/api/v1/videos/${id}`, { token: mei.token, body: { privacy: "private" } });
  assert.doesNotMatch(await head(), /A day at the sea/);
  assert.equal((await oembed()).status, 404);
  await api("PATCH", `/api/v1/videos/${id}`, { token: mei.token, body: { privacy: "public" } });
});

test("the player alone is for other people's pages", async () => {
  const { page, close } = await world.open(`/embed/v/${id}`);
  await waitForPlayback(page);
  await close();
});
