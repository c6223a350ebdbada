/** Texts of the app; the player has its own, which are there before the app is. One language is loaded. */

import { fill, language, type Language } from "..";
import type { en } from "./en";
import type { en as enMore } from "./en.more";

export { language };
type Texts = typeof en & typeof enMore;
export type Key = keyof Texts;
export type Messages = Record<keyof typeof en, string>;
export type MoreMessages = Record<keyof typeof enMore, string>;

type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Arguments<K extends Key> = [Names<Texts[K]>] extends [never]
  ? []
  : [values: Record<Names<Texts[K]>, string | number>];

const LOADERS: Readonly<Record<Language, () => Promise<Messages>>> = {
  en: async () => (await import("./en")).en,
  "zh-TW": async () => (await import("./zh-TW")).zhTW,
  "zh-CN": async () => (await import("./zh-CN")).zhCN,
};

const MORE_LOADERS: Readonly<Record<Language, () => Promise<MoreMessages>>> = {
  en: async () => (await import("./en.more")).en,
  "zh-TW": async () => (await import("./zh-TW.more")).zhTW,
  "zh-CN": async () => (await import("./zh-CN.more")).zhCN,
};

let messages: Partial<Record<Key, string>> = {};

/** Has to be done before anything is shown. */
export async function loadTexts(of: Language = language): Promise<void> {
  const loaded = await LOADERS[of]();
  messages = { ...messages, ...loaded };
}

/** What only those see who are signed in: has to be done before their pages are. */
export async function loadMore(of: Language = language): Promise<void> {
  const loaded = await MORE_LOADERS[of]();
  messages = { ...messages, ...loaded };
}

export function t<K extends Key>(key: K, ...values: Arguments<K>): string {
  return fill(messages[key] ?? key, values[0]);
}

export function has(key: string): boolean {
  return Object.hasOwn(messages, key);
}

/** A number of things, in the language's own plural: the texts are `{key}.one` and `{key}.other`. */
export function count<K extends string>(key: `${K}.one` extends Key ? K : never, value: number, written = number): string {
  const form = new Intl.PluralRules(language).select(value) === "one" ? "one" : "other";
  return fill(messages[`${key}.${form}` as Key] ?? key, { count: written(value) });
}

/** A whole number with the language's separators. */
export function number(value: number): string {
  return new Intl.NumberFormat(language).format(value);
}

/** Short form for tight places: 12K, 1.2萬. */
export function compact(value: number): string {
  return new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

/** Bytes as people read them: 1.5 GB. */
export function bytes(value: number): string {
  const [unit, size] = SIZES.find(([, each]) => value >= each) ?? (["byte", 1] as const);
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: unit === "byte" ? "narrow" : "short", maximumFractionDigits: value / size < 10 && size > 1 ? 1 : 0 }).format(value / size);
}

const SIZES = [
  ["terabyte", 1e12],
  ["gigabyte", 1e9],
  ["megabyte", 1e6],
  ["kilobyte", 1e3],
] as const;

/** A length of time in its two largest units: 1 h 5 min, 12 s. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const unit = (value: number, name: string) => new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "short" }).format(value);
  if (seconds < 60) return unit(seconds, "second");
  if (seconds < 3600) return `${unit(Math.floor(seconds / 60), "minute")}${seconds < 600 ? ` ${unit(seconds % 60, "second")}` : ""}`;
  return `${unit(Math.floor(seconds / 3600), "hour")} ${unit(Math.floor((seconds % 3600) / 60), "minute")}`;
}

/** Day and time of unix milliseconds. */
export function dateTime(ms: number): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(ms);
}

/** The day of unix milliseconds. */
export function day(ms: number): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(ms);
}

/** "5 minutes ago", "in 2 days". */
export function ago(ms: number, now = Date.now()): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const seconds = Math.round((ms - now) / 1000);
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  }
  return t("justNow");
}

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
