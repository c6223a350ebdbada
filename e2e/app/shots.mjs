// Pictures of every page and state, into e2e/out/shots: node e2e/app/shots.mjs [WORD…] makes those whose name has a word.

import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { settle, visitor } from "./town.mjs";
import { startWorld } from "./world.mjs";

const OUT = fileURLToPath(new URL("../out/shots/", import.meta.url));
const wanted = process.argv.slice(2);
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 640 };

await mkdir(OUT, { recursive: true });
const world = await startWorld();
try {
  const { people, rooms } = await settle(world);
  const { host, guest, boss } = people;
  const talker = await visitor(world, guest, rooms.live);
  for (const text of ["晚上好！", "今天畫什麼？", "貓！貓！貓！", "The colours are lovely", "這支筆是哪一牌的？"]) await talker.say(text);
  await talker.give(2, 5);
  const own = await visitor(world, host, rooms.live);
  await own.say("大家好，今天畫三花貓 🐱");

  const live = `/live/${rooms.live.id}`;
  const pages = [
    ["home-guest", "/", {}],
    ["home", "/", { as: guest }],
    ["browse", "/browse", {}],
    ["search-none", "/search?q=zzzz", {}],
    ["login", "/login", {}],
    ["register", "/register", {}],
    ["room", live, { as: guest }],
    ["room-guest", live, {}],
    ["room-host", live, { as: host }],
    ["room-planned", `/live/${rooms.planned.id}`, { as: guest }],
    ["room-private", `/live/${rooms.secret.name}`, { as: guest }],
    ["room-ended", `/live/${rooms.ended.id}`, {}],
    ["room-missing", "/live/99999", {}],
    ["embed", `/embed/live/${rooms.live.id}`, {}],
    ["channel", `/@${host.username}`, { as: guest }],
    ["not-found", "/browse/nowhere", {}],
    ["following", "/me/following", { as: guest }],
    ["history", "/me/history", { as: guest }],
    ["comments", "/me/comments", { as: guest }],
    ["wallet", "/me/wallet", { as: guest }],
    ["wallet-signed-out", "/me/wallet", {}],
    ["settings-profile", "/settings/profile", { as: guest }],
    ["settings-security", "/settings/security", { as: guest }],
    ["settings-sessions", "/settings/sessions", { as: guest }],
    ["studio-wizard", "/studio", { as: guest }],
    ["studio", "/studio", { as: host }],
    ["studio-live", "/studio/live", { as: host }],
    ["studio-room", "/studio/room", { as: host }],
    ["studio-moderation", "/studio/moderation", { as: host }],
    ["studio-broadcasts", "/studio/broadcasts", { as: host }],
    ["admin", "/admin", { as: boss }],
    ["admin-users", "/admin/users", { as: boss }],
    ["admin-rooms", "/admin/rooms", { as: boss }],
    ["admin-reports", "/admin/reports", { as: boss }],
    ["admin-gifts", "/admin/gifts", { as: boss }],
    ["admin-codes", "/admin/codes", { as: boss }],
    ["admin-audit", "/admin/audit", { as: boss }],
    ["admin-refused", "/admin", { as: guest }],
  ];
  const looks = [
    ["zh-TW", { locale: "zh-TW", colorScheme: "light", viewport: DESKTOP }],
    ["en-dark", { locale: "en-US", colorScheme: "dark", viewport: DESKTOP }],
    ["zh-CN-phone", { locale: "zh-CN", colorScheme: "light", viewport: PHONE, hasTouch: true, isMobile: true }],
  ];
  for (const [name, path, options] of pages) {
    for (const [look, more] of looks) {
      const file = `${name}.${look}`;
      if (wanted.length > 0 && !wanted.some((word) => file.includes(word))) continue;
      const { page, errors, close } = await world.open(path, { ...options, ...more });
      await page.waitForTimeout(name.startsWith("room") || name.includes("live") ? 3_000 : 1_200);
      await page.screenshot({ path: `${OUT}${file}.png` });
      if (errors.length > 0) process.stderr.write(`${file}: ${errors.join("; ")}\n`);
      await close().catch(() => {});
    }
  }
  talker.close();
  own.close();
} finally {
  await world.stop();
}
