/** Settings of the own account. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Outlet } from "../routing";
import { ago, t } from "../../i18n/app";
import { call } from "../api/client";
import { meQuery } from "../api/queries";
import type { SessionView } from "../api/schema";
import { Button } from "../parts/Button/Button";
import { Field, Form, TextField } from "../parts/Field/Field";
import { Failed, Skeleton } from "../parts/Notice/Notice";
import { Box, Page, Row, Rows, Section } from "../parts/Page/Page";
import { PictureField } from "../parts/PictureField/PictureField";
import { SignedIn } from "../parts/SignedIn/SignedIn";
import { LinkTabs } from "../parts/Tabs/Tabs";
import { toast, toastError } from "../parts/Toast/Toast";
import { programName } from "./program";

export { Blocked } from "./Blocked";
export { Notifications } from "./Notifications";
export { Playback } from "./Playback";
export { Security } from "./Security";
export { Tokens } from "./Tokens";

export function Settings() {
  return (
    <SignedIn title={t("nav.settings")}>
      {() => (
        <Page
          title={t("nav.settings")}
          width="middle"
          actions={
            <LinkTabs
              label={t("nav.settings")}
              links={[
                { to: "/settings/profile", label: t("settings.profile") },
                { to: "/settings/security", label: t("settings.security") },
                { to: "/settings/sessions", label: t("settings.sessions") },
                { to: "/settings/notifications", label: t("settings.notifications") },
                { to: "/settings/playback", label: t("playback.title") },
                { to: "/settings/blocked", label: t("settings.blocked") },
                { to: "/settings/tokens", label: t("settings.tokens") },
              ]}
            />
          }
        >
          <Outlet />
        </Page>
      )}
    </SignedIn>
  );
}

export function Profile() {
  const cache = useQueryClient();
  const { data: me } = useQuery(meQuery);
  const { data: profile, error, refetch } = useQuery({
    queryKey: ["profile", me?.username],
    queryFn: () => call("GET /api/v1/users/by-name/{username}", { path: { username: me?.username ?? "" } }),
    enabled: me !== null && me !== undefined,
  });
  const save = useMutation({
    mutationFn: ({ nickname, bio, avatar }: Record<string, string>) => call("PATCH /api/v1/me", { body: { nickname, bio, avatar } }),
    onSuccess: (user) => {
      cache.setQueryData(meQuery.queryKey, user);
      toast(t("saved"));
      return cache.invalidateQueries({ queryKey: ["profile"] });
    },
  });
  if (profile === undefined) return error === null ? <Skeleton height="16rem" /> : <Failed error={error} onRetry={() => void refetch()} />;
  return (
    <Box>
      <Form onSend={(texts) => save.mutate(texts)} error={save.error}>
        <Field label={t("account.nickname")} hint={t("settings.nicknameHint", { username: profile.username })} name="nickname" defaultValue={profile.name === profile.username ? "" : profile.name} maxLength={32} />
        <TextField label={t("settings.bio")} name="bio" rows={5} defaultValue={profile.bio} maxLength={1000} />
        <PictureField label={t("settings.avatar")} name="avatar" kind="avatar" defaultValue={profile.avatar} />
        <Button kind="main" type="submit" busy={save.isPending}>
          {t("action.save")}
        </Button>
      </Form>
    </Box>
  );
}

export function Sessions() {
  const cache = useQueryClient();
  const key = ["sessions"];
  const { data, error, refetch } = useQuery({ queryKey: key, queryFn: () => call("GET /api/v1/me/sessions") });
  const options = { onSuccess: () => cache.invalidateQueries({ queryKey: key }), onError: toastError };
  const end = useMutation({ mutationFn: (id: number) => call("DELETE /api/v1/me/sessions/{id}", { path: { id } }), ...options });
  const endOthers = useMutation({ mutationFn: () => call("DELETE /api/v1/me/sessions"), ...options });
  if (data === undefined) return error === null ? <Skeleton height="16rem" /> : <Failed error={error} onRetry={() => void refetch()} />;
  const isCurrent = (session: SessionView) => session.id === data.current;
  return (
    <Section
      title={t("settings.sessions")}
      actions={
        data.sessions.length > 1 && (
          <Button kind="danger" busy={endOthers.isPending} onClick={() => endOthers.mutate()}>
            {t("sessions.endOthers")}
          </Button>
        )
      }
    >
      <Rows label={t("settings.sessions")}>
        {data.sessions.map((session) => (
          <Row
            key={session.id}
            title={
              <>
                {programName(session.user_agent) ?? t("sessions.unknown")} {isCurrent(session) && <b>· {t("sessions.this")}</b>}
              </>
            }
            text={`${session.address} · ${t("sessions.used", { when: ago(session.used_at) })}`}
          >
            {!isCurrent(session) && <Button onClick={() => end.mutate(session.id)}>{t("sessions.end")}</Button>}
          </Row>
        ))}
      </Rows>
    </Section>
  );
}
