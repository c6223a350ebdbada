import { describe, expect, test } from "vitest";
import { complete, meant, partsOf, typedName } from "./mentions";

const PEOPLE = [
  { username: "tom", name: "阿湯" },
  { username: "mei", name: "小美" },
  { username: "tim_2", name: "Tomoko" },
];

describe("people named in a message", () => {
  test("are found between any letters, and the parts are the whole message", () => {
    const message = "謝謝@Mei！ and @tim_2, see you";
    const parts = partsOf(message);
    expect(parts.filter(({ username }) => username !== undefined).map(({ username }) => username)).toEqual(["mei", "tim_2"]);
    expect(parts.map(({ text }) => text).join("")).toBe(message);
  });

  test("are not mail addresses, nor too short to be a name", () => {
    expect(partsOf("write to me@example.org or @me")).toEqual([{ text: "write to me@example.org or @me" }]);
  });

  test("are guessed from what is being typed, by either name", () => {
    expect(typedName("hi @to", 6)).toBe("to");
    expect(typedName("hi @to you", 10)).toBeUndefined();
    expect(typedName("me@exam", 7)).toBeUndefined();
    expect(meant(PEOPLE, "to", 5).map(({ username }) => username)).toEqual(["tom", "tim_2"]);
    expect(meant(PEOPLE, "小", 5).map(({ username }) => username)).toEqual(["mei"]);
    expect(meant(PEOPLE, "", 2)).toHaveLength(2);
  });

  test("are completed where the caret is, and what follows stays", () => {
    expect(complete("hi @to there", 6, "tom")).toEqual({ text: "hi @tom there", caret: 8 });
  });
});
