/** What an admin should see to: nobody can work on videos, work failed, the site is reached without TLS. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { count, t } from "../../i18n/app";
import { call } from "../api/client";
import { Icon } from "../parts/Icon/Icon";
import { Link } from "../routing";
import styles from "./Admin.module.css";

const LOOK_EVERY_MS = 30_000;
/** More than so many are not counted. */
const FAILED_MAX = 50;

/** Nothing when all is well. */
export function Concerns() {
  const { data } = useQuery({
    queryKey: ["admin-jobs", "concerns"],
    queryFn: () => call("GET /api/v1/admin/jobs", { query: { state: "failed", limit: FAILED_MAX } }),
    refetchInterval: LOOK_EVERY_MS,
  });
  const concerns: [string, ReactNode][] = [];
  if (data !== undefined) {
    const stuck = data.workers.filter(({ problem }) => problem !== "");
    if (data.workers.length === 0) concerns.push(["workers", t("concern.noWorker")]);
    else if (stuck.length === data.workers.length) concerns.push(...stuck.map(({ name, problem }): [string, ReactNode] => [name, t("concern.worker", { name, problem })]));
    if (data.items.length > 0) {
      const text = (
        <>
          {count("concern.failed", data.items.length, (value) => (value >= FAILED_MAX ? `${FAILED_MAX}+` : String(value)))} <Link to="/admin/jobs">{t("concern.jobs")}</Link>
        </>
      );
      concerns.push(["failed", text]);
    }
  }
  if (!window.isSecureContext) concerns.push(["tls", t("concern.tls")]);
  if (concerns.length === 0) return null;
  return (
    <ul className={styles.concerns} aria-label={t("concern.title")}>
      {concerns.map(([key, text]) => (
        <li key={key}>
          <Icon name="alert" />
          <p>{text}</p>
        </li>
      ))}
    </ul>
  );
}
