/** The browser's own dialog: it keeps the focus inside, closes with Escape and gives the focus back. */

import { useEffect, useId, useRef, type ReactNode } from "react";
import { t } from "../../../i18n/app";
import { Button, IconButton } from "../Button/Button";
import { Actions, FormError } from "../Field/Field";
import styles from "./Dialog.module.css";

export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    const opener = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
        <IconButton label={t("action.close")} icon="close" onClick={onClose} />
      </div>
      <div className={styles.body}>{children}</div>
    </dialog>
  );
}

/** Asks before something that cannot be taken back. */
export function Confirm({
  title,
  text,
  action,
  onConfirm,
  onClose,
  busy = false,
  error,
}: {
  title: string;
  text: string;
  action: string;
  onConfirm: () => void;
  onClose: () => void;
  busy?: boolean;
  error?: unknown;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      <FormError error={error} />
      <Actions>
        <Button kind="danger" busy={busy} onClick={onConfirm}>
          {action}
        </Button>
        <Button onClick={onClose}>{t("action.cancel")}</Button>
      </Actions>
    </Dialog>
  );
}
