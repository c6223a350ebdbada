/** HTTP-FLV, WS-FLV and HTTP-TS through mpegts.js. */

import mpegts from "mpegts.js";
import type { Engine, EngineContext } from "./engine";

export function start(context: EngineContext): Engine {
  const { source, tracks, url, video } = context;
  mpegts.LoggingControl.applyConfig({ enableAll: false });
  const player = mpegts.createPlayer(
    {
      type: source.protocol.endsWith("flv") ? "flv" : "mpegts",
      isLive: true,
      url,
      // Without tracks known, the container's own header decides.
      ...(tracks.length > 0 && {
        hasAudio: tracks.some((track) => track.kind === "audio"),
        hasVideo: tracks.some((track) => track.kind === "video"),
      }),
    },
    {
      // The stash collects hundreds of kilobytes before the first picture: delay for no gain on a live stream.
      enableStashBuffer: false,
      lazyLoad: false,
      // A hidden tab must be able to start, too.
      deferLoadAfterSourceOpen: false,
      autoCleanupSourceBuffer: true,
      autoCleanupMaxBackwardDuration: 30,
      autoCleanupMinBackwardDuration: 10,
      statisticsInfoReportInterval: REPORT_MS,
    },
  );
  let bytes = 0;
  player.on(mpegts.Events.STATISTICS_INFO, (info: { speed?: number }) => {
    // `speed` is in KiB/s over the last report interval.
    bytes += (info.speed ?? 0) * 1024 * (REPORT_MS / 1000);
  });
  player.on(mpegts.Events.ERROR, (type: string, detail: string, info?: { msg?: string }) => {
    const kind = type === mpegts.ErrorTypes.NETWORK_ERROR ? "network" : "media";
    context.onFailure(kind, [detail, info?.msg].filter(Boolean).join(": "));
  });
  player.on(mpegts.Events.LOADING_COMPLETE, () => context.onEnd());
  player.attachMediaElement(video);
  player.load();
  return {
    keepsLiveEdge: false,
    receivedBytes: () => bytes,
    destroy: () => player.destroy(),
  };
}

const REPORT_MS = 500;
