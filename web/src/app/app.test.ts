import { beforeAll, describe, expect, test } from "vitest";
import { ApiError } from "../api";
import { loadMore, loadTexts } from "../i18n/app";
import { safeNext } from "./account/next";
import { addressOf } from "./api/client";
import { codeText, errorText } from "./api/errors";
import { pictureOf } from "./api/video-files";
import { hue, initial, ownPicture } from "./looks";
import { isComposing } from "./room/ime";
import { programName } from "./settings/program";
import { adviceText } from "./studio/advice";
import { labelsOf } from "./studio/EditRoom";
import { fromLocalInput, toLocalInput } from "./studio/schedule";

beforeAll(() => Promise.all([loadTexts("zh-TW"), loadMore("zh-TW")]));

describe("addresses of calls", () => {
  test("hold what belongs into path and query, escaped, and nothing that was left out", () => {
    expect(addressOf("/rooms/{id}/bans/{ban_id}", { id: 3, ban_id: 4 }, { cursor: undefined, q: "a&b", limit: 0 })).toBe("/rooms/3/bans/4?q=a%26b&limit=0");
    expect(addressOf("/users/{name}", { name: "a/b?c" })).toBe("/users/a%2Fb%3Fc");
  });
});

describe("errors", () => {
  test("are said in the viewer's language, known ones by their code", () => {
    expect(codeText("not_enough_coins", "You have 3 coins.")).toBe("金幣不足，請先儲值。");
  });

  test("that are unknown never show the server's raw words", () => {
    expect(errorText(new ApiError(500, "boom", "panicked at src/x.rs"))).not.toContain("panicked");
    expect(errorText(new ApiError(0, "unreachable", ""))).toBe("連不上伺服器，請檢查網路。");
    expect(errorText("what")).not.toBe("");
  });
});

test("after signing in nobody is led to another site", () => {
  for (const next of ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", undefined]) expect(safeNext(next)).toBe("/");
  expect(safeNext("/live/7")).toBe("/live/7");
});

test("pictures of other sites are not shown", () => {
  expect(ownPicture("https://tracker.example/p.png")).toBeUndefined();
  expect(ownPicture("/media/images/a.png")).toBe("/media/images/a.png");
});

test("pictures of a video that is not for everybody need the permission to watch, and are not asked for without", () => {
  const video = { cover: "/streams/a/thumb-0.jpg", privacy: "private", play_sign: "1-s" };
  expect(pictureOf(video)).toBe("/streams/a/thumb-0.jpg?sign=1-s");
  expect(pictureOf(video, "/streams/a/thumb-1.jpg")).toBe("/streams/a/thumb-1.jpg?sign=1-s");
  expect(pictureOf({ ...video, play_sign: null })).toBeUndefined();
  expect(pictureOf({ ...video, privacy: "unlisted" })).toBe("/streams/a/thumb-0.jpg");
  expect(pictureOf({ ...video, cover: "/media/images/a.png" })).toBe("/media/images/a.png");
});

test("what has no picture has a steady colour and a letter", () => {
  expect(hue("mei")).toBe(hue("mei"));
  expect([initial(" 小美"), initial("🐱 cat"), initial("")]).toEqual(["小", "🐱", "?"]);
});

test("Enter belongs to the input method while it composes, also in browsers that only say 229", () => {
  expect(isComposing({ isComposing: true, keyCode: 13 })).toBe(true);
  expect(isComposing({ isComposing: false, keyCode: 229 })).toBe(true);
  expect(isComposing({ isComposing: false, keyCode: 13 })).toBe(false);
});

test("sessions are named after browser and system", () => {
  expect(programName("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0")).toBe("Edge · Windows");
  expect(programName("")).toBeUndefined();
});

test("advice about a stream is in the host's language, with its numbers; new advice is passed on", () => {
  expect(adviceText("Keyframe interval is 10 s: set it to 2 s in OBS → Settings → Output.")).toContain("10 秒");
  expect(adviceText("Only 12 of 30 pictures a second come in: …")).toMatch(/12.*30/);
  expect(adviceText("Something new.")).toBe("Something new.");
});

test("labels are what stands between commas of any kind, each once", () => {
  expect(labelsOf("貓，水彩, 貓、 ")).toEqual(["貓", "水彩"]);
});

test("a planned time survives the way into the form and back", () => {
  const at = Date.UTC(2026, 10, 21, 12, 30);
  expect(fromLocalInput(toLocalInput(at))).toBe(at);
  expect([toLocalInput(null), fromLocalInput("")]).toEqual(["", undefined]);
});
