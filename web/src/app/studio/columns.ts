/** Columns of a chart. Pure. */

export interface Column {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A column for each value, the largest as high as there is room; what is nothing has a foot that can be pointed at. */
export function columns(values: readonly number[], width: number, height: number): Column[] {
  const max = Math.max(...values, 1);
  const step = width / Math.max(1, values.length);
  return values.map((value, at) => {
    const high = Math.max(FOOT, (value / max) * height);
    return { x: at * step + step * GAP, y: height - high, width: step * (1 - 2 * GAP), height: high };
  });
}

const FOOT = 0.6;
/** Part of a step that is left free on either side. */
const GAP = 0.12;
