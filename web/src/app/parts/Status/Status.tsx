/** Whether a room is on. */

import { t } from "../../../i18n/app";
import styles from "./Status.module.css";

export function Status({ status }: { status: string }) {
  if (status === "live") return <span className="badge">{t("status.live")}</span>;
  const kind = status === "paused" ? styles.paused : styles.quiet;
  return <span className={`badge ${kind}`}>{statusText(status)}</span>;
}

export function statusText(status: string): string {
  switch (status) {
    case "live":
      return t("status.live");
    case "paused":
      return t("status.paused");
    case "ended":
      return t("status.ended");
    default:
      return t("status.idle");
  }
}
