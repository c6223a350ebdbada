// HLS through an outage, a takeover, the end of a stream and of the server, as a strict client sees it (RFC 8216).

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { loadMedia, publishMedia } from "../lib/encoder.mjs";
import { sleep, until } from "../lib/processes.mjs";
import { startWeir, untilLive } from "../lib/weir.mjs";

const HOLD_MS = 4_000;
const media = loadMedia("h264-aac.flv");

/** What a media playlist says. */
function parse(text) {
  const playlist = { sequence: 0, discontinuitySequence: 0, target: undefined, isEnded: false, segments: [] };
  let next = { isDiscontinuity: false };
  for (const line of text.split("\n").map((each) => each.trim())) {
    const value = line.slice(line.indexOf(":") + 1);
    if (line.startsWith("#EXT-X-MEDIA-SEQUENCE:")) playlist.sequence = Number(value);
    else if (line.startsWith("#EXT-X-DISCONTINUITY-SEQUENCE:")) playlist.discontinuitySequence = Number(value);
    else if (line.startsWith("#EXT-X-TARGETDURATION:")) playlist.target = Number(value);
    else if (line === "#EXT-X-DISCONTINUITY") next.isDiscontinuity = true;
    else if (line === "#EXT-X-ENDLIST") playlist.isEnded = true;
    else if (line.startsWith("#EXTINF:")) next.seconds = Number.parseFloat(value);
    else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) next.at = Date.parse(value);
    else if (line !== "" && !line.startsWith("#")) {
      playlist.segments.push({ ...next, uri: line });
      next = { isDiscontinuity: false };
    }
  }
  return playlist;
}

/** Reads a playlist again and again and holds it to what it said before. */
class PlaylistReader {
  #seen = new Map();
  #last;
  errors = [];

  constructor(url) {
    this.url = url;
  }

