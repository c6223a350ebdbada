// Pictures of every page and state, into e2e/out/shots: node e2e/app/shots.mjs [WORD…] makes those whose name has a word.

import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { addFilms, CALM } from "./films.mjs";
import { routes } from "./routes.mjs";
import { settle, visitor } from "./town.mjs";
import { settled, startWorld } from "./world.mjs";

const OUT = fileURLToPath(new URL("../out/shots/", import.meta.url));
const wanted = process.argv.slice(2);
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 640 };

await mkdir(OUT, { recursive: true });
const world = await startWorld({ picture: CALM });
try {
  const people = await settle(world);
  const town = { ...people, films: await addFilms(world, people) };
  const { people: { host, guest }, rooms } = town;
  const talker = await visitor(world, guest, rooms.live);
  for (const text of ["晚上好！", "今天畫什麼？", "貓！貓！貓！", "The colours are lovely", "這支筆是哪一牌的？"]) await talker.say(text);
  await talker.give(2, 5);
  const own = await visitor(world, host, rooms.live);
  await own.say("大家好，今天畫三花貓 🐱");

  const looks = [
    ["zh-TW", { locale: "zh-TW", colorScheme: "light", viewport: DESKTOP }],
    ["en-dark", { locale: "en-US", colorScheme: "dark", viewport: DESKTOP }],
    ["zh-CN-phone", { locale: "zh-CN", colorScheme: "light", viewport: PHONE, hasTouch: true, isMobile: true }],
  ];
  for (const [name, path, options] of routes(town)) {
    for (const [look, more] of looks) {
      const file = `${name}.${look}`;
      if (wanted.length > 0 && !wanted.some((word) => file.includes(word))) continue;
      const { page, errors, close } = await world.open(path, { ...options, ...more });
      await settled(page);
      if (/^(room|video|embed)|live/.test(name)) await page.waitForTimeout(2_000);
      if (name === "room") {
        // Something runs over the picture.
        for (const [who, text, colour] of [[own, "接下來畫鬍鬚", "#ffd54a"], [talker, "好漂亮的顏色！", "#ffffff"], [own, "Beautiful, isn't it?", "#80d8ff"]]) {
          await who.say(text, { colour, mode: "scroll" });
          await page.waitForTimeout(900);
        }
      }
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
