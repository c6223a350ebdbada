/** What the first script of a page asks the server before the app is there: the app takes it over. */

import { call } from "./api/client";
import type { RoomView } from "./api/schema";

let early: { key: string; answer: Promise<unknown> } | undefined;

/** Notes what is asked already. */
export function askEarly<T>(key: string, answer: Promise<T>): Promise<T> {
  early = { key, answer };
  return answer;
}

/** What was asked, once. */
export function takeEarly<T>(key: string): Promise<T> | undefined {
  const taken = early?.key === key ? early.answer : undefined;
  early = undefined;
  return taken as Promise<T> | undefined;
}

/** A room's number, or the stream name by which unlisted and private ones are shared. */
export function fetchRoom(id: string): Promise<RoomView> {
  return /^\d+$/.test(id) && id.length < NAME_CHARS
    ? call("GET /api/v1/rooms/{id}", { path: { id: Number(id) } })
    : call("GET /api/v1/rooms/by-name/{name}", { path: { name: id } });
}

/** Letters and digits of a room's stream name. */
const NAME_CHARS = 20;
