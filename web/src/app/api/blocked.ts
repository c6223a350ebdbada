/** Whom one does not want to hear of: the server sends chat to all alike, so what they say is left out here. */

import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { toastError } from "../parts/Toast/Toast";
import { call } from "./client";
import type { PublicUser } from "./schema";

export const blockedQuery = queryOptions({ queryKey: ["blocked"], queryFn: () => call("GET /api/v1/me/blocked"), staleTime: 300_000 });

const NOBODY: ReadonlySet<number> = new Set();

/** The numbers of those `me` blocks; nobody while that is not known. */
export function useBlocked(me: PublicUser | null | undefined): ReadonlySet<number> {
  const { data } = useQuery({ ...blockedQuery, enabled: me !== null && me !== undefined, select: idsOf });
  return data ?? NOBODY;
}

const idsOf = ({ items }: { items: readonly PublicUser[] }) => new Set(items.map((user) => user.id));

export function useBlock(onDone?: () => void) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ userId, isBlocked }: { userId: number; isBlocked: boolean }) =>
      call(isBlocked ? "PUT /api/v1/users/{id}/block" : "DELETE /api/v1/users/{id}/block", { path: { id: userId } }),
    onSuccess: async () => {
      onDone?.();
      await Promise.all(["blocked", "follow", "talk"].map((key) => cache.invalidateQueries({ queryKey: [key] })));
    },
    onError: toastError,
  });
}
