/** Names of the protocols as people know them; they are the same in every language. */

const NAMES: Readonly<Record<string, string>> = {
  "http-flv": "HTTP-FLV",
  "ws-flv": "WS-FLV",
  "http-fmp4": "HTTP-fMP4",
  "ws-fmp4": "WS-fMP4",
  "http-ts": "HTTP-TS",
  hls: "HLS",
  "hls-ts": "HLS (TS)",
  dash: "DASH",
  rtmp: "RTMP",
  whep: "WebRTC",
};

export function protocolName(protocol: string): string {
  return NAMES[protocol] ?? protocol;
}

/** Absolute address of a source: its path on the page's origin, with the scheme the protocol speaks. */
export function sourceUrl(protocol: string, url: string, base: string): string {
  const resolved = new URL(url, base);
  if (protocol.startsWith("ws-")) {
    resolved.protocol = resolved.protocol.replace("http", "ws");
  } else if (protocol === "rtmp" && resolved.protocol.startsWith("http")) {
    // Only a path was given: RTMP's own port, not the page's.
    return `rtmp://${resolved.hostname}${resolved.pathname}${resolved.search}`;
  }
  return resolved.href;
}

/** "H.264 · AAC" from codec strings; what is not known is shown as it is. */
export function codecNames(codecs: readonly string[]): string {
  return codecs.map((codec) => CODEC_NAMES[codec.split(".", 1)[0]?.toLowerCase() ?? ""] ?? codec).join(" · ");
}

const CODEC_NAMES: Readonly<Record<string, string>> = {
  avc1: "H.264",
  avc3: "H.264",
  hvc1: "H.265",
  hev1: "H.265",
  av01: "AV1",
  vp08: "VP8",
  vp09: "VP9",
  mp4a: "AAC",
  mp3: "MP3",
  opus: "Opus",
  flac: "FLAC",
  "ac-3": "AC-3",
  "ec-3": "E-AC-3",
};
