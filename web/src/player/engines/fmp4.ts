/**
 * Fragmented MP4 over a WebSocket or one endless HTTP answer, straight into a source buffer: an init segment, then
 * fragments from a key frame on. The shortest way to the picture there is.
 */

import { mp4Type } from "../choose";
import { SourceQueue } from "../source-queue";
import type { Engine, EngineContext } from "./engine";

export function start(context: EngineContext): Engine {
  const { source, url, video } = context;
  const Source = window.MediaSource ?? (window as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource;
  const media = new Source();
  const objectUrl = URL.createObjectURL(media);
  let queue: SourceQueue | undefined;
  let bytes = 0;
  let done = false;

  const fail = (kind: "network" | "media", detail: string) => {
    if (done) return;
    close();
    context.onFailure(kind, detail);
  };
  const end = () => {
    if (done) return;
    close();
    context.onEnd();
  };
  // The bytes may be here before the media source is open; they wait.
  let early: Uint8Array<ArrayBuffer>[] = [];
  const push = (chunk: Uint8Array<ArrayBuffer>) => {
    if (done) return;
    bytes += chunk.byteLength;
    if (queue !== undefined) queue.push(chunk);
    else if (bytes <= EARLY_MAX_BYTES) early.push(chunk);
    else fail("media", `the media source did not open within ${EARLY_MAX_BYTES} bytes`);
  };
  const stopInput = url.startsWith("ws") ? readSocket(url, { push, end, fail }) : readHttp(url, { push, end, fail });

  media.addEventListener(
    "sourceopen",
    () => {
      if (done) return;
      URL.revokeObjectURL(objectUrl);
      try {
        media.duration = Number.POSITIVE_INFINITY;
        const buffer = media.addSourceBuffer(mp4Type(source.codecs));
        buffer.addEventListener("updateend", () => startAtBuffer(video));
        queue = new SourceQueue(buffer, () => video.currentTime, { onError: (detail) => fail("media", detail) });
      } catch (error) {
        fail("media", String(error));
        return;
      }
      for (const chunk of early) queue.push(chunk);
      early = [];
    },
    { once: true },
  );
  const onVideoError = () => fail("media", video.error?.message ?? "unknown media error");
  video.addEventListener("error", onVideoError);
  // Needed by ManagedMediaSource, which else waits for an AirPlay alternative.
  video.disableRemotePlayback = true;
  video.src = objectUrl;

  /** Stops the input; what is buffered stays on the screen. */
  function close() {
    done = true;
    stopInput();
    queue?.close();
    video.removeEventListener("error", onVideoError);
  }
  return {
    keepsLiveEdge: false,
    receivedBytes: () => bytes,
    destroy: () => {
      close();
      video.removeAttribute("src");
      video.load();
    },
  };
}

interface Sink {
  push(chunk: Uint8Array<ArrayBuffer>): void;
  end(): void;
  fail(kind: "network", detail: string): void;
}

function readSocket(url: string, sink: Sink): () => void {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (data instanceof ArrayBuffer) sink.push(new Uint8Array(data));
  });
  socket.addEventListener("close", ({ code, wasClean }) => {
    if (wasClean) sink.end();
    else sink.fail("network", `the WebSocket closed with code ${code}`);
  });
  return () => socket.close();
}

function readHttp(url: string, sink: Sink): () => void {
  const abort = new AbortController();
  const read = async () => {
    const response = await fetch(url, { signal: abort.signal });
    if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      sink.push(value);
    }
  };
  read().then(
    () => sink.end(),
    (error: unknown) => sink.fail("network", String(error)),
  );
  return () => abort.abort();
}

/** The stream's clock does not start at 0: go to where the data is. */
function startAtBuffer(video: HTMLVideoElement): void {
  if (video.buffered.length > 0 && video.currentTime < video.buffered.start(0)) {
    video.currentTime = video.buffered.start(0);
  }
}

/** The same limit as for data waiting to be appended. */
const EARLY_MAX_BYTES = 16 * 1024 * 1024;
