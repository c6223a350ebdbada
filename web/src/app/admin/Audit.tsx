/** What admins did, with how it was before and after. */

import { dateTime, t } from "../../i18n/app";
import { call } from "../api/client";
import { pagesQuery } from "../api/queries";
import type { LogEntry } from "../api/schema";
import { More } from "../parts/More/More";
import { Notice } from "../parts/Notice/Notice";
import { Table } from "../parts/Table/Table";
import styles from "./Admin.module.css";

export function Audit() {
  return (
    <More
      query={pagesQuery<LogEntry>(["audit"], (cursor) => call("GET /api/v1/admin/log", { query: { cursor, limit: 50 } }))}
      empty={<Notice icon="history" title={t("audit.empty.title")} text={t("audit.empty.text")} />}
    >
      {(entries) => (
        <Table
          caption={t("admin.audit")}
          heads={[t("audit.when"), t("audit.who"), t("audit.what"), t("audit.object"), t("audit.before"), t("audit.after")]}
          rows={entries.map((entry) => ({
            key: entry.id,
            cells: [
              dateTime(entry.created_at),
              t("user.number", { id: entry.user_id }),
              entry.action,
              entry.object,
              <code key="before" className={styles.value}>
                {entry.before}
              </code>,
              <code key="after" className={styles.value}>
                {entry.after}
              </code>,
            ],
          }))}
        />
      )}
    </More>
  );
}
