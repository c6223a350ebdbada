/** Nothing there, or something went wrong: why, and what to do next. */

import type { ReactNode } from "react";
import { t } from "../../../i18n/app";
import { errorText } from "../../api/errors";
import { Button } from "../Button/Button";
import { Icon, type IconName } from "../Icon/Icon";
import styles from "./Notice.module.css";

interface Props {
  icon: IconName;
  title: string;
  text?: string;
  action?: ReactNode;
  /** Without a frame, for narrow places. */
  bare?: boolean;
  level?: 1 | 2;
}

export function Notice({ icon, title, text, action, bare = false, level = 2 }: Props) {
  const Title = level === 1 ? "h1" : "h2";
  return (
    <div className={bare ? `${styles.notice} ${styles.bare}` : styles.notice}>
      <Icon name={icon} />
      <Title>{title}</Title>
      {text !== undefined && <p>{text}</p>}
      {action !== undefined && <div className={styles.action}>{action}</div>}
    </div>
  );
}

/** An error with its way out: trying again. */
export function Failed({ error, onRetry, bare = false }: { error: unknown; onRetry: () => void; bare?: boolean }) {
  return (
    <div role="alert">
      <Notice
        icon="alert"
        title={t("error.title")}
        text={errorText(error)}
        bare={bare}
        action={<Button onClick={onRetry}>{t("action.retry")}</Button>}
      />
    </div>
  );
}

/** Holds the place of what is still on its way. */
export function Skeleton({ height }: { height: string }) {
  return <div className={styles.skeleton} style={{ blockSize: height }} aria-hidden="true" />;
}
