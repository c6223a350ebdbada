/** The room somebody goes live in: the newest of theirs that has not ended. */

import { queryOptions } from "@tanstack/react-query";
import { call } from "../api/client";
import type { PublicUser, RoomView } from "../api/schema";

export function ownRoomsQuery(me: PublicUser) {
  return queryOptions({
    queryKey: ["own-rooms", me.id],
    queryFn: async (): Promise<RoomView[]> => (await call("GET /api/v1/rooms", { query: { mine: true, limit: 50 } })).items,
  });
}

export function currentRoom(rooms: readonly RoomView[]): RoomView | undefined {
  return rooms.find((room) => room.status !== "ended");
}
