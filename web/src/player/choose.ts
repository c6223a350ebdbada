/** Which of the offered sources this browser can play, best first, and why not the others. */

import type { Source } from "../api";

export type EngineName = "mpegts" | "hls" | "fmp4";

export interface Choice {
  source: Source;
  engine: EngineName;
}

export interface Rejection {
  protocol: string;
  /** The codec strings the browser refused. */
  codecs: string[];
}

export interface Support {
  isTypeSupported(type: string): boolean;
}

/** Sources this page plays; DASH and RTMP are only offered as addresses. */
const ENGINES: Readonly<Record<string, EngineName>> = {
  "http-flv": "mpegts",
  "ws-flv": "mpegts",
  "http-ts": "mpegts",
  "ws-fmp4": "fmp4",
  "http-fmp4": "fmp4",
  hls: "hls",
  "hls-ts": "hls",
};

export function engineOf(protocol: string): EngineName | undefined {
  return Object.hasOwn(ENGINES, protocol) ? ENGINES[protocol] : undefined;
}

/**
 * Candidates in the order to try: the preferred protocol first, then the server's order, then those that failed a
 * moment ago (`demoted`).
 */
export function choose(
  sources: readonly Source[],
  support: Support,
  preferred?: string,
  demoted: ReadonlySet<string> = new Set(),
): { candidates: Choice[]; rejected: Rejection[] } {
  const candidates: Choice[] = [];
  const rejected: Rejection[] = [];
  for (const source of sources) {
    const engine = engineOf(source.protocol);
    if (engine === undefined) continue;
    const refused = source.codecs.filter((codec) => !plays(engine, codec, support));
    if (refused.length === 0 && wholeTypePlays(engine, source, support)) candidates.push({ source, engine });
    else rejected.push({ protocol: source.protocol, codecs: refused.length > 0 ? refused : source.codecs });
  }
  const rank = ({ source }: Choice) =>
    demoted.has(source.protocol) ? 2 : source.protocol === preferred ? 0 : 1;
  // The sort is stable: within a rank the server's order stays.
  return { candidates: candidates.toSorted((a, b) => rank(a) - rank(b)), rejected };
}

/** The media source type of muxed fMP4 with these codecs. */
export function mp4Type(codecs: readonly string[]): string {
  const kind = codecs.length > 0 && codecs.every(isAudio) ? "audio" : "video";
  return codecs.length > 0 ? `${kind}/mp4; codecs="${codecs.join(",")}"` : `${kind}/mp4`;
}

function plays(engine: EngineName, codec: string, support: Support): boolean {
  const family = codec.split(".", 1)[0] ?? "";
  if (engine === "mpegts") {
    if (!MPEGTS_FAMILIES.has(family)) return false;
    // The engine feeds MP3 as a bare elementary stream, not in MP4.
    if (isMp3(codec)) return support.isTypeSupported("audio/mpeg");
  }
  return support.isTypeSupported(mp4Type([codec]));
}

/** Muxed fMP4 goes into one source buffer: the browser must take the codecs together. */
function wholeTypePlays(engine: EngineName, source: Source, support: Support): boolean {
  return engine !== "fmp4" || support.isTypeSupported(mp4Type(source.codecs));
}

function isAudio(codec: string): boolean {
  return AUDIO_FAMILIES.has(codec.split(".", 1)[0]?.toLowerCase() ?? "");
}

function isMp3(codec: string): boolean {
  return /^(mp3|mp4a\.(40\.34|69|6b))$/i.test(codec);
}

const AUDIO_FAMILIES = new Set(["mp4a", "mp3", "opus", "flac", "ac-3", "ec-3"]);
/** What the FLV and TS engine knows how to take out of its containers. */
const MPEGTS_FAMILIES = new Set(["avc1", "hvc1", "hev1", "av01", "mp4a", "mp3", "opus", "Opus", "flac", "fLaC", "ac-3", "ec-3"]);
