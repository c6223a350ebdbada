/** What every way of playing has in common. Each engine is a chunk of its own, loaded when it is first needed. */

import type { Source, Track } from "../../api";
import type { EngineName } from "../choose";

/** `network`: the bytes stopped or never came; `media`: the browser could not use them. */
export type FailureKind = "network" | "media";

export interface EngineContext {
  video: HTMLVideoElement;
  source: Source;
  /** Absolute address, `ws:` or `wss:` for WebSocket sources. */
  url: string;
  tracks: readonly Track[];
  onFailure(kind: FailureKind, detail: string): void;
  /** The server closed the stream in good order. */
  onEnd(): void;
}

export interface Engine {
  destroy(): void;
  /** Media bytes received so far. */
  receivedBytes(): number;
  /** True if the engine itself keeps the picture close to live. */
  readonly keepsLiveEdge: boolean;
  /** Seconds behind live, where the engine knows better than the length of the buffer. */
  delayS?(): number | undefined;
  goLive?(): void;
}

export type StartEngine = (context: EngineContext) => Engine;

/** Loads the code of an engine. */
export async function loadEngine(name: EngineName): Promise<StartEngine> {
  switch (name) {
    case "mpegts":
      return (await import("./mpegts")).start;
    case "hls":
      return (await import("./hls")).start;
    case "fmp4":
      return (await import("./fmp4")).start;
  }
}
