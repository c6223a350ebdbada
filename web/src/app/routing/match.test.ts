import { describe, expect, test } from "vitest";
import { hrefOf, matchPath, searchOf } from "./match";

describe("addresses of pages", () => {
  test("give what the pattern leaves open, whatever letters it has", () => {
    expect(matchPath("/live/$id", "/live/7")).toEqual({ id: "7" });
    expect(matchPath("/@$username", "/@mei")).toEqual({ username: "mei" });
    expect(matchPath("/c/$category", `/c/${encodeURIComponent("繪畫/油畫")}`)).toEqual({ category: "繪畫/油畫" });
    expect(matchPath("/studio/videos/$id", "/studio/videos/abc/")).toEqual({ id: "abc" });
  });

  test("are not somebody else's", () => {
    expect(matchPath("/live/$id", "/live/7/more")).toBeUndefined();
    expect(matchPath("/", "/browse")).toBeUndefined();
    expect(matchPath("/c/$category", "/c/%E0%A4%A")).toBeUndefined();
    expect(matchPath("/browse", "/browse.html")).toBeUndefined();
  });

  test("are written so that they are read back the same", () => {
    const href = hrefOf("/c/$category", { category: "a/b ?" }, { q: "x&y", show: undefined });
    expect(href).toBe("/c/a%2Fb%20%3F?q=x%26y");
    expect(matchPath("/c/$category", href.split("?")[0] ?? "")).toEqual({ category: "a/b ?" });
    expect(searchOf("?q=x%26y&next=")).toEqual({ q: "x&y" });
  });
});
