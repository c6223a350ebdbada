/** What people reported, and closing it. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ago, t } from "../../i18n/app";
import { call } from "../api/client";
import type { Report } from "../api/schema";
import { Button, ButtonLink } from "../parts/Button/Button";
import { More } from "../parts/More/More";
import { Notice } from "../parts/Notice/Notice";
import { Row, Rows } from "../parts/Page/Page";
import { TabBar } from "../parts/Tabs/Tabs";
import { toastError } from "../parts/Toast/Toast";
import { reportsQuery, ToRoom } from "./Streams";

export function Reports() {
  const cache = useQueryClient();
  const [status, setStatus] = useState<"open" | "resolved" | "dismissed">("open");
  const close = useMutation({
    mutationFn: ({ id, as }: { id: number; as: string }) =>
      call("PATCH /api/v1/admin/reports/{report_id}", { path: { report_id: id }, body: { status: as } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ["reports"] }),
    onError: toastError,
  });
  return (
    <>
      <TabBar
        id="reports"
        label={t("admin.reports")}
        current={status}
        onSelect={setStatus}
        tabs={[
          { name: "open", label: t("reports.open") },
          { name: "resolved", label: t("reports.state.resolved") },
          { name: "dismissed", label: t("reports.state.dismissed") },
        ]}
      />
      <div id="reports-panel" role="tabpanel" aria-labelledby={`reports-${status}`} style={{ marginBlockStart: "1rem" }}>
        <More query={reportsQuery(status)} empty={<Notice icon="flag" title={t("reports.empty.title")} text={t("reports.empty.text")} />}>
          {(reports) => (
            <Rows label={t("admin.reports")}>
              {reports.map((report: Reported) => (
                <Row key={report.id} title={`${targetText(report)}: ${report.reason}`} text={`${t("reports.by", { id: report.user_id })} · ${ago(report.created_at)} · ${stateText(report.status)}`}>
                  {report.kind === "room" && <ToRoom id={report.target_id} />}
                  {typeof report.video === "string" && (
                    <ButtonLink to="/v/$id" params={{ id: report.video }}>
                      {t("reports.toVideo")}
                    </ButtonLink>
                  )}
                  {report.status === "open" && (
                    <>
                      <Button kind="main" onClick={() => close.mutate({ id: report.id, as: "resolved" })}>
                        {t("reports.resolve")}
                      </Button>
                      <Button onClick={() => close.mutate({ id: report.id, as: "dismissed" })}>{t("reports.dismiss")}</Button>
                    </>
                  )}
                </Row>
              ))}
            </Rows>
          )}
        </More>
      </div>
    </>
  );
}

/** Of a video, or of what is said under one, the server says which. */
type Reported = Report & { video?: string | null };

function targetText({ kind, target_id: id }: Report): string {
  if (kind === "video") return t("reports.video");
  if (kind === "video_comment") return t("reports.videoComment");
  if (kind === "room") return t("reports.room", { id });
  if (kind === "comment") return t("reports.comment", { id });
  return t("user.number", { id });
}

function stateText(status: string): string {
  if (status === "open") return t("reports.state.open");
  return status === "resolved" ? t("reports.state.resolved") : t("reports.state.dismissed");
}
