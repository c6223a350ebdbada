import { describe, expect, test } from "vitest";
import { dictionaries, fill, type Key, pickLanguage } from "./index";

const keys = Object.keys(dictionaries.en) as Key[];
const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).toSorted();

describe.each(["zh-TW", "zh-CN"] as const)("%s", (language) => {
  const messages = dictionaries[language];

  test("has every text and no other", () => {
    expect(Object.keys(messages).toSorted()).toEqual(keys.toSorted());
  });

  test("fills in the same values as English", () => {
    const wrong = keys.filter((key) => placeholders(messages[key]).join() !== placeholders(dictionaries.en[key]).join());
    expect(wrong).toEqual([]);
  });

  test("leaves no text empty or in English", () => {
    const untranslated = keys.filter((key) => messages[key].trim() === "" || messages[key] === dictionaries.en[key]);
    // A dash is the same everywhere.
    expect(untranslated).toEqual(["stats.none"]);
  });
});

test("Traditional and Simplified use their own characters and words", () => {
  const simplified = /[们这为时会说网络视频链复检连续观点开说务]/;
  const words = Object.values(dictionaries["zh-TW"]).join("");
  expect(words).not.toMatch(simplified);
  expect(words).not.toMatch(/視頻|網絡|服務器|屏幕|信息|鏈接|默認/);
  expect(Object.values(dictionaries["zh-CN"]).join("")).not.toMatch(/[這們為時會說網絡視頻鏈複檢連續觀點開務]/);
});

test.each([
  [["zh-TW"], "zh-TW"],
  [["zh-Hant-HK", "en"], "zh-TW"],
  [["zh-HK"], "zh-TW"],
  [["zh-Hans-TW"], "zh-CN"],
  [["zh"], "zh-CN"],
  [["zh-SG"], "zh-CN"],
  [["ja", "zh-TW", "en"], "zh-TW"],
  [["", "en-GB"], "en"],
  [["fr"], "en"],
  [[], "en"],
] as const)("%j is answered in %s", (wanted, expected) => {
  expect(pickLanguage(wanted)).toBe(expected);
});

test("a value nobody gave stays visible instead of becoming “undefined”", () => {
  expect(fill("{a} and {b}", { a: 1 })).toBe("1 and {b}");
});
