/** What a room's chat shows: messages and gifts in order, each once, never more than fit. Pure. */

import type { Comment } from "../api/schema";
import type { GiftGiven } from "../socket/room-socket";

export type Line = { kind: "comment"; key: string; comment: Comment } | { kind: "gift"; key: string; gift: GiftGiven };

/** Older lines leave: a chat of hours stays as light as one of minutes. */
export const LINES_MAX = 200;

export type Change =
  | { type: "history"; comments: readonly Comment[] }
  | { type: "said"; comments: readonly Comment[] }
  | { type: "given"; gift: GiftGiven }
  | { type: "deleted"; id: number }
  | { type: "silenced"; userId: number }
  | { type: "clear" };

export function changeLog(lines: readonly Line[], change: Change): readonly Line[] {
  switch (change.type) {
    case "history":
    case "said":
      return add(lines, change.comments);
    case "given":
      return cap([...lines, { kind: "gift", key: `g${change.gift.id}`, gift: change.gift }]);
    case "deleted":
      return lines.filter((line) => line.kind !== "comment" || line.comment.id !== change.id);
    case "silenced":
      return lines.filter((line) => line.kind !== "comment" || line.comment.user.id !== change.userId);
    case "clear":
      return [];
  }
}

/** New messages in the order they were said; the history that comes again after a reconnect adds only what was missed. */
function add(lines: readonly Line[], comments: readonly Comment[]): readonly Line[] {
  const known = new Set(lines.map((line) => line.key));
  const fresh = comments.filter((comment) => !comment.is_deleted && !known.has(`c${comment.id}`));
  if (fresh.length === 0) return lines;
  const added = fresh.map((comment): Line => ({ kind: "comment", key: `c${comment.id}`, comment }));
  const last = lines.findLast((line) => line.kind === "comment");
  const inOrder = last === undefined || fresh.every((comment) => comment.id > last.comment.id);
  return cap(inOrder ? [...lines, ...added.toSorted(byId)] : [...lines, ...added].toSorted(byId));
}

function byId(a: Line, b: Line): number {
  return a.kind === "comment" && b.kind === "comment" ? a.comment.id - b.comment.id : 0;
}

function cap(lines: readonly Line[]): readonly Line[] {
  return lines.length > LINES_MAX ? lines.slice(-LINES_MAX) : lines;
}
