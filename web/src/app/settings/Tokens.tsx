/** `/settings/tokens`: what programs of one's own show instead of a password. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ago, day, t } from "../../i18n/app";
import { call } from "../api/client";
import { isAdminQuery } from "../api/queries";
import type { Scope, TokenView } from "../api/schema";
import { Button } from "../parts/Button/Button";
import { CopyRow } from "../parts/CopyRow/CopyRow";
import { Confirm } from "../parts/Dialog/Dialog";
import { CheckField, Field, Form, SelectField } from "../parts/Field/Field";
import { Failed, Notice, Skeleton } from "../parts/Notice/Notice";
import { Box, pageStyles, Row, Rows, Section } from "../parts/Page/Page";
import styles from "./Settings.module.css";

const SCOPES = ["read", "profile", "rooms", "chat", "videos", "gifts", "admin"] as const;
const KEY = ["api-tokens"];

export function Tokens() {
  const { data, error, refetch } = useQuery({ queryKey: KEY, queryFn: () => call("GET /api/v1/me/api-tokens") });
  const [revoking, setRevoking] = useState<TokenView>();
  if (data === undefined) return error === null ? <Skeleton height="16rem" /> : <Failed error={error} onRetry={() => void refetch()} />;
  return (
    <div className={pageStyles.stack}>
      <NewToken />
      <Section title={t("settings.tokens")}>
        {data.length === 0 ? (
          <Notice icon="key" title={t("tokens.empty.title")} text={t("tokens.empty.text")} />
        ) : (
          <Rows label={t("settings.tokens")}>
            {data.map((token) => (
              <Row key={token.id} title={token.name} text={factsOf(token)}>
                <Button aria-label={`${t("tokens.revoke")}: ${token.name}`} onClick={() => setRevoking(token)}>
                  {t("tokens.revoke")}
                </Button>
              </Row>
            ))}
          </Rows>
        )}
      </Section>
      {revoking !== undefined && <Revoke token={revoking} onClose={() => setRevoking(undefined)} />}
    </div>
  );
}

function NewToken() {
  const cache = useQueryClient();
  const { data: isAdmin } = useQuery(isAdminQuery);
  const [round, setRound] = useState(0);
  const make = useMutation({
    mutationFn: (texts: Record<string, string>) =>
      call("POST /api/v1/me/api-tokens", {
        body: {
          name: (texts.name ?? "").trim(),
          scopes: SCOPES.filter((scope) => texts[scope] === "on") as Scope[],
          days: texts.days === "" ? null : Number(texts.days),
        },
      }),
    onSuccess: () => {
      setRound(round + 1);
      return cache.invalidateQueries({ queryKey: KEY });
    },
  });
  return (
    <Box>
      <h2>{t("tokens.add")}</h2>
      {make.data !== undefined && (
        <div role="status">
          <p>{t("tokens.made")}</p>
          <CopyRow label={t("settings.tokens")} value={make.data.token} />
        </div>
      )}
      <Form key={round} onSend={(texts) => make.mutate(texts)} error={make.error}>
        <Field label={t("tokens.name")} hint={t("tokens.nameHint")} name="name" maxLength={80} required />
        <fieldset className={styles.scopes}>
          <legend>{t("tokens.scopes")}</legend>
          {SCOPES.filter((scope) => scope !== "admin" || isAdmin === true).map((scope) => (
            <CheckField key={scope} label={t(`tokens.scope.${scope}`)} name={scope} defaultChecked={scope === "read"} />
          ))}
        </fieldset>
        <SelectField label={t("tokens.days")} name="days" defaultValue="365">
          <option value="30">{t("tokens.days.30")}</option>
          <option value="365">{t("tokens.days.365")}</option>
          <option value="">{t("tokens.days.none")}</option>
        </SelectField>
        <Button kind="main" type="submit" busy={make.isPending}>
          {t("tokens.add")}
        </Button>
      </Form>
    </Box>
  );
}

function Revoke({ token, onClose }: { token: TokenView; onClose: () => void }) {
  const cache = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => call("DELETE /api/v1/me/api-tokens/{id}", { path: { id: token.id } }),
    onSuccess: () => {
      onClose();
      return cache.invalidateQueries({ queryKey: KEY });
    },
  });
  return (
    <Confirm
      title={t("tokens.revoke")}
      text={t("tokens.revokeText", { name: token.name })}
      action={t("tokens.revoke")}
      busy={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate()}
      onClose={onClose}
    />
  );
}

function factsOf({ scopes, created_at, used_at, expires_at }: TokenView): string {
  const facts = [scopes.map((scope) => t(`tokens.scope.${scope}`)).join(", "), t("tokens.created", { when: day(created_at) })];
  facts.push(used_at === null || used_at === undefined ? t("tokens.never") : t("tokens.used", { when: ago(used_at) }));
  if (expires_at !== null && expires_at !== undefined) facts.push(t("tokens.ends", { when: day(expires_at) }));
  return facts.join(" · ");
}
