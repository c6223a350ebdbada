/** In the player's place while there is nothing to play: why, how far it is, and what to do. */

import { useQueryClient } from "@tanstack/react-query";
import { t } from "../../i18n/app";
import { call } from "../api/client";
import { videoQuery, type VideoDetail } from "../api/videos";
import { ButtonLink } from "../parts/Button/Button";
import { Notice } from "../parts/Notice/Notice";
import { Locked } from "../parts/Watch/Watch";
import { Work } from "../parts/Work/Work";

export function Why({ video }: { video: VideoDetail }) {
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
  const enter = async (password: string) => {
    const opened = await call("POST /api/v1/videos/{id}/enter", { path: { id: video.id }, body: { password } });
    cache.setQueryData(videoQuery(video.id).queryKey, opened);
  };
  return <Locked title={t("video.locked.title")} text={t("video.locked.text")} action={t("video.locked.open")} onEnter={enter} />;
}
