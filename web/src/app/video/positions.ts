/** Where somebody who is not signed in stopped, on this device. */

const KEY = "weir.positions";
/** The oldest leave. */
const KEPT_MAX = 50;

type Positions = Record<string, number>;

function load(): Positions {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}") as unknown;
    return typeof stored === "object" && stored !== null ? (stored as Positions) : {};
  } catch {
    return {};
  }
}

export function loadPosition(id: string): number | undefined {
  const position = load()[id];
  return typeof position === "number" && position >= 0 ? position : undefined;
}

export function savePosition(id: string, ms: number): void {
  // Written last is kept longest: objects keep the order of their keys.
  const { [id]: _before, ...others } = load();
  const kept = Object.entries(others).slice(1 - KEPT_MAX);
  try {
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries([...kept, [id, Math.round(ms)]])));
  } catch {
    // No storage here: it is simply not remembered.
  }
}
