// The app's texts. Tests are written with the English ones; in a window of another language they look for what the
// same text is there. Playwright's ways to find something by its words are taught that once, here.

import { readFileSync } from "node:fs";

const I18N = new URL("../../web/src/i18n/", import.meta.url);
const LINE = /^ {2}"?([\w.]+)"?:\s*(".*"),?$/;

function texts(language) {
  const files = [`${language}.ts`, `app/${language}.ts`, `app/${language}.more.ts`];
  const lines = files.flatMap((file) => readFileSync(new URL(file, I18N), "utf8").split("\n"));
  return new Map(lines.flatMap((line) => (LINE.test(line) ? [LINE.exec(line).slice(1)] : [])).map(([key, text]) => [key, JSON.parse(text)]));
}

const escaped = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
const PLACE = /\{(\w+)\}/g;
const PLACE_ONLY = /\{\w+\}/;

const patternOf = (text) => text.split(PLACE_ONLY).map(escaped).join(".+?");

/** The text of this name, in `language`, with anything in its places. */
export function said(key, language) {
  return new RegExp(patternOf(texts(language).get(key)));
}

/** What `words`, an English text of the app with its places filled in, may be in `language`: a pattern, or nothing. */
export function translator(language) {
  const english = [...texts("en")].map(([key, text]) => {
    const pattern = new RegExp(`^${text.split(PLACE_ONLY).map(escaped).join("(.+?)")}$`, "is");
    return { key, text, pattern, names: [...text.matchAll(PLACE)].map(([, name]) => name) };
  });
  const other = texts(language);
  const known = new Map();
  const find = (words) => {
    if (!known.has(words)) {
      known.set(words, []);
      known.set(words, [...new Set(english.flatMap((text) => filled(text, words)))]);
    }
    return known.get(words);
  };
  /** What fills a place may be one of the app's texts too: "End stream: live/x". */
  const filled = ({ key, pattern, names }, words) => {
    const match = pattern.exec(words);
    if (match === null || !other.has(key)) return [];
    return names.reduce(
      (all, name, at) => all.flatMap((text) => [match[at + 1], ...find(match[at + 1])].map((value) => text.replace(`{${name}}`, value))),
      [other.get(key)],
    );
  };
  return (words, isExact = false) => {
    if (typeof words !== "string") return words;
    // A number or a dot beside a text is no part of it: "Following 2", "· closed".
    const [, before = "", text, after = ""] = /^(· )?(.*?)( \d+|: [^:]+)?$/s.exec(words);
    const found = new Set([...find(words), ...find(text).map((each) => before + each + after)].map(escaped));
    // The beginning of a text stands for all of it.
    if (found.size === 0) for (const { key, text: whole } of english) if (whole.startsWith(words)) found.add(patternOf(other.get(key)));
    if (found.size === 0) return words;
    const either = [escaped(words), ...found].join("|");
    return isExact ? new RegExp(`^\\s*(?:${either})\\s*$`) : new RegExp(either);
  };
}

/** From now on `page` and everything found in it, and all pages like it, is looked for in `language`. */
export function speak(page, language) {
  const translate = translator(language);
  const put = (options = {}) => {
    const { name, hasText, ...rest } = options;
    return {
      ...rest,
      ...(name === undefined ? {} : { name: translate(name, rest.exact) }),
      ...(hasText === undefined ? {} : { hasText: translate(hasText) }),
    };
  };
  for (const prototype of [Object.getPrototypeOf(page), Object.getPrototypeOf(page.locator("html"))]) {
    const { getByRole, getByLabel, getByText, locator, filter } = prototype;
    Object.assign(prototype, {
      getByRole(role, options) {
        return getByRole.call(this, role, put(options));
      },
      getByLabel(text, options) {
        return getByLabel.call(this, translate(text, options?.exact), options);
      },
      getByText(text, options) {
        return getByText.call(this, translate(text, options?.exact), options);
      },
      locator(selector, options) {
        return locator.call(this, selector, options && put(options));
      },
      ...(filter === undefined
        ? {}
        : {
            filter(options) {
              return filter.call(this, put(options));
            },
          }),
    });
  }
}
