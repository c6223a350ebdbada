/** A list that comes in pages: waiting, failed, empty, or rows and a button for more. */

import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { t } from "../../../i18n/app";
import type { Pages } from "../../api/queries";
import { Button } from "../Button/Button";
import { Actions } from "../Field/Field";
import { Failed, Skeleton } from "../Notice/Notice";

export function More<T>({
  query,
  empty,
  children,
}: {
  query: Pages<T> & { refetchInterval?: number };
  empty: ReactNode;
  children: (items: T[]) => ReactNode;
}) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(query);
  if (data === undefined) return error === null ? <Skeleton height="12rem" /> : <Failed error={error} onRetry={() => void refetch()} />;
  const items = data.pages.flatMap((page) => page.items);
  if (items.length === 0) return empty;
  return (
    <>
      {children(items)}
      {hasNextPage && (
        <div style={{ marginBlockStart: "1rem" }}>
          <Actions>
            <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              {t("action.more")}
            </Button>
          </Actions>
        </div>
      )}
    </>
  );
}
