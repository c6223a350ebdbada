/** What one may do about a message: one's own taken back, others' reported, and, for moderators, order kept. */

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { t } from "../../i18n/app";
import { useBlock } from "../api/blocked";
import { call } from "../api/client";
import type { Comment, NewBan } from "../api/schema";
import { Button } from "../parts/Button/Button";
import { Dialog } from "../parts/Dialog/Dialog";
import { FormError } from "../parts/Field/Field";
import { toast } from "../parts/Toast/Toast";
import { Report } from "./Report";
import styles from "./Room.module.css";

type Act = "delete" | "pin" | Omit<NewBan, "user_id">;

export function MessageActions({
  comment,
  isOwn,
  isModerator,
  isOverHost,
  onClose,
}: {
  comment: Comment;
  isOwn: boolean;
  isModerator: boolean;
  /** Nobody is above the host. */
  isOverHost: boolean;
  onClose: () => void;
}) {
  const [isReporting, setIsReporting] = useState(false);
  const act = useMutation({
    mutationFn: async (what: Act) => {
      const path = { id: comment.live_id };
      if (what === "delete") await call("DELETE /api/v1/comments/{comment_id}", { path: { comment_id: comment.id } });
      else if (what === "pin") await call("PUT /api/v1/rooms/{id}/pinned", { path, body: { comment_id: comment.id } });
      else await call("POST /api/v1/rooms/{id}/bans", { path, body: { ...what, user_id: comment.user.id } });
    },
    onSuccess: () => {
      toast(t("moderation.done"));
      onClose();
    },
  });
  const block = useBlock(() => {
    toast(t("block.done", { name: comment.user.name }));
    onClose();
  });
  if (isReporting) return <Report kind="comment" targetId={comment.id} onClose={onClose} />;
  const mayKeepOrder = isModerator && !isOwn && !isOverHost;
  const { mutate, isPending } = act;
  return (
    <Dialog title={comment.user.name} onClose={onClose}>
      <blockquote className={styles.quote}>{comment.content}</blockquote>
      <FormError error={act.error} />
      <div className={styles.acts}>
        {(isOwn || isModerator) && (
          <Button icon="trash" busy={isPending} onClick={() => mutate("delete")}>
            {t("moderation.delete")}
          </Button>
        )}
        {isModerator && (
          <Button icon="pin" busy={isPending} onClick={() => mutate("pin")}>
            {t("moderation.pin")}
          </Button>
        )}
        {mayKeepOrder && (
          <>
            <Button icon="clock" busy={isPending} onClick={() => mutate({ kind: "timeout", minutes: 10 })}>
              {t("moderation.mute10")}
            </Button>
            <Button icon="stop" busy={isPending} onClick={() => mutate({ kind: "ban", this_show: true })}>
              {t("moderation.banShow")}
            </Button>
            <Button kind="danger" icon="stop" busy={isPending} onClick={() => mutate({ kind: "ban" })}>
              {t("moderation.banForever")}
            </Button>
          </>
        )}
        {!isOwn && (
          <>
            <Button icon="close" busy={block.isPending} onClick={() => block.mutate({ userId: comment.user.id, isBlocked: true })}>
              {t("block.do")}
            </Button>
            <Button icon="flag" onClick={() => setIsReporting(true)}>
              {t("room.report")}
            </Button>
          </>
        )}
      </div>
    </Dialog>
  );
}
