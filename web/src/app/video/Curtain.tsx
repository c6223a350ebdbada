/** In the player's place while there is nothing to play: why, how far it is, and what to do. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { t } from "../../i18n/app";
import { call } from "../api/client";
import { videoQuery, type VideoDetail } from "../api/videos";
import { Button, ButtonLink } from "../parts/Button/Button";
import { Field, Form } from "../parts/Field/Field";
import { Notice } from "../parts/Notice/Notice";
import { Work } from "../parts/Work/Work";
import styles from "./Video.module.css";

export function Curtain({ video }: { video: VideoDetail }) {
  return (
    <div className={styles.curtain}>
      <Why video={video} />
    </div>
  );
}

function Why({ video }: { video: VideoDetail }) {
  const { state, room_id } = video;
  if (video.taken_down_at !== undefined && video.taken_down_at !== null) {
    return <Notice bare icon="shield" title={t("video.takenDown.title")} text={t("video.takeDownReason", { reason: video.taken_down_reason ?? "" })} />;
  }
  if (state === "failed") {
    return (
      <Notice
        bare
        icon="alert"
        title={t("video.failed.title")}
        text={video.failure}
        action={
          <ButtonLink to="/studio/upload" kind="main">
            {t("video.failed.again")}
          </ButtonLink>
        }
      />
    );
  }
  if (state === "waiting") return <Notice bare icon="upload" title={t("video.waiting.title")} text={t("video.waiting.text")} />;
  if (state === "probing") return <Notice bare icon="clock" title={t("video.probing.title")} text={t("video.probing.text")} action={<Work video={video} />} />;
  if (state === "recording" && room_id !== undefined && room_id !== null) {
    return (
      <Notice
        bare
        icon="signal"
        title={t("video.recording.title")}
        text={t("video.recording.text")}
        action={
          <ButtonLink to="/live/$id" params={{ id: String(room_id) }} kind="main">
            {t("video.recording.watch")}
          </ButtonLink>
        }
      />
    );
  }
  return <Password video={video} />;
}

function Password({ video }: { video: VideoDetail }) {
  const cache = useQueryClient();
  const enter = useMutation({
    mutationFn: (password: string) => call("POST /api/v1/videos/{id}/enter", { path: { id: video.id }, body: { password } }),
    onSuccess: (opened) => cache.setQueryData(videoQuery(video.id).queryKey, opened),
  });
  return (
    <Notice
      bare
      icon="lock"
      title={t("video.locked.title")}
      text={t("video.locked.text")}
      action={
        <Form onSend={({ password }) => enter.mutate(password ?? "")} error={enter.error}>
          <Field label={t("account.password")} name="password" type="password" autoComplete="off" required />
          <Button kind="main" type="submit" busy={enter.isPending}>
            {t("video.locked.open")}
          </Button>
        </Form>
      }
    />
  );
}