  async read() {
    const response = await fetch(this.url);
    if (!response.ok) throw new Error(`${this.url} answered ${response.status}`);
    const playlist = parse(await response.text());
    const wrong = (what) => this.errors.push(what);
    if (this.#last) {
      if (playlist.sequence < this.#last.sequence) wrong(`media sequence ${this.#last.sequence} → ${playlist.sequence}`);
      if (playlist.target !== this.#last.target) wrong(`target duration ${this.#last.target} → ${playlist.target}`);
      if (playlist.discontinuitySequence < this.#last.discontinuitySequence) wrong("discontinuity sequence went back");
      const gone = this.#last.segments.slice(0, playlist.sequence - this.#last.sequence);
      const passed = gone.filter((segment) => segment.isDiscontinuity).length;
      if (playlist.discontinuitySequence !== this.#last.discontinuitySequence + passed) {
        wrong(`discontinuity sequence ${playlist.discontinuitySequence} after ${passed} left the list`);
      }
    }
    for (const [n, segment] of playlist.segments.entries()) {
      const number = playlist.sequence + n;
      const known = this.#seen.get(number);
      if (known && (known.uri !== segment.uri || known.seconds !== segment.seconds)) wrong(`segment ${number} changed`);
      if (Math.round(segment.seconds) > playlist.target) wrong(`segment ${number} is longer than the target duration`);
      this.#seen.set(number, segment);
    }
    this.#last = playlist;
    return playlist;
  }

  /** Segments in order of their number. */
  get segments() {
    return [...this.#seen.entries()].sort(([a], [b]) => a - b).map(([number, segment]) => ({ number, ...segment }));
  }

  async follow(ms) {
    const end = performance.now() + ms;
    while (performance.now() < end) {
      await this.read();
      await sleep(300);
    }
  }
}

let weir;

before(async () => {
  weir = await startWeir({ settings: { "hub.hold_ms": HOLD_MS } });
});

after(() => weir?.stop());

describe("a media playlist", { concurrency: true }, () => {
  for (const kind of ["ts", "fmp4"]) {
    test(`of ${kind} marks an outage once, never takes anything back, and ends when the stream does`, async () => {
      const path = `live/outage-${kind}`;
      const first = await publishMedia(weir.rtmpPort, path, media);
      await untilLive(weir, path, 2);
      const reader = new PlaylistReader(`${weir.http}/${path}/${kind}.m3u8`);
      await reader.follow(5_000);
      await first.stop();
      await reader.follow(1_500);
      const second = await publishMedia(weir.rtmpPort, path, media);
      await reader.follow(7_000);
      await second.stop();
      const ended = await until("the playlist ends", async () => {
        const playlist = await reader.read();
        return playlist.isEnded ? playlist : undefined;
      }, HOLD_MS + 4_000, 300);

      assert.deepEqual(reader.errors, []);
      const { segments } = reader;
      assert.equal(segments.filter(({ isDiscontinuity }) => isDiscontinuity).length, 1, "one join");
      const numbers = segments.map(({ number }) => number);
      assert.equal(numbers.at(-1) - numbers[0] + 1, numbers.length, "no number is left out");
      const join = segments.findIndex(({ isDiscontinuity }) => isDiscontinuity);
      for (let i = 1; i < segments.length; i += 1) {
        const drift = segments[i].at - segments[i - 1].at - segments[i - 1].seconds * 1000;
        if (i !== join) assert.ok(Math.abs(drift) <= 60, `the date steps ${Math.round(drift)} ms without a join`);
      }
      const last = ended.segments.at(-1);
      const response = await fetch(new URL(last.uri, reader.url));
      assert.equal(response.status, 200, "the last segment can still be fetched");
      assert.ok((await response.arrayBuffer()).byteLength > 10_000);
    });
  }
});

test("numbers of segments go on after a restart of the server", async () => {
  const numbers = [];
  for (let round = 0; round < 2; round += 1) {
    const server = await startWeir();
    const host = await publishMedia(server.rtmpPort, "live/restart", media);
    try {
      await untilLive(server, "live/restart", 2);
      const { sequence, segments } = await new PlaylistReader(`${server.http}/live/restart/ts.m3u8`).read();
      numbers.push([sequence, sequence + segments.length - 1]);
      server.signal("SIGKILL");
      await server.exited;
    } finally {
      await host.stop();
      await server.stop();
    }
    await sleep(1_000);
  }
  assert.ok(numbers[1][0] > numbers[0][1], `${numbers[0]} then ${numbers[1]}`);
});

test("answers have the right types, lifetimes and ranges", async () => {
  const host = await publishMedia(weir.rtmpPort, "live/answers", media);
  try {
    await untilLive(weir, "live/answers", 2);
    const url = `${weir.http}/live/answers/ts.m3u8`;
    // The first ones are too short to be worth it.
    const response = await until("a playlist long enough to be compressed", async () => {
      const answer = await fetch(url, { headers: { "accept-encoding": "gzip" } });
      return answer.headers.get("content-encoding") === "gzip" ? answer : undefined;
    }, 10_000, 300);
    assert.match(response.headers.get("content-type"), /^(application\/vnd\.apple\.mpegurl|application\/x-mpegurl)/i);
    assert.match(response.headers.get("cache-control"), /no-cache|no-store|max-age=[01]\b/);
    const { segments } = parse(await response.text());
    const segment = new URL(segments[0].uri, url);
    const whole = await fetch(segment);
    assert.equal(whole.headers.get("content-type"), "video/mp2t");
    assert.match(whole.headers.get("cache-control"), /immutable/);
    const bytes = Buffer.from(await whole.arrayBuffer());
    assert.equal(bytes[0], 0x47, "the sync byte of MPEG-TS");
    assert.equal(bytes.length % 188, 0);

    const part = await fetch(segment, { headers: { range: "bytes=188-375" } });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get("content-range"), `bytes 188-375/${bytes.length}`);
    assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(188, 376)));
    assert.equal((await fetch(segment, { headers: { range: `bytes=${bytes.length}-` } })).status, 416);

    const head = await fetch(segment, { method: "HEAD" });
    assert.equal(Number(head.headers.get("content-length")), bytes.length);

    const multivariant = await (await fetch(`${weir.http}/live/answers/index.m3u8`)).text();
    for (const attribute of ["BANDWIDTH=", "CODECS=\"avc1.", "RESOLUTION=320x180", "FRAME-RATE=25"]) {
      assert.ok(multivariant.includes(attribute), `${attribute} in\n${multivariant}`);
    }
    const mpd = await fetch(`${weir.http}/live/answers/index.mpd`);
    assert.match(mpd.headers.get("content-type"), /^application\/dash\+xml/);
    assert.match(await mpd.text(), /type="dynamic"/);
  } finally {
    await host.stop();
  }
});
