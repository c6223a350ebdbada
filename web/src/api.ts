/** The two questions this app asks the server, and what the answers look like. */

export interface Source {
  /** `http-flv`, `ws-fmp4`, `hls`, …; a protocol unknown to this build is listed, never played. */
  protocol: string;
  /** Path on the page's origin, or an absolute address. */
  url: string;
  mime_type: string;
  /** RFC 6381 codec strings of everything the source carries. */
  codecs: string[];
  latency_ms: number;
}

export interface Track {
  id: string;
  kind: string;
  codec: string;
  codec_string?: string;
  width?: number;
  height?: number;
  frame_rate?: number;
  sample_rate?: number;
  channels?: number;
}

export interface PlayInfo {
  stream: string;
  is_live: boolean;
  viewer_count: number;
  /** Best first. */
  sources: Source[];
  tracks: Track[];
  /** How far the server's clock is ahead of ours; 0 when the difference is within what a `Date` header can tell. */
  clock_ahead_ms: number;
}

export interface LiveStream {
  stream: string;
  viewer_count: number;
  started_at_ms?: number;
  tracks: Track[];
}

/** Who is live, and where to publish. */
export interface LiveList {
  streams: LiveStream[];
  /** `rtmp://host/app`; nothing when the server takes no RTMP. */
  publish_url?: string;
}

/** The server answered, and the answer was no. `status` 0: it did not answer at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

/** Asks what to play for `stream` (`app/name`); `query` carries a play token through. */
export async function fetchPlay(stream: string, query: URLSearchParams): Promise<PlayInfo> {
  const path = stream.split("/").map(encodeURIComponent).join("/");
  const suffix = query.size > 0 ? `?${query}` : "";
  const asked = Date.now();
  const { body, date } = await getJson(`/api/v1/play/${path}${suffix}`);
  return parsePlay(body, clockAheadMs(date, asked, Date.now()));
}

/** The streams that are live now, and where the next one goes. */
export async function fetchStreams(): Promise<LiveList> {
  const { body } = await getJson("/api/v1/streams");
  const streams = isRecord(body) && Array.isArray(body.streams) ? body.streams : [];
  // A stream held for its publisher is listed, and not live.
  const live = streams.filter((item) => isRecord(item) && item.is_live !== false).map((item: Record<string, unknown>) => ({
    stream: text(item.stream),
    viewer_count: count(item.viewer_count),
    started_at_ms: optionalNumber(item.started_at_ms),
    tracks: parseTracks(item.tracks),
  }));
  return { streams: live, publish_url: (isRecord(body) && text(body.publish_url)) || undefined };
}

/** Reads a play answer; what is missing gets a harmless default, what is not an object is an error. */
export function parsePlay(body: unknown, clock_ahead_ms = 0): PlayInfo {
  if (!isRecord(body)) throw new ApiError(0, "bad_answer", "the play answer is not a JSON object");
  const sources = Array.isArray(body.sources) ? body.sources.filter(isRecord) : [];
  return {
    stream: text(body.stream),
    is_live: body.is_live === true,
    viewer_count: count(body.viewer_count),
    sources: sources.map((source) => ({
      protocol: text(source.protocol),
      url: text(source.url),
      mime_type: text(source.mime_type),
      codecs: Array.isArray(source.codecs) ? source.codecs.filter((codec) => typeof codec === "string") : [],
      latency_ms: count(source.latency_ms),
    })),
    tracks: parseTracks(body.tracks),
    clock_ahead_ms,
  };
}

/** Server clock minus ours, from a `Date` header; its one-second steps hide anything smaller. */
export function clockAheadMs(date: string | null, askedMs: number, answeredMs: number): number {
  const server = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(server)) return 0;
  // The header is cut to whole seconds: on average it is half a second behind.
  const ahead = server + 500 - (askedMs + answeredMs) / 2;
  return Math.abs(ahead) < CLOCK_TOLERANCE_MS ? 0 : Math.round(ahead);
}

async function getJson(url: string): Promise<{ body: unknown; date: string | null }> {
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
  } catch (cause) {
    throw new ApiError(0, "unreachable", String(cause));
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    const error = isRecord(body) && isRecord(body.error) ? body.error : {};
    throw new ApiError(response.status, text(error.code) || `http_${response.status}`, text(error.message));
  }
  return { body, date: response.headers.get("date") };
}

function parseTracks(value: unknown): Track[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map((track) => ({
    id: text(track.id),
    kind: text(track.kind),
    codec: text(track.codec),
    codec_string: text(track.codec_string) || undefined,
    width: optionalNumber(track.width),
    height: optionalNumber(track.height),
    frame_rate: optionalNumber(track.frame_rate),
    sample_rate: optionalNumber(track.sample_rate),
    channels: optionalNumber(track.channels),
  }));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function count(value: unknown): number {
  return optionalNumber(value) ?? 0;
}

function optionalNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

const ANSWER_TIMEOUT_MS = 8_000;
const CLOCK_TOLERANCE_MS = 1_500;
