/** Feeds a `<video>` from HLS through hls.js, and mends what can be mended by itself. */

import Hls, { type ErrorData, type Level, type MediaPlaylist } from "hls.js";

export type Trouble = "network" | "unsupported" | "expired";

export interface VideoSource {
  /** Heights of the picture one can choose, from the highest down. */
  heights(): number[];
  /** Height that plays now. */
  height(): number | undefined;
  setHeight(height: number | undefined): void;
  captions(): { language: string; name: string }[];
  setCaptions(language: string | undefined): void;
  /** When what is shown now happened, unix ms, by `EXT-X-PROGRAM-DATE-TIME`. */
  wallTimeMs(): number | undefined;
  retry(): void;
  destroy(): void;
}

export interface SourceListener {
  onReady(): void;
  onChange(): void;
  /** Nothing: it is over. */
  onTrouble(trouble: Trouble | undefined): void;
}

const RETRY_MS = 2_000;
const MEND_EVERY_MS = 8_000;

export function openSource(video: HTMLVideoElement, url: string, startS: number, listener: SourceListener): VideoSource {
  if (!Hls.isSupported()) return openNative(video, url, startS, listener);
  const hls = new Hls({ enableWorker: false, startPosition: startS > 0 ? startS : -1, capLevelToPlayerSize: true, backBufferLength: 60, maxBufferLength: 30 });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let mendedAtMs = Number.NEGATIVE_INFINITY;
  let hasLevels = false;
  let captions: string | undefined;
  const again = () => {
    clearTimeout(timer);
    if (hasLevels) hls.startLoad();
    else hls.loadSource(url);
  };
  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    hasLevels = true;
    listener.onTrouble(undefined);
    listener.onReady();
  });
  hls.on(Hls.Events.FRAG_BUFFERED, () => listener.onTrouble(undefined));
  for (const event of [Hls.Events.LEVEL_SWITCHED, Hls.Events.LEVELS_UPDATED]) hls.on(event, () => listener.onChange());
  hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, () => {
    applyCaptions();
    listener.onChange();
  });
  // What the list or the browser thinks is usual may be chosen after what the viewer wants.
  hls.on(Hls.Events.SUBTITLE_TRACK_SWITCH, (_event: string, { id }: { id: number }) => {
    if (id !== wantedTrack()) queueMicrotask(applyCaptions);
  });
  hls.on(Hls.Events.ERROR, (_event: string, data: ErrorData) => {
    if (!data.fatal) return;
    const status = data.response?.code;
    if (status === 401 || status === 403) listener.onTrouble("expired");
    else if (data.type === Hls.ErrorTypes.MEDIA_ERROR && data.details !== Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR && performance.now() - mendedAtMs > MEND_EVERY_MS) {
      mendedAtMs = performance.now();
      hls.recoverMediaError();
    } else if (data.type === Hls.ErrorTypes.MEDIA_ERROR || data.type === Hls.ErrorTypes.MUX_ERROR) listener.onTrouble("unsupported");
    else {
      listener.onTrouble("network");
      timer = setTimeout(again, RETRY_MS);
    }
  });
  hls.attachMedia(video);
  hls.loadSource(url);
  const wantedTrack = () => (captions === undefined ? -1 : hls.subtitleTracks.findIndex((each: MediaPlaylist) => (each.lang ?? each.name) === captions));
  const applyCaptions = () => {
    const track = wantedTrack();
    hls.subtitleDisplay = track >= 0;
    hls.subtitleTrack = track;
  };
  const at = (height: number) => hls.levels.findLastIndex((level: Level) => level.height === height);
  return {
    heights: () => [...new Set(hls.levels.map((level: Level) => level.height).filter((height) => height > 0))].toSorted((a, b) => b - a),
    height: () => hls.levels[hls.currentLevel]?.height,
    setHeight: (height) => {
      const level = height === undefined ? -1 : at(height);
      // What is buffered plays on: the picture changes within seconds, without standing still.
      hls.nextLevel = level;
      if (level === -1) hls.loadLevel = -1;
    },
    captions: () => hls.subtitleTracks.map((track: MediaPlaylist) => ({ language: track.lang ?? track.name, name: track.name })),
    setCaptions: (language) => {
      captions = language;
      applyCaptions();
    },
    wallTimeMs: () => hls.playingDate?.getTime(),
    retry: again,
    destroy: () => {
      clearTimeout(timer);
      hls.destroy();
    },
  };
}

/** Where Media Source Extensions do not exist, the device plays HLS by itself and chooses by itself. */
function openNative(video: HTMLVideoElement, url: string, startS: number, listener: SourceListener): VideoSource {
  const off = new AbortController();
  const { signal } = off;
  video.addEventListener(
    "loadedmetadata",
    () => {
      if (startS > 0) video.currentTime = startS;
      listener.onReady();
    },
    { signal },
  );
  video.addEventListener("error", () => listener.onTrouble(video.error?.code === MediaError.MEDIA_ERR_NETWORK ? "network" : "unsupported"), { signal });
  video.src = url;
  return {
    heights: () => [],
    height: () => undefined,
    setHeight: () => {},
    captions: () => [],
    setCaptions: () => {},
    wallTimeMs: () => {
      // Of Safari alone: when the first picture was made.
      const startMs = (video as HTMLVideoElement & { getStartDate?: () => Date }).getStartDate?.().getTime() ?? Number.NaN;
      return Number.isNaN(startMs) ? undefined : startMs + video.currentTime * 1000;
    },
    retry: () => video.load(),
    destroy: () => {
      off.abort();
      video.removeAttribute("src");
      video.load();
    },
  };
}
