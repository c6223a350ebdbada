/** Accounts: closing one, opening it again, making an admin, giving coins. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { ago, number, t } from "../../i18n/app";
import { call } from "../api/client";
import { pagesQuery } from "../api/queries";
import type { AccountChange, AccountView } from "../api/schema";
import { Avatar } from "../parts/Avatar/Avatar";
import { Button } from "../parts/Button/Button";
import { Dialog } from "../parts/Dialog/Dialog";
import { Actions, Field, Form, FormError } from "../parts/Field/Field";
import { More } from "../parts/More/More";
import { Notice } from "../parts/Notice/Notice";
import { Row, Rows } from "../parts/Page/Page";
import { toast } from "../parts/Toast/Toast";
import styles from "./Admin.module.css";

export function Users() {
  const [words, setWords] = useState("");
  const [chosen, setChosen] = useState<AccountView>();
  const search = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setWords(String(new FormData(event.currentTarget).get("q") ?? "").trim());
  };
  return (
    <>
      <form className={styles.filter} role="search" onSubmit={search}>
        <Field label={t("users.search")} name="q" type="search" />
        <Button type="submit" icon="search">
          {t("nav.searchDo")}
        </Button>
      </form>
      <More
        query={pagesQuery<AccountView>(["accounts", words], (cursor) => call("GET /api/v1/admin/users", { query: { q: words === "" ? undefined : words, cursor, limit: 30 } }))}
        empty={<Notice icon="users" title={t("users.empty")} />}
      >
        {(users) => (
          <Rows label={t("admin.users")}>
            {users.map((user) => (
              <Row
                key={user.id}
                before={<Avatar user={{ name: nameOf(user) }} size={38} />}
                title={
                  <>
                    {nameOf(user)} {user.role === "admin" && <b>· {t("users.admin")}</b>} {user.is_disabled && <b className={styles.closed}>· {t("users.closed")}</b>}
                  </>
                }
                text={`@${user.username} · ${t("user.number", { id: user.id })} · ${ago(user.created_at)}`}
              >
                <Button aria-label={`${t("users.manage")}: ${nameOf(user)}`} onClick={() => setChosen(user)}>
                  {t("users.manage")}
                </Button>
              </Row>
            ))}
          </Rows>
        )}
      </More>
      {chosen !== undefined && <Manage user={chosen} onClose={() => setChosen(undefined)} />}
    </>
  );
}

function Manage({ user, onClose }: { user: AccountView; onClose: () => void }) {
  const cache = useQueryClient();
  const path = { id: user.id };
  const change = useMutation({
    mutationFn: (body: AccountChange) => call("PATCH /api/v1/admin/users/{id}", { path, body }),
    onSuccess: async () => {
      toast(t("saved"));
      onClose();
      await cache.invalidateQueries({ queryKey: ["accounts"] });
    },
  });
  const grant = useMutation({
    mutationFn: ({ coin, reason = "" }: Record<string, string>) => call("POST /api/v1/admin/users/{id}/coins", { path, body: { coin: Number(coin), reason } }),
    onSuccess: (_answer, { coin }) => {
      toast(t("users.granted", { coins: number(Number(coin)), name: nameOf(user) }));
      onClose();
    },
  });
  return (
    <Dialog title={nameOf(user)} onClose={onClose}>
      <FormError error={change.error} />
      <Actions>
        <Button kind={user.is_disabled ? "main" : "danger"} busy={change.isPending} onClick={() => change.mutate({ is_disabled: !user.is_disabled })}>
          {user.is_disabled ? t("users.open") : t("users.close")}
        </Button>
        <Button busy={change.isPending} onClick={() => change.mutate({ is_admin: user.role !== "admin" })}>
          {user.role === "admin" ? t("users.unmakeAdmin") : t("users.makeAdmin")}
        </Button>
      </Actions>
      <p className="hint small">{t("users.closeNote")}</p>
      <Form onSend={(texts) => grant.mutate(texts)} error={grant.error}>
        <Field label={t("users.coins")} name="coin" type="number" min={1} required />
        <Field label={t("admin.reason")} hint={t("users.reasonHint")} name="reason" maxLength={200} required />
        <Button type="submit" icon="coin" busy={grant.isPending}>
          {t("users.grant")}
        </Button>
      </Form>
    </Dialog>
  );
}

function nameOf(user: AccountView): string {
  return user.nickname === "" ? user.username : user.nickname;
}
