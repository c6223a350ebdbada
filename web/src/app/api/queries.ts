/** What pages ask the server, each question once: its key and how it is asked. */

import { queryOptions } from "@tanstack/react-query";
import { ApiError } from "../../api";
import { fetchRoom, takeEarly } from "../early";
import { call } from "./client";
import type { Page, PublicUser, RoomView } from "./schema";

/** Who is signed in; `null` for nobody. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async (): Promise<PublicUser | null> => {
    try {
      return await call("GET /api/v1/me");
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

/** What the site is called, and who may register. */
export const siteQuery = queryOptions({ queryKey: ["site"], queryFn: () => call("GET /api/v1/site"), staleTime: 300_000 });

/** Whether the caller is an admin: the server lets only admins read its log. */
export const isAdminQuery = queryOptions({
  queryKey: ["is-admin"],
  queryFn: () => allowed(call("GET /api/v1/admin/log", { query: { limit: 1 } })),
  staleTime: 300_000,
});

/** Whether the caller keeps order in a room: only moderators may read its rules. */
export function isModeratorQuery(roomId: number) {
  return queryOptions({
    queryKey: ["room", roomId, "is-moderator"],
    queryFn: () => allowed(call("GET /api/v1/rooms/{id}/rules", { path: { id: roomId } })),
    staleTime: 60_000,
  });
}

export function roomQuery(id: string) {
  return queryOptions({ queryKey: ["room", id], queryFn: () => takeEarly<RoomView>(`room ${id}`) ?? fetchRoom(id) });
}

export interface RoomFilter {
  q?: string;
  category?: string;
  live?: boolean;
  following?: boolean;
  user_id?: number;
}

export function roomsQuery(filter: RoomFilter, limit = 24): Pages<RoomView> {
  return pagesQuery(["rooms", filter, limit], (cursor) => call("GET /api/v1/rooms", { query: { ...filter, limit, cursor } }));
}

export const walletQuery = queryOptions({ queryKey: ["wallet"], queryFn: () => call("GET /api/v1/me/wallet") });
export const giftsQuery = queryOptions({ queryKey: ["gifts"], queryFn: () => call("GET /api/v1/gifts"), staleTime: 300_000 });

export const notificationsQuery = queryOptions({
  queryKey: ["notifications"],
  queryFn: () => call("GET /api/v1/me/notifications", { query: { limit: 30 } }),
});

export function followQuery(userId: number) {
  return queryOptions({
    queryKey: ["follow", userId],
    queryFn: () => call("GET /api/v1/users/{id}/follow", { path: { id: userId } }),
    staleTime: 30_000,
  });
}

/** A list that comes in pages, as `useInfiniteQuery` takes it. */
export interface Pages<T> {
  queryKey: readonly unknown[];
  queryFn: (context: { pageParam: unknown }) => Promise<Page<T>>;
  initialPageParam: number | undefined;
  getNextPageParam: (page: Page<T>) => number | undefined;
}

/** Pages of anything that has a cursor. */
export function pagesQuery<T>(queryKey: readonly unknown[], ask: (cursor: number | undefined) => Promise<Page<T>>): Pages<T> {
  return {
    queryKey,
    queryFn: ({ pageParam }) => ask(typeof pageParam === "number" ? pageParam : undefined),
    initialPageParam: undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  };
}

async function allowed(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer;
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500) return false;
    throw error;
  }
}
