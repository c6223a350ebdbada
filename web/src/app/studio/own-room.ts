/** The room somebody goes live in: the newest of theirs that has not ended, as the server sees it. */

import { queryOptions } from "@tanstack/react-query";
import { call } from "../api/client";
import type { PublicUser, RoomView } from "../api/schema";

const KEY = "weir.studio.room";

/** Rooms in no list are found again by what this device remembers. */
export function rememberRoom(room: Pick<RoomView, "id">): void {
  try {
    localStorage.setItem(KEY, String(room.id));
  } catch {
    // No storage here: public rooms are found all the same.
  }
}

function rememberedId(): number | undefined {
  try {
    const id = Number(localStorage.getItem(KEY));
    return Number.isSafeInteger(id) && id > 0 ? id : undefined;
  } catch {
    return undefined;
  }
}

export function ownRoomsQuery(me: PublicUser) {
  return queryOptions({
    queryKey: ["own-rooms", me.id],
    queryFn: async (): Promise<RoomView[]> => {
      const { items } = await call("GET /api/v1/rooms", { query: { user_id: me.id, limit: 50 } });
      const id = rememberedId();
      if (id === undefined || items.some((room) => room.id === id)) return items;
      const hidden = await call("GET /api/v1/rooms/{id}", { path: { id } }).catch(() => undefined);
      return hidden?.host?.id === me.id ? [...items, hidden].toSorted((a, b) => b.id - a.id) : items;
    },
  });
}

export function currentRoom(rooms: readonly RoomView[]): RoomView | undefined {
  return rooms.find((room) => room.status !== "ended");
}
