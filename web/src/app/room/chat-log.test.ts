import { describe, expect, test } from "vitest";
import type { Comment } from "../api/schema";
import { changeLog, LINES_MAX, type Line } from "./chat-log";

const comment = (id: number, more: Partial<Comment> = {}): Comment => ({
  id,
  live_id: 1,
  user: { id: 7, name: "Mei", username: "mei", avatar: "" },
  content: `message ${id}`,
  colour: "#ffffff",
  mode: "scroll",
  created_at: id,
  is_deleted: false,
  ...more,
});
const ids = (lines: readonly Line[]) => lines.map((line) => line.key);

describe("the chat's lines", () => {
  test("are not repeated when the history comes again after a reconnect, and what was missed is filled in", () => {
    const before = changeLog([], { type: "said", comments: [comment(1), comment(2)] });
    const after = changeLog(before, { type: "history", comments: [comment(1), comment(2), comment(3)] });
    expect(ids(after)).toEqual(["c1", "c2", "c3"]);
  });

  test("come in the order they were said, also when an older one arrives late", () => {
    const lines = changeLog(changeLog([], { type: "said", comments: [comment(5)] }), { type: "history", comments: [comment(4)] });
    expect(ids(lines)).toEqual(["c4", "c5"]);
  });

  test("never grow beyond their limit", () => {
    let lines: readonly Line[] = [];
    for (let id = 1; id <= LINES_MAX + 50; id += 1) lines = changeLog(lines, { type: "said", comments: [comment(id)] });
    expect(lines.length).toBe(LINES_MAX);
    expect(lines.at(-1)?.key).toBe(`c${LINES_MAX + 50}`);
  });

  test("lose what was deleted, and all of somebody who was banned", () => {
    const other = { id: 8, name: "Tom", username: "tom", avatar: "" };
    const lines = changeLog([], { type: "said", comments: [comment(1), comment(2), comment(3, { user: other })] });
    expect(ids(changeLog(lines, { type: "deleted", id: 2 }))).toEqual(["c1", "c3"]);
    expect(ids(changeLog(lines, { type: "silenced", userId: 7 }))).toEqual(["c3"]);
  });

  test("do not show what was deleted before one came", () => {
    expect(changeLog([], { type: "history", comments: [comment(1, { is_deleted: true })] })).toEqual([]);
  });
});
