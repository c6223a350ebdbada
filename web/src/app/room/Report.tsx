/** Telling the admins about a room, a person or a message. */

import { useMutation } from "@tanstack/react-query";
import { t } from "../../i18n/app";
import { call } from "../api/client";
import type { NewReport } from "../api/schema";
import { Button } from "../parts/Button/Button";
import { Dialog } from "../parts/Dialog/Dialog";
import { Form, TextField } from "../parts/Field/Field";
import { toast } from "../parts/Toast/Toast";

type Reported = { kind: "user" | "comment" | "room" | "video_comment"; targetId: number; video?: undefined } | { kind: "video"; video: string; targetId?: undefined };

export function Report({ kind, targetId, video, onClose }: Reported & { onClose: () => void }) {
  const send = useMutation({
    mutationFn: (reason: string) => call("POST /api/v1/reports", { body: { kind, reason, ...(video === undefined ? { target_id: targetId } : { video }) } as NewReport }),
    onSuccess: () => {
      toast(t("report.sent"));
      onClose();
    },
  });
  return (
    <Dialog title={t("report.title")} onClose={onClose}>
      <Form onSend={({ reason }) => send.mutate(reason ?? "")} error={send.error}>
        <TextField name="reason" label={t("report.reason")} hint={t("report.hint")} maxLength={500} required />
        <Button kind="main" type="submit" busy={send.isPending}>
          {t("report.send")}
        </Button>
      </Form>
    </Dialog>
  );
}
