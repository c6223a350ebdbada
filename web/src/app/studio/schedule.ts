/** Times between unix milliseconds and what `<input type="datetime-local">` holds, which is local and has no zone. */

export function toLocalInput(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "";
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function fromLocalInput(text: string): number | undefined {
  const ms = new Date(text).getTime();
  return Number.isNaN(ms) ? undefined : ms;
}
