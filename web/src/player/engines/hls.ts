/** HLS through hls.js; the browser's own HLS only where Media Source Extensions do not exist (older iPhones). */

import Hls, { type ErrorData, type FragLoadedData } from "hls.js/light";
import type { Engine, EngineContext } from "./engine";

export function start(context: EngineContext): Engine {
  if (!Hls.isSupported()) return startNative(context);
  const { url, video } = context;
  const hls = new Hls({
    // The light build brings no worker file; TS to MP4 costs little on this thread.
    enableWorker: false,
    liveSyncDurationCount: 2,
    maxLiveSyncPlaybackRate: 1.15,
    backBufferLength: 20,
    maxBufferLength: 20,
    // The server may begin to cut segments only now, on this first request: the first seconds can be empty.
    manifestLoadPolicy: {
      default: {
        maxTimeToFirstByteMs: 10_000,
        maxLoadTimeMs: 12_000,
        timeoutRetry: null,
        errorRetry: { maxNumRetry: 10, retryDelayMs: 500, maxRetryDelayMs: 1_000 },
      },
    },
    // Later the session above asks the server what is going on; long retries here would only hide it.
    playlistLoadPolicy: {
      default: {
        maxTimeToFirstByteMs: 8_000,
        maxLoadTimeMs: 10_000,
        timeoutRetry: { maxNumRetry: 1, retryDelayMs: 0, maxRetryDelayMs: 0 },
        errorRetry: { maxNumRetry: 2, retryDelayMs: 500, maxRetryDelayMs: 1_000 },
      },
    },
  });
  let bytes = 0;
  let recoveredAtMs = Number.NEGATIVE_INFINITY;
  hls.on(Hls.Events.FRAG_LOADED, (_event: string, data: FragLoadedData) => {
    bytes += data.frag.stats.loaded;
  });
  hls.on(Hls.Events.ERROR, (_event: string, data: ErrorData) => {
    if (!data.fatal) return;
    const isMedia = data.type === Hls.ErrorTypes.MEDIA_ERROR;
    if (isMedia && performance.now() - recoveredAtMs > RECOVER_EVERY_MS) {
      recoveredAtMs = performance.now();
      hls.recoverMediaError();
      return;
    }
    context.onFailure(isMedia ? "media" : "network", data.details);
  });
  hls.on(Hls.Events.LEVEL_UPDATED, (_event: string, data: { details: { live: boolean } }) => {
    // EXT-X-ENDLIST has appeared: what is buffered may still play to its end.
    if (!data.details.live) video.addEventListener("ended", () => context.onEnd(), { once: true });
  });
  hls.attachMedia(video);
  hls.loadSource(url);
  return {
    keepsLiveEdge: true,
    receivedBytes: () => bytes,
    delayS: () => {
      const playing = hls.playingDate;
      if (playing !== null) return (Date.now() - playing.getTime()) / 1000;
      return hls.latency > 0 ? hls.latency : undefined;
    },
    goLive: () => {
      if (hls.liveSyncPosition !== null) video.currentTime = hls.liveSyncPosition;
    },
    destroy: () => hls.destroy(),
  };
}

/** Chromium claims to play HLS and then dies of it; only Apple's player is trusted, and that is told by this class. */
function startNative(context: EngineContext): Engine {
  const { url, video } = context;
  const onError = () => context.onFailure("media", video.error?.message ?? "native HLS failed");
  const onEnded = () => context.onEnd();
  if (!("ManagedMediaSource" in window)) {
    queueMicrotask(() => context.onFailure("media", "this browser has no Media Source Extensions"));
    return { keepsLiveEdge: true, receivedBytes: () => 0, destroy: () => {} };
  }
  video.addEventListener("error", onError);
  video.addEventListener("ended", onEnded);
  video.src = url;
  return {
    keepsLiveEdge: true,
    receivedBytes: () => 0,
    destroy: () => {
      video.removeEventListener("error", onError);
      video.removeEventListener("ended", onEnded);
      video.removeAttribute("src");
      video.load();
    },
  };
}

const RECOVER_EVERY_MS = 10_000;
