/** The settings of the site that admins change while it runs, and invitations. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { t } from "../../i18n/app";
import { call } from "../api/client";
import { siteQuery } from "../api/queries";
import type { Settings } from "../api/schema";
import { Button } from "../parts/Button/Button";
import { CopyButton } from "../parts/CopyRow/CopyRow";
import { Field, Form, SelectField } from "../parts/Field/Field";
import { Failed, Skeleton } from "../parts/Notice/Notice";
import { Box, Section } from "../parts/Page/Page";
import { toast } from "../parts/Toast/Toast";
import styles from "./Admin.module.css";

const NUMBERS = ["rooms_per_user_max", "following_max", "message_chars_max", "gift_num_max"] as const;

export function Site() {
  const { data, error, refetch } = useQuery({ queryKey: ["admin-settings"], queryFn: () => call("GET /api/v1/admin/settings") });
  if (data === undefined) return error === null ? <Skeleton height="20rem" /> : <Failed error={error} onRetry={() => void refetch()} />;
  return (
    <>
      <EditSite settings={data} />
      <Invitations />
    </>
  );
}

function EditSite({ settings }: { settings: Settings }) {
  const cache = useQueryClient();
  const save = useMutation({
    mutationFn: (texts: Record<string, string>) => {
      const numbers = Object.fromEntries(NUMBERS.map((name) => [name, Number(texts[name])]));
      return call("PATCH /api/v1/admin/settings", { body: { site_name: texts.site_name, registration: texts.registration, ...numbers } });
    },
    onSuccess: async (saved) => {
      toast(t("saved"));
      cache.setQueryData(["admin-settings"], saved);
      await cache.invalidateQueries({ queryKey: siteQuery.queryKey });
    },
  });
  return (
    <Section title={t("admin.settings")}>
      <Box>
        <Form onSend={(texts) => save.mutate(texts)} error={save.error}>
          <Field label={t("site.name")} name="site_name" defaultValue={settings.site_name} maxLength={40} required />
          <SelectField label={t("site.registration")} name="registration" defaultValue={settings.registration}>
            <option value="open">{t("site.open")}</option>
            <option value="invite">{t("site.invite")}</option>
            <option value="closed">{t("site.closed")}</option>
          </SelectField>
          {NUMBERS.map((name) => (
            <Field key={name} label={t(`site.${name}`)} name={name} type="number" min={1} defaultValue={settings[name]} required />
          ))}
          <Button kind="main" type="submit" busy={save.isPending}>
            {t("action.save")}
          </Button>
        </Form>
      </Box>
    </Section>
  );
}

function Invitations() {
  const make = useMutation({
    mutationFn: ({ count, days }: Record<string, string>) => call("POST /api/v1/admin/invitations", { body: { count: Number(count), days: Number(days) } }),
  });
  return (
    <Section title={t("site.invitations")}>
      <Box>
        <p className="hint">{t("site.invitationsText")}</p>
        <Form onSend={(texts) => make.mutate(texts)} error={make.error}>
          <Field label={t("codes.count")} name="count" type="number" min={1} max={100} defaultValue={5} required />
          <Field label={t("site.days")} name="days" type="number" min={1} max={365} defaultValue={14} required />
          <Button kind="main" type="submit" busy={make.isPending}>
            {t("site.makeInvitations")}
          </Button>
        </Form>
        {make.data !== undefined && (
          <>
            <p role="status">{t("codes.once")}</p>
            <ul className={styles.codes}>
              {make.data.codes.map((code) => (
                <li key={code}>{code}</li>
              ))}
            </ul>
            <CopyButton value={make.data.codes.join("\n")} label={t("site.invitations")} />
          </>
        )}
      </Box>
    </Section>
  );
}
