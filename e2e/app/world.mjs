// A server of its own with people, rooms and a picture to watch, and windows of Chromium to look at it with.
//
// WEIR_WINDOW=zh-TW-phone opens windows as a phone in Taiwan has them where a test does not say otherwise.
// WEIR_PREVIEW=1 shows web/dist through Vite's preview in front of the server instead of the pages built into the
// binary: for working on the pages without compiling.

import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { launchBrowser } from "../browser.mjs";
import { start, until } from "../lib/processes.mjs";
import { startWeir, untilLive } from "../lib/weir.mjs";
import { said as saidIn, speak } from "./words.mjs";

export const PASSWORD = "correct horse";
/** The windows of viewers, hosts and admins. */
const WINDOWS = {
  "en-desktop": { locale: "en-US", viewport: { width: 1280, height: 720 } },
  "zh-TW-phone": { locale: "zh-TW", viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true },
};
const WINDOW = process.env.WEIR_WINDOW ?? "en-desktop";
if (!(WINDOW in WINDOWS)) throw new Error(`WEIR_WINDOW is ${WINDOW}, expected ${Object.keys(WINDOWS).join(" or ")}`);
/** Whether windows are as small as a phone. */
export const isPhone = WINDOW === "zh-TW-phone";
let isTaught = false;
/** Longer than anything on a page may take. */
const WAIT_MAX_MS = 10_000;
const WEB = fileURLToPath(new URL("../../web", import.meta.url));

/** `picture` is what encoders send, as a source of ffmpeg. */
export async function startWorld({ settings = {}, picture } = {}) {
  const weir = await startWeir({
    settings: { "accounts.sign_ins_per_minute": 1000, "accounts.sign_ins_burst": 1000, ...settings },
  });
  const pages = process.env.WEIR_PREVIEW === "1" ? await preview(weir.http) : { http: weir.http, stop: async () => {} };
  const browser = await launchBrowser();
  const encoders = [];

  async function call(method, path, { token, body } = {}) {
    const response = await fetch(weir.http + path, {
      method,
      headers: { ...(token ? { token } : {}), ...(body ? { "content-type": "application/json" } : {}) },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  return {
    weir,
    /** Where the pages are. */
    http: pages.http,
    call,
    /** An account: `{ id, username, token, … }`. */
    async person(username, nickname = "") {
      const { token, user } = await call("POST", "/api/v1/accounts", { body: { username, nickname, password: PASSWORD } });
      return { token, ...user };
    },
    async makeAdmin(username) {
      await weir.command("admin", username);
    },
    room: (host, room) => call("POST", "/api/v1/rooms", { token: host.token, body: room }),
    /** Publishes a test picture into a room with the host's new stream key, as OBS would. */
    async goLive(host, room, { gop = 30 } = {}) {
      const { key } = await call("POST", "/api/v1/me/stream-key", { token: host.token });
      const encoder = encode(`${weir.rtmp}/live/${key}`, gop, picture);
      encoders.push(encoder);
      await untilLive(weir, `live/${room.name}`, 2);
      return encoder;
    },
    encode: (url, gop) => {
      const encoder = encode(url, gop, picture);
      encoders.push(encoder);
      return encoder;
    },
    /** A window; signed in when `as` is a person. Its errors fail the test that closes it. */
    async open(path, { as, ...options } = {}) {
      const context = await browser.newContext({ ...WINDOWS[WINDOW], ...options });
      context.setDefaultTimeout(WAIT_MAX_MS);
      if (as !== undefined) {
        await context.addCookies([{ name: "weir_session", value: as.token, url: pages.http, httpOnly: true, sameSite: "Lax" }]);
      }
      const page = await context.newPage();
      if (isPhone && !isTaught) {
        speak(page, "zh-TW");
        isTaught = true;
      }
      const errors = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      page.on("console", (message) => {
        // The browser itself reports what the network refused; the page deals with that.
        const isNetwork = /^(Failed to load resource|WebSocket connection to)/.test(message.text());
        if (message.type() === "error" && !isNetwork) errors.push(message.text());
      });
      await page.goto(pages.http + path, { waitUntil: "commit" });
      return {
        page,
        errors,
        async close() {
          await context.close();
          if (errors.length > 0) throw new Error(`the page threw: ${errors.join("; ")}`);
        },
      };
    },
    async stop() {
      await browser.close();
      await Promise.all(encoders.map((encoder) => encoder.stop("SIGKILL")));
      await pages.stop();
      await weir.stop();
    },
  };
}

function encode(url, gop = 30, picture = "testsrc2=size=640x360:rate=30") {
  return start("ffmpeg", [
    ...["-v", "error", "-nostdin", "-re"],
    ...["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", String(gop)],
    ...["-c:a", "aac", "-ac", "2", "-f", "flv", url],
  ]);
}

async function preview(server) {
  const port = await freePort();
  const vite = start("node", ["node_modules/vite/bin/vite.js", "preview", "--host", "127.0.0.1", "--port", String(port), "--strictPort"], {
    cwd: WEB,
    env: { ...process.env, WEIR_HTTP: server },
  });
  const http = `http://127.0.0.1:${port}`;
  await until("the preview answers", async () => (await fetch(http).catch(() => undefined))?.ok);
  return { http, stop: () => vite.stop("SIGKILL") };
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** The app's text of this name with anything in its places, in the language of windows. */
export const said = (key) => saidIn(key, isPhone ? "zh-TW" : "en");

/** On a phone, opens what a room has behind a button for what one does seldom. */
export async function openMore(page) {
  if (isPhone) await page.getByRole("button", { name: "More", exact: true }).click();
}

/** Until what the page asks for is there. */
export async function settled(page) {
  await page.waitForLoadState("load");
  await page.waitForTimeout(1_200);
  await page.waitForFunction(() => document.querySelector("[class*=skeleton]") === null, undefined, { timeout: WAIT_MAX_MS }).catch(() => {});
}

const AXE = await readFile(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/** What the accessibility checker finds serious on a page. */
export async function seriousProblems(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target.join(" ")} (${node.any[0]?.message ?? node.all[0]?.message ?? ""})`).join(", ")}`);
}
