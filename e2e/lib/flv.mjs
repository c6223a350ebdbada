// An FLV reader that distrusts what it reads (Adobe FLV 10.1, Annex E): the tests' own opinion of a byte stream.

const AUDIO = 8;
const VIDEO = 9;
const SCRIPT = 18;
const HEADER_BYTES = 9;
const TAG_HEADER_BYTES = 11;
const SIZE_BYTES = 4;
/** A tag larger than this means that the framing is lost. */
const TAG_BYTES_MAX = 16 << 20;

/** Takes the bytes of an FLV stream as they come and gives whole tags. Throws where the framing is wrong. */
export class FlvReader {
  #bytes = Buffer.alloc(0);
  #hasHeader = false;
  #offset = 0;

  /** Tags that became whole with these bytes: `{ type, timestampMs, body, at }`, `at` being the time of arrival. */
  push(chunk, at = performance.now()) {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const tags = [];
    let position = 0;
    if (!this.#hasHeader) {
      if (this.#bytes.length < HEADER_BYTES + SIZE_BYTES) return tags;
      if (this.#bytes.toString("latin1", 0, 3) !== "FLV") throw new Error("no FLV signature");
      if (this.#bytes.readUInt32BE(5) !== HEADER_BYTES) throw new Error("the FLV header is not 9 bytes");
      if (this.#bytes.readUInt32BE(HEADER_BYTES) !== 0) throw new Error("the first PreviousTagSize is not 0");
      this.#hasHeader = true;
      position = HEADER_BYTES + SIZE_BYTES;
    }
    while (this.#bytes.length - position >= TAG_HEADER_BYTES) {
      const type = this.#bytes[position];
      const size = this.#bytes.readUIntBE(position + 1, 3);
      const whereabouts = `at byte ${this.#offset + position}`;
      if (![AUDIO, VIDEO, SCRIPT].includes(type)) throw new Error(`tag type ${type} ${whereabouts}`);
      if (size > TAG_BYTES_MAX) throw new Error(`a tag of ${size} bytes ${whereabouts}`);
      if (this.#bytes.readUIntBE(position + 8, 3) !== 0) throw new Error(`StreamID is not 0 ${whereabouts}`);
      const end = position + TAG_HEADER_BYTES + size;
      if (this.#bytes.length < end + SIZE_BYTES) break;
      const previous = this.#bytes.readUInt32BE(end);
      if (previous !== TAG_HEADER_BYTES + size) {
        throw new Error(`PreviousTagSize is ${previous}, the tag has ${TAG_HEADER_BYTES + size} bytes ${whereabouts}`);
      }
      const timestampMs = this.#bytes.readUIntBE(position + 4, 3) + this.#bytes[position + 7] * 2 ** 24;
      tags.push({ type, timestampMs, body: this.#bytes.subarray(position + TAG_HEADER_BYTES, end), at });
      position = end + SIZE_BYTES;
    }
    this.#offset += position;
    this.#bytes = this.#bytes.subarray(position);
    return tags;
  }

  /** Bytes of a tag that is not whole. */
  get unfinishedBytes() {
    return this.#bytes.length;
  }
}

/** What a tag holds, legacy codecs only: `{ kind, isConfig, isKeyframe }`. */
export function describe(tag) {
  const { type, body } = tag;
  if (type === SCRIPT) return { kind: "script", isConfig: false, isKeyframe: false };
  if (type === AUDIO) {
    const isAac = body[0] >> 4 === 10;
    return { kind: "audio", isConfig: isAac && body[1] === 0, isKeyframe: false };
  }
  if (body[0] & 0x80) {
    const packetType = body[0] & 0x0f;
    return { kind: "video", isConfig: packetType === 0, isKeyframe: ((body[0] >> 4) & 7) === 1 };
  }
  const isAvc = (body[0] & 0x0f) === 7;
  return { kind: "video", isConfig: isAvc && body[1] !== 1, isKeyframe: body[0] >> 4 === 1 };
}

/** What is expected of every FLV stream this server sends, gathered while it comes. */
export class FlvChecker {
  #reader = new FlvReader();
  #last = { audio: undefined, video: undefined };
  #configured = { audio: false, video: false };
  #needsKeyframe = true;
  #gapMaxMs;
  tags = 0;
  bytes = 0;
  frames = 0;
  keyframes = 0;
  audioPackets = 0;
  skips = 0;
  firstMs;
  lastMs;
  /** Longest time between two tags, by arrival and by timestamp. */
  longestSilenceMs = 0;
  longestStepMs = 0;
  lastTagAt;
  errors = [];

  /** A step of a track longer than `gapMaxMs` is a gap, after which a picture must be a keyframe. */
  constructor({ gapMaxMs = 500 } = {}) {
    this.#gapMaxMs = gapMaxMs;
  }

  push(chunk, at = performance.now()) {
    this.bytes += chunk.length;
    let tags = [];
    try {
      tags = this.#reader.push(chunk, at);
    } catch (error) {
      this.errors.push(error.message);
      throw error;
    }
    for (const tag of tags) this.#check(tag);
    return tags;
  }

  #check(tag) {
    this.tags += 1;
    if (this.lastTagAt !== undefined) this.longestSilenceMs = Math.max(this.longestSilenceMs, tag.at - this.lastTagAt);
    this.lastTagAt = tag.at;
    const { kind, isConfig, isKeyframe } = describe(tag);
    if (kind === "script") return;
    const wrong = (what) => this.errors.push(`${kind} at ${tag.timestampMs} ms (tag ${this.tags}): ${what}`);
    if (isConfig) {
      this.#configured[kind] = true;
      return;
    }
    const last = this.#last[kind];
    this.#last[kind] = tag.timestampMs;
    const step = last === undefined ? 0 : tag.timestampMs - last;
    if (step < 0) wrong(`${-step} ms back from ${last} ms`);
    this.longestStepMs = Math.max(this.longestStepMs, step);
    this.firstMs ??= tag.timestampMs;
    this.lastMs = tag.timestampMs;
    if (kind === "audio") {
      this.audioPackets += 1;
      return;
    }
    if (!this.#configured.video) wrong("a picture before its decoder config");
    if (step > this.#gapMaxMs) {
      this.skips += 1;
      this.#needsKeyframe = true;
    }
    if (this.#needsKeyframe && !isKeyframe) wrong("no keyframe where decoding begins");
    this.#needsKeyframe = false;
    this.frames += 1;
    if (isKeyframe) this.keyframes += 1;
  }

  get unfinishedBytes() {
    return this.#reader.unfinishedBytes;
  }
}

/** All tags of an FLV file. */
export function readFlv(bytes) {
  return new FlvReader().push(bytes);
}

export { AUDIO, SCRIPT, VIDEO };
