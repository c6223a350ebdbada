/**
 * The one socket of the page: rooms are joined over it again whenever it comes back, and everything a room says is
 * passed on. It is opened with the first room, since only people who are signed in may be in one.
 */

import { io, type Socket } from "socket.io-client";
import type { Comment, PublicUser, Sent } from "../api/schema";
import { attach } from "./personal";

export interface Online {
  live_id: number;
  count: number;
  data: PublicUser[];
  action: "join" | "leave";
  user: PublicUser;
}

export interface GiftGiven {
  id: number;
  gift_id: number;
  user_id: number;
  username: string;
  avatar: string;
  gift_name: string;
  gift_image: string;
  num: number;
  combo: number;
  coin: number;
}

/** What a room tells; every payload names its room, but for gifts and batches of messages. */
export interface RoomEvents {
  history: { live_id: number; comments: Comment[] };
  comments: Comment[];
  comment_deleted: { live_id: number; id: number };
  comment_restored: Comment;
  online: Online;
  gift: GiftGiven;
  pinned: { live_id: number; comment: Comment | null };
  rules: { live_id: number; slow_seconds: number; links_off: boolean };
  banned: { live_id: number; kind: string; until_at: number | null };
  silenced: { live_id: number; kind: string; until_at: number | null };
  moderated: { live_id: number; user_id: number; kind: string };
}

export type Link = "joining" | "joined" | "lost" | "refused";

export interface Refusal {
  code: string;
  message: string;
  retry_after_ms?: number | null;
}

type Ack = { ok: true; count?: number; id?: number; gift?: Sent } | { ok: false; error?: Refusal };

const ACK_TIMEOUT_MS = 8_000;
const REJOIN_MS = 3_000;

let socket: Socket | undefined;

function connection(): Socket {
  if (socket === undefined) {
    const opened = io({ transports: ["websocket", "polling"], reconnectionDelay: 500, reconnectionDelayMax: 5_000 });
    socket = opened;
    attach({
      on: (event, listener) => opened.on(event, listener),
      off: (event, listener) => opened.off(event, listener),
      leave: () => {
        opened.disconnect();
        socket = undefined;
      },
    });
  }
  return socket;
}

/** A room that is open: what can be said into it, and how to leave. */
export interface RoomLink {
  say: (text: string, look: { colour: string; mode: string }) => Promise<Refusal | undefined>;
  give: (giftId: number, num: number, key: string) => Promise<Sent | Refusal>;
  leave: () => void;
}

export function openRoom(
  roomId: number,
  listeners: { [E in keyof RoomEvents]: (payload: RoomEvents[E]) => void },
  onLink: (link: Link, refusal?: Refusal) => void,
): RoomLink {
  const on = connection();
  let isOpen = true;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const ask = async (event: string, data: object): Promise<Ack> => {
    try {
      return (await on.timeout(ACK_TIMEOUT_MS).emitWithAck(event, { live_id: roomId, ...data })) as Ack;
    } catch {
      return { ok: false, error: { code: "unreachable", message: "" } };
    }
  };
  const join = async () => {
    clearTimeout(timer);
    if (!isOpen) return;
    onLink("joining");
    const answer = await ask("joinLive", { batch: true });
    if (!isOpen) return;
    if (answer.ok) {
      onLink("joined");
      return;
    }
    const refusal = answer.error ?? { code: "unreachable", message: "" };
    onLink(refusal.code === "unreachable" ? "lost" : "refused", refusal);
    // Silence, and being too fast, pass; anything else stays as it is until the room changes.
    if (refusal.code === "unreachable" || refusal.retry_after_ms) timer = setTimeout(() => void join(), refusal.retry_after_ms ?? REJOIN_MS);
  };
  const onConnect = () => void join();
  const onLost = () => onLink("lost");
  on.on("connect", onConnect);
  on.on("disconnect", onLost);
  const wired = Object.entries(listeners).map(([event, listener]) => {
    const heard = (told: unknown) => {
      // A batch may come wrapped once more.
      const payload = Array.isArray(told) ? told.flat() : told;
      if (roomOf(payload) === undefined || roomOf(payload) === roomId) (listener as (payload: unknown) => void)(payload);
    };
    on.on(event, heard);
    return () => on.off(event, heard);
  });
  if (on.connected) void join();

  return {
    say: async (text, look) => {
      const answer = await ask("comment", { data: text, ...look });
      return answer.ok ? undefined : (answer.error ?? { code: "unreachable", message: "" });
    },
    give: async (giftId, num, key) => {
      const answer = await ask("gift", { gift_id: giftId, num, idempotency_key: key });
      return answer.ok && answer.gift !== undefined ? answer.gift : ((answer.ok ? undefined : answer.error) ?? { code: "unreachable", message: "" });
    },
    leave: () => {
      isOpen = false;
      clearTimeout(timer);
      on.off("connect", onConnect);
      on.off("disconnect", onLost);
      for (const off of wired) off();
      if (on.connected) on.emit("leaveLive", { live_id: roomId });
    },
  };
}

function roomOf(payload: unknown): number | undefined {
  const one: unknown = Array.isArray(payload) ? payload[0] : payload;
  const id = (one as { live_id?: unknown } | undefined)?.live_id;
  return typeof id === "number" ? id : undefined;
}
