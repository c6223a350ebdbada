/** What the pages of rooms and videos share: the page while there is nothing yet, what stands in the player's place. */

import { useMutation } from "@tanstack/react-query";
import { useLayoutEffect, useState, type ReactNode } from "react";
import { createPortal } from "react-dom";
import { t } from "../../../i18n/app";
import { Button } from "../Button/Button";
import { Field, Form } from "../Field/Field";
import { Notice } from "../Notice/Notice";
import styles from "./Watch.module.css";

export { styles as watchStyles };

/** The page before it is known what is there, or when nothing is. */
export function Waiting({ children }: { children: ReactNode }) {
  return (
    <main id="main" className={styles.wait} tabIndex={-1}>
      {children}
    </main>
  );
}

/** In the player's place, which React does not draw. */
export function Curtain({ children }: { children: ReactNode }) {
  const [stage, setStage] = useState<Element | null>(null);
  useLayoutEffect(() => setStage(document.querySelector("#stage")), []);
  return stage === null ? null : createPortal(<div className={styles.curtain}>{children}</div>, stage);
}

/** Asks for the password that opens what is behind it. */
export function Locked({ title, text, action, onEnter }: { title: string; text: string; action: string; onEnter: (password: string) => Promise<unknown> }) {
  const enter = useMutation({ mutationFn: onEnter });
  return (
    <Notice
      bare
      icon="lock"
      title={title}
      text={text}
      action={
        <Form onSend={({ password }) => enter.mutate(password ?? "")} error={enter.error}>
          <Field label={t("account.password")} name="password" type="password" autoComplete="off" required />
          <Button kind="main" type="submit" busy={enter.isPending}>
            {action}
          </Button>
        </Form>
      }
    />
  );
}
