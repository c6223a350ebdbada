/**
 * Uploads under way, whichever page of the app is open: tus 1.0, in pieces that get through proxies. They go on after
 * a lost connection by themselves, and after a reload as soon as the file is chosen again.
 */

import { DetailedError, Upload, type PreviousUpload } from "tus-js-client";
import { ApiError } from "../../api";
import { answerOf } from "../api/client";
import { Rate } from "./rate";

export type UploadState = "starting" | "sending" | "paused" | "offline" | "failed" | "done";

export interface UploadItem {
  readonly key: number;
  readonly file: File;
  state: UploadState;
  sent: number;
  speed: number | undefined;
  leftMs: number | undefined;
  /** The video it becomes, from its first answer on. */
  videoId: string | undefined;
  error: unknown;
}

/** Bytes of one request: most proxies let this much through. */
const CHUNK_BYTES = 8 * 1024 * 1024;
/** A piece that fails is tried again after these; then it is the person's turn. */
const RETRY_DELAYS_MS = [0, 1_000, 3_000, 5_000, 10_000, 20_000, 30_000];
const TELL_EVERY_MS = 250;

let items: readonly UploadItem[] = [];
let lastKey = 0;
let toldAt = 0;
const listeners = new Set<() => void>();
const running = new Map<number, { upload: Upload; rate: Rate }>();

export function listenUploads(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function uploadItems(): readonly UploadItem[] {
  return items;
}

/** Begins with a file; with `address`, goes on with what of it is there already. */
export function addUpload(file: File, privacy: string, address?: string): void {
  const item: UploadItem = { key: (lastKey += 1), file, state: "starting", sent: 0, speed: undefined, leftMs: undefined, videoId: undefined, error: undefined };
  items = [...items, item];
  const rate = new Rate();
  const upload = new Upload(file, {
    endpoint: "/api/v1/uploads",
    ...(address === undefined ? {} : { uploadUrl: address }),
    chunkSize: CHUNK_BYTES,
    retryDelays: RETRY_DELAYS_MS,
    metadata: { filename: file.name, filetype: file.type, privacy },
    removeFingerprintOnSuccess: true,
    onProgress: (sent) => {
      rate.note(performance.now(), sent);
      change(item.key, { state: "sending", sent, speed: rate.perSecond(), leftMs: rate.leftMs(file.size) }, true);
    },
    onAfterResponse: (_request, response) => {
      // What the library calls undefined is null in browsers.
      const videoId: string | null | undefined = response.getHeader("Weir-Video-Id");
      if (typeof videoId === "string" && videoId !== "") change(item.key, { videoId });
    },
    onShouldRetry: (error) => navigator.onLine && (error as DetailedError).originalResponse?.getStatus() !== 413 && isPassing(error as DetailedError),
    onError: (error) => {
      rate.clear();
      if (!navigator.onLine) change(item.key, { state: "offline" });
      else change(item.key, { state: "failed", error: reasonOf(error) });
    },
    onSuccess: () => change(item.key, { state: "done", sent: file.size }),
  });
  running.set(item.key, { upload, rate });
  tell();
  void begin(upload, address);
}

export function pauseUpload(key: number): void {
  const entry = running.get(key);
  if (entry === undefined) return;
  entry.rate.clear();
  change(key, { state: "paused" });
  void entry.upload.abort();
}

export function resumeUpload(key: number): void {
  change(key, { state: "starting", error: undefined });
  running.get(key)?.upload.start();
}

/** Stops it, and takes away what is there. */
export async function cancelUpload(key: number): Promise<void> {
  const entry = running.get(key);
  const state = items.find((item) => item.key === key)?.state;
  items = items.filter((item) => item.key !== key);
  running.delete(key);
  tell();
  if (state !== "done") await entry?.upload.abort(true).catch(() => {});
}

/** The same file on this device goes on where it was. */
async function begin(upload: Upload, address: string | undefined): Promise<void> {
  if (address === undefined) {
    const [before]: PreviousUpload[] = await upload.findPreviousUploads().catch(() => []);
    if (before !== undefined) upload.resumeFromPreviousUpload(before);
  }
  upload.start();
}

/** Whether another try may do better: silence and the server's own troubles pass, refusals do not. */
function isPassing(error: DetailedError): boolean {
  const status = error.originalResponse?.getStatus() ?? 0;
  return status === 0 || status >= 500 || status === 409 || status === 423 || status === 429;
}

/** The server's own reason, or whoever stands before it. */
function reasonOf(error: unknown): unknown {
  const response = (error as Partial<DetailedError>).originalResponse;
  if (response === null || response === undefined) return new ApiError(0, "unreachable", String(error));
  try {
    answerOf(response.getStatus(), response.getBody());
  } catch (refused) {
    return refused;
  }
  return error;
}

function change(key: number, changes: Partial<UploadItem>, isFrequent = false): void {
  items = items.map((item) => (item.key === key ? { ...item, ...changes } : item));
  const now = performance.now();
  if (isFrequent && now - toldAt < TELL_EVERY_MS) return;
  toldAt = now;
  tell();
}

function tell(): void {
  for (const listener of listeners) listener();
}

// The library gives up without a connection: what waited for one goes on with it.
window.addEventListener("online", () => {
  for (const { key, state } of items) if (state === "offline") resumeUpload(key);
});
window.addEventListener("offline", () => {
  for (const { key, state } of items) {
    if (state !== "sending" && state !== "starting") continue;
    change(key, { state: "offline" });
    void running.get(key)?.upload.abort();
  }
});
window.addEventListener("beforeunload", (event) => {
  if (items.some(({ state }) => state === "sending" || state === "starting")) event.preventDefault();
});
