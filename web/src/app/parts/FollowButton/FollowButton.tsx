/** Follow or not, and whether to be told of it, with the answer shown at once and taken back when the server refuses. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { navigate } from "../../routing";
import { compact, t } from "../../../i18n/app";
import { call } from "../../api/client";
import { followQuery, meQuery } from "../../api/queries";
import { Button, IconButton } from "../Button/Button";
import { toastError } from "../Toast/Toast";

export function FollowButton({ userId }: { userId: number }) {
  const cache = useQueryClient();
  const { data: me } = useQuery(meQuery);
  const query = followQuery(userId);
  const { data } = useQuery(query);
  const isFollowed = data?.is_followed ?? false;
  const change = useMutation({
    mutationFn: () =>
      isFollowed
        ? call("DELETE /api/v1/users/{id}/follow", { path: { id: userId } })
        : call("PUT /api/v1/users/{id}/follow", { path: { id: userId } }),
    onSuccess: (counts) => {
      cache.setQueryData(query.queryKey, counts);
      void cache.invalidateQueries({ queryKey: ["rooms"] });
    },
    onError: toastError,
  });
  const isTold = data?.is_told ?? false;
  const tell = useMutation({
    mutationFn: () => call("PATCH /api/v1/users/{id}/follow", { path: { id: userId }, body: { is_told: !isTold } }),
    onSuccess: (counts) => cache.setQueryData(query.queryKey, counts),
    onError: toastError,
  });
  if (me?.id === userId) return null;
  return (
    <>
      <Button
        kind={isFollowed ? "plain" : "main"}
        icon={isFollowed ? "check" : "heart"}
        aria-pressed={isFollowed}
        busy={change.isPending}
        onClick={() => (me === null ? void navigate({ to: "/login", search: { next: location.pathname } }) : change.mutate())}
      >
        {isFollowed ? t("follow.done") : t("follow.do")}
        {data !== undefined && <span> {compact(data.followers)}</span>}
      </Button>
      {isFollowed && (
        <span data-bell="">
          <IconButton icon={isTold ? "bell" : "bellOff"} label={t("follow.tell")} aria-pressed={isTold} busy={tell.isPending} onClick={() => tell.mutate()} />
        </span>
      )}
    </>
  );
}
