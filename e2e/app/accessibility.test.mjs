// Every page of the app is accessible, in both themes.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { addFilms } from "./films.mjs";
import { routes } from "./routes.mjs";
import { settle } from "./town.mjs";
import { seriousProblems, settled, startWorld } from "./world.mjs";

let world;
let pages;

before(async () => {
  world = await startWorld();
  const town = await settle(world);
  pages = routes({ ...town, films: await addFilms(world, town) });
});

after(() => world?.stop());

test("the accessibility checker finds nothing serious on any page, light or dark", { timeout: 600_000 }, async (t) => {
  const found = [];
  for (const [name, path, options] of pages) {
    await t.test(name, async () => {
      for (const colorScheme of ["light", "dark"]) {
        const { page, close } = await world.open(path, { ...options, colorScheme, locale: colorScheme === "light" ? "zh-TW" : "en-US" });
        await settled(page);
        const problems = await seriousProblems(page);
        found.push(...problems);
        assert.deepEqual(problems, [], `${name} ${colorScheme}`);
        await close();
      }
    });
  }
  assert.deepEqual(found, []);
});
