/** Texts in the viewer's language. A key missing from a dictionary does not compile. */

import { en } from "./en";
import { zhCN } from "./zh-CN";
import { zhTW } from "./zh-TW";

const LANGUAGE_KEY = "weir.language";

export type Key = keyof typeof en;
export type Messages = Record<Key, string>;
export type Language = "en" | "zh-TW" | "zh-CN";

/** `{name}` placeholders of a message, read from its English text. */
type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Arguments<K extends Key> = [Names<(typeof en)[K]>] extends [never]
  ? []
  : [values: Record<Names<(typeof en)[K]>, string | number>];

export const dictionaries: Readonly<Record<Language, Messages>> = { en, "zh-TW": zhTW, "zh-CN": zhCN };

/** The first language of the viewer that there are texts for. */
export function pickLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const lower = tag.toLowerCase();
    if (lower === "en" || lower.startsWith("en-")) return "en";
    if (lower === "zh" || lower.startsWith("zh-")) {
      // Script decides, then region; `zh` alone mostly means Simplified.
      return /-hant|-(tw|hk|mo)\b/.test(lower) && !lower.includes("-hans") ? "zh-TW" : "zh-CN";
    }
  }
  return "en";
}

/** Language of this page: `?lang=` first, then what was chosen here before, then what the browser asks for. */
export const language: Language = pickLanguage([
  new URLSearchParams(location.search).get("lang") ?? "",
  rememberedLanguage(),
  ...navigator.languages,
]);

/** Names a language for the people who read it. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { "zh-TW": "繁體中文", "zh-CN": "简体中文", en: "English" };

/** Keeps a choice for the next pages. */
export function rememberLanguage(chosen: Language): void {
  try {
    localStorage.setItem(LANGUAGE_KEY, chosen);
  } catch {
    // No storage here: the choice holds for this page's address only.
  }
}

function rememberedLanguage(): string {
  try {
    return localStorage.getItem(LANGUAGE_KEY) ?? "";
  } catch {
    return "";
  }
}

export function t<K extends Key>(key: K, ...values: Arguments<K>): string {
  return fill(dictionaries[language][key], values[0]);
}

export function fill(text: string, values: Readonly<Record<string, string | number>> = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** "3 viewers", in the language's own plural. */
export function viewers(count: number): string {
  const plural = new Intl.PluralRules(language).select(count);
  return t(plural === "one" ? "live.viewers.one" : "live.viewers.other", {
    count: new Intl.NumberFormat(language).format(count),
  });
}

/** "Live for 2 h 5 min". */
export function onAir(forMs: number): string {
  const minutes = Math.floor(forMs / 60_000);
  if (minutes < 1) return t("live.justNow");
  if (minutes < 60) return t("live.minutes", { minutes });
  return t("live.hours", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}
