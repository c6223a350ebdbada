/** Whom somebody blocks, and how to meet again. */

import { useQuery } from "@tanstack/react-query";
import { t } from "../../i18n/app";
import { blockedQuery, useBlock } from "../api/blocked";
import { Button } from "../parts/Button/Button";
import { Failed, Notice, Skeleton } from "../parts/Notice/Notice";
import { Rows } from "../parts/Page/Page";
import { PersonRow } from "../parts/PersonRow/PersonRow";

export function Blocked() {
  const { data, error, refetch } = useQuery(blockedQuery);
  const block = useBlock();
  if (data === undefined) return error === null ? <Skeleton height="10rem" /> : <Failed error={error} onRetry={() => void refetch()} />;
  if (data.items.length === 0) return <Notice icon="user" title={t("settings.blockedEmpty")} text={t("settings.blockedText")} />;
  return (
    <>
      <p className="hint">{t("settings.blockedText")}</p>
      <Rows label={t("settings.blocked")}>
        {data.items.map((user) => (
          <PersonRow key={user.id} user={user}>
            <Button busy={block.isPending} onClick={() => block.mutate({ userId: user.id, isBlocked: false })}>
              {t("block.undo")}
            </Button>
          </PersonRow>
        ))}
      </Rows>
    </>
  );
}
