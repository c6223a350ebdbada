// ffmpeg publishes, ffprobe reads every way out: publish × play × codec for what plain RTMP carries.

import { after, before, describe, test } from "node:test";
import { publishFile } from "../lib/ffmpeg.mjs";
import { sleep } from "../lib/processes.mjs";
import { startWeir, untilLive } from "../lib/weir.mjs";
import { DELIVERIES, LEGACY } from "./cases.mjs";
import { readAndCompare } from "./read.mjs";

/** Longer than the fixtures' distance between keyframes, so that there is a picture to begin with. */
const WARM_UP_MS = 2_500;

let weir;

before(async () => {
  weir = await startWeir();
});

after(() => weir?.stop());

for (const item of LEGACY) {
  const path = `live/${item.file.replace(/\.\w+$/, "")}`;
  describe(`${item.file} published by ffmpeg`, { concurrency: true }, () => {
    let publisher;

    before(async () => {
      publisher = publishFile(item.file, `${weir.rtmp}/${path}`);
      await untilLive(weir, path, Object.keys(item.wanted).length);
      await sleep(WARM_UP_MS);
    });

    after(() => publisher?.stop());

    for (const delivery of DELIVERIES.filter(({ fits }) => fits(item.wanted))) {
      test(`comes out of ${delivery.name} as it went in`, async (t) => {
        t.diagnostic(JSON.stringify(await readAndCompare(weir, path, item, delivery)));
      });
    }
  });
}
