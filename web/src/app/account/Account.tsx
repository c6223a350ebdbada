/** Signing in, registering, and the first admin: as few fields as it takes. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { go, Link, useSearch } from "../routing";
import { useState } from "react";
import { t } from "../../i18n/app";
import { call } from "../api/client";
import { isCode } from "../api/errors";
import type { Opened } from "../api/schema";
import { become } from "../api/session";
import { Button } from "../parts/Button/Button";
import { Field, Form } from "../parts/Field/Field";
import { siteQuery } from "../api/queries";
import { Box, Page } from "../parts/Page/Page";
import { safeNext } from "./next";

export function Login() {
  const { next } = useSearch();
  const arrive = useArrival(next);
  const [needsCode, setNeedsCode] = useState(false);
  const signIn = useMutation({
    mutationFn: (texts: Record<string, string>) =>
      call("POST /api/v1/session", { body: { username: texts.username ?? "", password: texts.password ?? "", totp: texts.totp } }),
    onSuccess: arrive,
    onError: (error) => isCode(error, "totp_required", "totp_wrong") && setNeedsCode(true),
  });
  return (
    <Page title={t("nav.signIn")} width="narrow">
      <Box>
        <Form onSend={(texts) => signIn.mutate(texts)} error={needsCode && isCode(signIn.error, "totp_required") ? undefined : signIn.error}>
          <Field label={t("account.username")} name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} required />
          <Field label={t("account.password")} name="password" type="password" autoComplete="current-password" required />
          {needsCode && <Field label={t("account.code")} hint={t("account.codeHint")} name="totp" autoComplete="one-time-code" autoFocus required />}
          <Button kind="main" type="submit" busy={signIn.isPending}>
            {t("nav.signIn")}
          </Button>
        </Form>
        <p className="hint">
          {t("account.noneYet")}{" "}
          <Link to="/register" search={{ next }}>
            {t("account.register")}
          </Link>
        </p>
      </Box>
    </Page>
  );
}

export function Register() {
  const { next } = useSearch();
  const arrive = useArrival(next);
  const { data: site } = useQuery(siteQuery);
  const register = useMutation({
    mutationFn: ({ username = "", password = "", nickname, invitation }: Record<string, string>) =>
      call("POST /api/v1/accounts", { body: { username, password, nickname, invitation } }),
    onSuccess: arrive,
  });
  return (
    <Page title={t("account.register")} width="narrow">
      <Box>
        <Form onSend={(texts) => register.mutate(texts)} error={register.error}>
          <Field
            label={t("account.username")}
            hint={t("account.usernameHint")}
            error={isCode(register.error, "username_taken", "username") ? t(isCode(register.error, "username") ? "error.username" : "error.username_taken") : undefined}
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={32}
            required
          />
          <Field label={t("account.password")} hint={t("account.passwordHint")} name="password" type="password" autoComplete="new-password" minLength={8} required />
          <Field label={t("account.nickname")} hint={t("account.nicknameHint")} name="nickname" autoComplete="nickname" maxLength={32} />
          {site?.registration === "invite" && <Field label={t("account.invitation")} hint={t("account.invitationHint")} name="invitation" autoComplete="off" required />}
          <Button kind="main" type="submit" busy={register.isPending}>
            {t("account.register")}
          </Button>
        </Form>
        <p className="hint">
          {t("account.haveOne")}{" "}
          <Link to="/login" search={{ next }}>
            {t("nav.signIn")}
          </Link>
        </p>
      </Box>
    </Page>
  );
}

/** Names the first admin, with the token the server printed. */
export function Setup() {
  const { token } = useSearch();
  const arrive = useArrival("/admin");
  const setUp = useMutation({
    mutationFn: (texts: Record<string, string>) =>
      call("POST /api/v1/setup", { body: { token: texts.token ?? "", username: texts.username ?? "", password: texts.password ?? "" } }),
    onSuccess: arrive,
  });
  return (
    <Page title={t("setup.title")} width="narrow">
      <Box>
        <p>{t("setup.text")}</p>
        <Form onSend={(texts) => setUp.mutate(texts)} error={setUp.error}>
          <Field label={t("setup.token")} name="token" defaultValue={token} autoComplete="off" autoCapitalize="none" spellCheck={false} required />
          <Field label={t("account.username")} hint={t("account.usernameHint")} name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} maxLength={32} required />
          <Field label={t("account.password")} hint={t("account.passwordHint")} name="password" type="password" autoComplete="new-password" minLength={8} required />
          <Button kind="main" type="submit" busy={setUp.isPending}>
            {t("setup.make")}
          </Button>
        </Form>
      </Box>
    </Page>
  );
}

/** After signing in everything is asked anew, and people are back where they came from. */
function useArrival(next: string | undefined) {
  const cache = useQueryClient();
  return async ({ user }: Opened) => {
    become(cache, user);
    await go(safeNext(next), true);
  };
}
