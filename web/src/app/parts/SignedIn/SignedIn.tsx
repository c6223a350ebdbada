/** Pages that are somebody's own: who is not signed in is told so, and led there. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { t } from "../../../i18n/app";
import { meQuery } from "../../api/queries";
import type { PublicUser } from "../../api/schema";
import { ButtonLink } from "../Button/Button";
import { Failed, Notice, Skeleton } from "../Notice/Notice";
import { Page } from "../Page/Page";

export function SignedIn({ title, children }: { title: string; children: (me: PublicUser) => ReactNode }) {
  const { data: me, error, refetch } = useQuery(meQuery);
  if (me !== null && me !== undefined) return children(me);
  return (
    <Page title={title} width="middle">
      {me === null ? (
        <Notice
          icon="user"
          title={t("signedIn.title")}
          text={t("signedIn.text")}
          action={
            <>
              <ButtonLink to="/login" kind="main" search={{ next: location.pathname }}>
                {t("nav.signIn")}
              </ButtonLink>{" "}
              <ButtonLink to="/register" search={{ next: location.pathname }}>
                {t("account.register")}
              </ButtonLink>
            </>
          }
        />
      ) : error === null ? (
        <Skeleton height="12rem" />
      ) : (
        <Failed error={error} onRetry={() => void refetch()} />
      )}
    </Page>
  );
}
