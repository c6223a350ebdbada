/** Somebody else sits here now: what was known for the one before is forgotten, and what is on screen is asked anew. */

import type { QueryClient } from "@tanstack/react-query";
import { leaveSocket } from "../socket/personal";
import { meQuery } from "./queries";
import type { PublicUser } from "./schema";

export function become(cache: QueryClient, user: PublicUser | null): void {
  leaveSocket();
  cache.setQueryData(meQuery.queryKey, user);
  void cache.resetQueries({ predicate: ({ queryKey }) => queryKey[0] !== meQuery.queryKey[0] });
}
