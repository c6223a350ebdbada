/** Which news somebody wants to be told. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { t } from "../../i18n/app";
import { call } from "../api/client";
import { CheckField } from "../parts/Field/Field";
import { Failed, Skeleton } from "../parts/Notice/Notice";
import { Box } from "../parts/Page/Page";
import { toast, toastError } from "../parts/Toast/Toast";

const KINDS = ["went_live", "video_published"] as const;
type Kind = (typeof KINDS)[number];

export function Notifications() {
  const cache = useQueryClient();
  const key = ["notification-choices"];
  const { data, error, refetch } = useQuery({ queryKey: key, queryFn: () => call("GET /api/v1/me/notifications/choices") });
  // What was chosen is shown at once, and taken back when the server refuses.
  const [chosen, setChosen] = useState<Partial<Record<Kind, boolean>>>({});
  const change = useMutation({
    mutationFn: (choice: Partial<Record<Kind, boolean>>) => call("PATCH /api/v1/me/notifications/choices", { body: choice }),
    onSuccess: (choices) => {
      cache.setQueryData(key, choices);
      toast(t("saved"));
    },
    onError: (refused) => {
      setChosen({});
      toastError(refused);
    },
  });
  const choose = (kind: Kind, isWanted: boolean) => {
    setChosen({ ...chosen, [kind]: isWanted });
    change.mutate({ [kind]: isWanted });
  };
  if (data === undefined) return error === null ? <Skeleton height="10rem" /> : <Failed error={error} onRetry={() => void refetch()} />;
  return (
    <Box>
      <h2>{t("settings.news")}</h2>
      {KINDS.map((kind) => (
        <CheckField key={kind} label={t(`settings.news.${kind}`)} checked={chosen[kind] ?? data[kind]} onChange={(event) => choose(kind, event.target.checked)} />
      ))}
      <p className="hint">{t("settings.newsHint")}</p>
    </Box>
  );
}
