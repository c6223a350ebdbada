/** A room as it is right now: what is said, who is there, whether the line to it stands. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useReducer, useRef, useState } from "react";
import { useBlocked } from "../api/blocked";
import { call } from "../api/client";
import type { Comment, PublicUser, RoomView } from "../api/schema";
import { openRoom, type GiftGiven, type Link, type Refusal, type RoomLink } from "../socket/room-socket";
import { changeLog, LINES_MAX, type Line } from "./chat-log";

export interface RoomNow {
  lines: readonly Line[];
  people: readonly PublicUser[];
  /** People here, when the room has said so. */
  count: number | undefined;
  pinned: Comment | null;
  link: Link | "off" | "reading";
  refusal: Refusal | undefined;
  /** Seconds between two messages of one person; 0: as often as one likes. */
  slowSeconds: number;
  room: RoomLink | undefined;
}

export interface Shown {
  onComments: (comments: readonly Comment[]) => void;
  onGift: (gift: GiftGiven) => void;
}

/** The list of what is said changes this often at most. */
const DRAW_EVERY_MS = 200;
/** Those who may only read ask this often. */
const READ_EVERY_MS = 4_000;

export function useRoom(room: RoomView, me: PublicUser | null | undefined, shown: Shown): RoomNow {
  const cache = useQueryClient();
  const [lines, change] = useReducer(changeLog, []);
  const [people, setPeople] = useState<readonly PublicUser[]>([]);
  const [count, setCount] = useState<number>();
  const [pinned, setPinned] = useState<Comment | null>(null);
  const [link, setLink] = useState<RoomNow["link"]>("off");
  const [refusal, setRefusal] = useState<Refusal>();
  const [slowSeconds, setSlowSeconds] = useState(0);
  const [roomLink, setRoomLink] = useState<RoomLink>();
  // Who keeps the room reads everybody.
  const blocked = useBlocked(me?.id === room.host?.id ? undefined : me);
  const onComments = (comments: readonly Comment[]) => shown.onComments(comments.filter((comment) => !blocked.has(comment.user.id)));
  const latest = useRef({ onComments, onGift: shown.onGift });
  latest.current = { onComments, onGift: shown.onGift };

  const isOpen = room.status === "live" || room.status === "paused";
  const myId = me?.id;
  useEffect(() => {
    if (!isOpen || myId === undefined) return undefined;
    let gathered: readonly Comment[] = [];
    let drawing: ReturnType<typeof setTimeout> | undefined;
    const draw = () => {
      drawing = undefined;
      if (gathered.length === 0) return;
      change({ type: "said", comments: gathered });
      gathered = [];
      drawing = setTimeout(draw, DRAW_EVERY_MS);
    };
    const opened = openRoom(
      room.id,
      {
        history: ({ comments }) => change({ type: "history", comments }),
        comments: (comments) => {
          // In a flood the list is drawn some times a second, whatever comes; more than it holds is not drawn at all.
          gathered = [...gathered, ...comments].slice(-LINES_MAX);
          if (drawing === undefined) draw();
          latest.current.onComments(comments);
        },
        comment_deleted: ({ id }) => change({ type: "deleted", id }),
        comment_restored: (comment) => change({ type: "said", comments: [comment] }),
        online: (online) => {
          setPeople(online.data);
          setCount(online.count);
        },
        gift: (gift) => {
          change({ type: "given", gift });
          latest.current.onGift(gift);
          void cache.invalidateQueries({ queryKey: ["leaders", room.id] });
        },
        pinned: ({ comment }) => setPinned(comment),
        rules: ({ slow_seconds }) => setSlowSeconds(slow_seconds),
        banned: () => {
          setLink("refused");
          setRefusal({ code: "banned", message: "" });
        },
        silenced: () => setRefusal({ code: "silenced", message: "" }),
        moderated: ({ user_id, kind }) => kind === "ban" && change({ type: "silenced", userId: user_id }),
      },
      (state, why) => {
        setLink(state);
        setRefusal(why);
      },
    );
    setRoomLink(opened);
    return () => {
      clearTimeout(drawing);
      opened.leave();
      setRoomLink(undefined);
      setLink("off");
    };
  }, [cache, room.id, isOpen, myId]);

  useEffect(() => {
    // Who is not signed in reads along.
    if (me !== null || !isOpen) return undefined;
    setLink("reading");
    let isHere = true;
    let lastId = 0;
    const read = async () => {
      if (document.hidden) return;
      try {
        const page = await call("GET /api/v1/rooms/{id}/comments", { path: { id: room.id }, query: { limit: 50 } });
        if (!isHere) return;
        const fresh = page.items.filter((comment) => comment.id > lastId);
        if (lastId > 0 && fresh.length > 0) latest.current.onComments(fresh.toReversed());
        lastId = Math.max(lastId, ...fresh.map((comment) => comment.id));
        change({ type: "said", comments: fresh });
      } catch {
        // The next look may do better.
      }
    };
    void read();
    const timer = setInterval(() => void read(), READ_EVERY_MS * (0.9 + Math.random() / 5));
    return () => {
      isHere = false;
      clearInterval(timer);
    };
  }, [room.id, isOpen, me]);

  useEffect(() => () => change({ type: "clear" }), [room.id]);

  const read = useMemo(() => lines.filter((line) => line.kind !== "comment" || !blocked.has(line.comment.user.id)), [lines, blocked]);
  return { lines: read, people, count, pinned, link, refusal, slowSeconds, room: roomLink };
}
