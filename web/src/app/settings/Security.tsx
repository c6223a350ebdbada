/** Password, and the second factor with its picture to scan, which is drawn here and sent to nobody. */

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { encode } from "uqr";
import { t } from "../../i18n/app";
import { call } from "../api/client";
import { errorText } from "../api/errors";
import { Button } from "../parts/Button/Button";
import { CopyButton, CopyRow } from "../parts/CopyRow/CopyRow";
import { Field, Form, FormError } from "../parts/Field/Field";
import { Box } from "../parts/Page/Page";
import { pageStyles } from "../parts/Page/Page";
import { toast } from "../parts/Toast/Toast";
import styles from "./Settings.module.css";

export function Security() {
  return (
    <div className={pageStyles.stack}>
      <Password />
      <SecondFactor />
    </div>
  );
}

function Password() {
  const [round, setRound] = useState(0);
  const change = useMutation({
    mutationFn: ({ old = "", new: next = "" }: Record<string, string>) => call("PUT /api/v1/me/password", { body: { old, new: next } }),
    onSuccess: () => {
      toast(t("password.changed"));
      setRound(round + 1);
    },
  });
  return (
    <Box>
      <h2>{t("password.title")}</h2>
      <Form key={round} onSend={(texts) => change.mutate(texts)} error={change.error}>
        <Field label={t("password.old")} name="old" type="password" autoComplete="current-password" required />
        <Field label={t("password.new")} hint={t("account.passwordHint")} name="new" type="password" autoComplete="new-password" minLength={8} required />
        <Button kind="main" type="submit" busy={change.isPending}>
          {t("password.change")}
        </Button>
      </Form>
      <p className="hint small">{t("password.note")}</p>
    </Box>
  );
}

function SecondFactor() {
  const begin = useMutation({ mutationFn: () => call("POST /api/v1/me/second-factor") });
  const confirm = useMutation({ mutationFn: (code: string) => call("PUT /api/v1/me/second-factor", { body: { code: code.trim() } }) });
  const remove = useMutation({
    mutationFn: (code: string) => call("DELETE /api/v1/me/second-factor", { body: { code: code.trim() } }),
    onSuccess: () => toast(t("factor.removed")),
  });
  const codes = confirm.data?.recovery_codes;
  return (
    <Box>
      <h2>{t("factor.title")}</h2>
      <p className="hint">{t("factor.text")}</p>
      {codes !== undefined ? (
        <>
          <p>{t("factor.codes")}</p>
          <ul className={styles.codes}>
            {codes.map((code) => (
              <li key={code}>
                <code>{code}</code>
              </li>
            ))}
          </ul>
          <CopyButton value={codes.join("\n")} label={t("factor.codesLabel")} />
        </>
      ) : begin.data === undefined ? (
        <>
          <FormError error={begin.error} />
          <div>
            <Button kind="main" busy={begin.isPending} onClick={() => begin.mutate()}>
              {t("factor.begin")}
            </Button>
          </div>
        </>
      ) : (
        <>
          <p>{t("factor.scan")}</p>
          <Qr text={begin.data.url} />
          <CopyRow label={t("factor.secret")} value={begin.data.secret} />
          <Form onSend={({ code }) => confirm.mutate(code ?? "")} error={confirm.error}>
            <Field label={t("account.code")} name="code" inputMode="numeric" autoComplete="one-time-code" maxLength={8} required />
            <Button kind="main" type="submit" busy={confirm.isPending}>
              {t("factor.confirm")}
            </Button>
          </Form>
        </>
      )}
      <details>
        <summary>{t("factor.off")}</summary>
        <Form onSend={({ code }) => remove.mutate(code ?? "")}>
          <Field
            label={t("account.code")}
            hint={t("account.codeHint")}
            error={remove.error === null ? undefined : errorText(remove.error)}
            name="code"
            autoComplete="one-time-code"
            required
          />
          <Button kind="danger" type="submit" busy={remove.isPending}>
            {t("factor.remove")}
          </Button>
        </Form>
      </details>
    </Box>
  );
}

/** Dark on light in either theme: cameras expect it so. */
function Qr({ text }: { text: string }) {
  const { data, size } = encode(text, { border: 2 });
  const path = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return (
    <svg className={styles.qr} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={t("factor.qr")} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
