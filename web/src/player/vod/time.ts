/** Times on a video's timeline, as people and WebVTT write them. Pure. */

export interface Chapter {
  start_ms: number;
  title: string;
}

/** `1:02:03`, `2:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Milliseconds of `1:02:03`, `2:03`, `1h2m3s` or `90`; nothing when it is none of them. */
export function parseClock(text: string): number | undefined {
  const trimmed = text.trim();
  const units = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/.exec(trimmed);
  if (trimmed !== "" && units !== null) {
    const [, h = "0", m = "0", s = "0"] = units;
    return (Number(h) * 3600 + Number(m) * 60 + Number(s)) * 1000;
  }
  const parts = trimmed.split(":");
  if (parts.length < 2 || parts.length > 3 || parts.some((part) => !/^\d{1,3}(\.\d+)?$/.test(part))) return undefined;
  return Math.round(parts.reduce((sum, part) => sum * 60 + Number(part), 0) * 1000);
}

/** The chapters as WebVTT, for the seek bar. Titles are text: what would begin markup is written as what it is. */
export function chaptersVtt(chapters: readonly Chapter[], durationMs: number): string {
  const cues = chapters.map(({ start_ms, title }, at) => {
    const end = chapters[at + 1]?.start_ms ?? Math.max(durationMs, start_ms + 1);
    return `${stamp(start_ms)} --> ${stamp(end)}\n${title.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(/\s+/g, " ")}\n`;
  });
  return `WEBVTT\n\n${cues.join("\n")}`;
}

/** The chapter that is on. */
export function chapterAt(chapters: readonly Chapter[], ms: number): Chapter | undefined {
  return chapters.findLast((chapter) => chapter.start_ms <= ms);
}

function stamp(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(Math.floor(ms) % 1000).padStart(3, "0")}`;
}
