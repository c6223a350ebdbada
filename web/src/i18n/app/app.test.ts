import { beforeAll, describe, expect, test } from "vitest";
import { ago, count, has, loadTexts } from ".";
import { en as enFirst } from "./en";
import { en as enMore } from "./en.more";
import { zhCN as zhCNFirst } from "./zh-CN";
import { zhCN as zhCNMore } from "./zh-CN.more";
import { zhTW as zhTWFirst } from "./zh-TW";
import { zhTW as zhTWMore } from "./zh-TW.more";

const en = { ...enFirst, ...enMore };
const zhTW = { ...zhTWFirst, ...zhTWMore };
const zhCN = { ...zhCNFirst, ...zhCNMore };

const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).toSorted();

describe("the app's texts", () => {
  beforeAll(() => loadTexts("en"));

  test.each([["zh-TW", zhTW], ["zh-CN", zhCN]] as const)("have the same places to fill in %s as in English", (_name, texts) => {
    for (const [key, text] of Object.entries(en)) expect([key, places(texts[key as keyof typeof en])]).toEqual([key, places(text)]);
  });

  test("keep the two scripts apart", () => {
    const simplifiedOnly = /[个这说时间务过还没请让给谁]/;
    const traditionalOnly = /[個這說時間務過還沒請讓給誰]/;
    // Characters both scripts use are left out of the comparison.
    const shared = /[没間间]/g;
    for (const text of Object.values(zhTW)) expect(text.replaceAll(shared, "")).not.toMatch(simplifiedOnly);
    for (const text of Object.values(zhCN)) expect(text.replaceAll(/[間沒]/g, "")).not.toMatch(traditionalOnly);
  });

  test("say how long ago something was, in the largest whole unit", () => {
    const now = 1_000_000_000_000;
    expect(ago(now - 20_000, now)).toBe("just now");
    expect(ago(now - 5 * 60_000, now)).toBe("5 minutes ago");
    expect(ago(now + 2 * 86_400_000, now)).toBe("in 2 days");
  });

  test("of pages that everybody sees are there without those of the signed-in", () => {
    const sources = import.meta.glob("../../app/**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true }) as Record<string, string>;
    const forAll = Object.entries(sources).filter(([path]) => !/\/(studio|me|settings|admin)\/|\.test\.|PictureField/.test(path));
    expect(forAll.length).toBeGreaterThan(40);
    for (const [path, source] of forAll) {
      for (const [, key = ""] of source.matchAll(/\bt\(\s*"([\w.]+)"/g)) expect([path, key, key in enFirst]).toEqual([path, key, true]);
    }
  });

  test("know which keys there are", () => {
    expect(has("error.banned")).toBe(true);
    expect(has("toString")).toBe(false);
    expect([count("coins", 1), count("coins", 3)]).toEqual(["1 coin", "3 coins"]);
  });
});
