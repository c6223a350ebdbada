/** What happens along with playback: the server hears how far it is, and messages run over the picture. */

import { call } from "../api/client";
import type { VideoPlayer } from "../../player/vod/video-player";
import type { Shot, VideoDetail } from "../api/videos";
import { savePosition } from "./positions";
import { momentOf, Replay, SPAN_MS, Spans } from "./replay";
import { Reporter, type Report } from "./reporter";
import { keptViewer } from "./viewers";

/** What is said of a video with every report. */
type Reported = Pick<VideoDetail, "id" | "play_sign" | "viewer">;

/** Reports until the returned function is called. */
export function followPlayback(element: HTMLVideoElement, now: () => Reported): () => void {
  const reporter = new Reporter();
  const off = new AbortController();
  const { signal } = off;
  const tell = (report: Report | undefined) => {
    if (report === undefined) return;
    const { id, play_sign, viewer } = now();
    savePosition(id, report.position_ms);
    // What is lost here is told with the next report, or not missed.
    void call("POST /api/v1/videos/{id}/progress", { path: { id }, query: { sign: play_sign ?? undefined }, body: { ...report, viewer: keptViewer(id, viewer) } }).catch(() => {});
  };
  const at = () => element.currentTime * 1000;
  const play = () => tell(reporter.play(performance.now(), at()));
  const stop = () => tell(reporter.stop(performance.now(), at()));
  element.addEventListener("playing", play, { signal });
  for (const event of ["pause", "waiting", "ended", "seeking"]) element.addEventListener(event, stop, { signal });
  element.addEventListener("timeupdate", () => tell(reporter.tick(performance.now(), at())), { signal });
  window.addEventListener("pagehide", stop, { signal });
  if (!element.paused && element.readyState > 2) play();
  return () => {
    stop();
    off.abort();
  };
}

/** Shows what was said in the room, at its time, until the returned function is called. */
export function replayDanmaku(player: VideoPlayer, video: VideoDetail, show: (shot: Shot) => void): () => void {
  const element = player.video;
  const replay = new Replay();
  const spans = new Spans();
  const off = new AbortController();
  const fetchSpan = async (from: number) => {
    try {
      let begin: number | null | undefined = from;
      while (begin !== null && begin !== undefined && !off.signal.aborted) {
        const answer: { items: Shot[]; next_ms?: number | null } = await call("GET /api/v1/videos/{id}/danmaku", {
          path: { id: video.id },
          query: { from_ms: begin, to_ms: from + SPAN_MS, sign: video.play_sign ?? undefined },
          signal: off.signal,
        });
        replay.add(answer.items);
        begin = answer.next_ms;
      }
    } catch {
      spans.failed(from);
    }
  };
  const look = () => {
    const nowMs = momentOf(element.currentTime * 1000, player.wallTimeMs(), video.starts_at);
    for (const from of spans.wanted(nowMs)) void fetchSpan(from);
    if (!element.paused && !element.seeking) for (const shot of replay.due(nowMs)) show(shot);
  };
  element.addEventListener("timeupdate", look, { signal: off.signal });
  look();
  return () => off.abort();
}
