// `weir publish` speaks Enhanced RTMP, which Debian's ffmpeg does not; ffprobe reads what it can, `weir probe` the rest.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fixture } from "../lib/ffmpeg.mjs";
import { sleep, start } from "../lib/processes.mjs";
import { startWeir, untilLive, WEIR } from "../lib/weir.mjs";
import { DELIVERIES, ENHANCED } from "./cases.mjs";
import { readAndCompare } from "./read.mjs";

const WARM_UP_MS = 2_500;

let weir;

before(async () => {
  weir = await startWeir();
});

after(() => weir?.stop());

for (const item of ENHANCED) {
  const path = `live/${item.file.replace(/\.\w+$/, "")}`;
  describe(`${item.file} published by weir publish`, { concurrency: true }, () => {
    let publisher;

    before(async () => {
      publisher = start(WEIR, ["publish", fixture(item.file), `${weir.rtmp}/${path}`]);
      await untilLive(weir, path, Object.keys(item.wanted).length);
      await sleep(WARM_UP_MS);
    });

    after(() => publisher?.stop());

    test("is announced with the codec strings browsers ask for", async () => {
      const { tracks } = await weir.get(`/api/v1/play/${path}`);
      const strings = tracks.map((track) => track.codec_string);
      for (const pattern of item.codecStrings) {
        assert.ok(strings.some((text) => pattern.test(text)), `${pattern} is none of ${strings}`);
      }
    });

    for (const [name, url] of [["http-flv", `http/${path}.flv`], ["rtmp", `rtmp/${path}`]]) {
      test(`comes out of ${name} as Enhanced RTMP`, async () => {
        const address = url.replace(/^\w+/, (scheme) => weir[scheme]);
        const { stdout } = await weir.command("probe", "--json", address);
        const text = stdout.toLowerCase();
        for (const pattern of item.codecStrings) {
          const inner = new RegExp(pattern.source.replace(/[\^$]/g, ""), "i");
          assert.match(text, inner, `the tracks of ${address}`);
        }
      });
    }

    for (const delivery of DELIVERIES.filter(({ fits }) => fits(item.wanted))) {
      test(`comes out of ${delivery.name} as it went in`, async (t) => {
        t.diagnostic(JSON.stringify(await readAndCompare(weir, path, item, delivery)));
      });
    }
  });
}

test("MPEG-TS is refused with a reason for codecs it does not carry", async () => {
  const publisher = start(WEIR, ["publish", fixture("av1-opus.mp4"), `${weir.rtmp}/live/no-ts`]);
  try {
    await untilLive(weir, "live/no-ts", 2);
    const response = await fetch(`${weir.http}/live/no-ts.ts`);
    assert.equal(response.status, 415);
    assert.match((await response.json()).error.message, /AV1|Opus/i);
  } finally {
    await publisher.stop();
  }
});
