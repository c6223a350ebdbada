/** As whom somebody who is not signed in watches, kept on this device: a reload is no new viewer. */

const KEY = "weir.viewers";
/** After this long the same viewer counts again anyway (docs/videos.md), and nothing is gained by being known. */
const KEPT_MS = 6 * 3_600_000;
/** The oldest leave. */
const KEPT_MAX = 50;

type Viewers = Record<string, [viewer: string, sinceMs: number]>;

/** Who watches a video: who it was before, else `given`, which is kept. */
export function keptViewer(video: string, given: string, nowMs = Date.now()): string {
  const fresh = Object.entries(load()).filter(([, [, sinceMs]]) => nowMs - sinceMs < KEPT_MS && sinceMs <= nowMs);
  const known = fresh.find(([id]) => id === video)?.[1][0];
  if (known !== undefined) return known;
  const kept = [...fresh.slice(1 - KEPT_MAX), [video, [given, nowMs]]];
  try {
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(kept)));
  } catch {
    // No storage here: it is simply not remembered.
  }
  return given;
}

function load(): Viewers {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}") as unknown;
    const entries = typeof stored === "object" && stored !== null ? Object.entries(stored) : [];
    return Object.fromEntries(entries.filter(([, kept]) => Array.isArray(kept) && typeof kept[0] === "string" && typeof kept[1] === "number"));
  } catch {
    return {};
  }
}
