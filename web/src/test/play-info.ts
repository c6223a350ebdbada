import type { PlayInfo, Source } from "../api";

export const CODECS = ["avc1.64001f", "mp4a.40.2"];

export function source(protocol: string, codecs: string[] = CODECS): Source {
  return { protocol, url: `/live/demo.${protocol}`, mime_type: "", codecs, latency_ms: 1000 };
}

export function playInfo(protocols: readonly string[], codecs: string[] = CODECS): PlayInfo {
  return {
    stream: "live/demo",
    is_live: true,
    viewer_count: 1,
    sources: protocols.map((protocol) => source(protocol, codecs)),
    tracks: [],
    clock_ahead_ms: 0,
  };
}

/** A browser that plays everything but what `except` names. */
export function browser(except: readonly string[] = []): { isTypeSupported(type: string): boolean } {
  return { isTypeSupported: (type) => !except.some((codec) => type.includes(codec)) };
}
