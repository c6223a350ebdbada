/** A part of a video becomes one of its own. */

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { t } from "../../i18n/app";
import { clock, parseClock } from "../../player/vod/time";
import { call } from "../api/client";
import type { VideoDetail } from "../api/videos";
import { Button } from "../parts/Button/Button";
import { Dialog } from "../parts/Dialog/Dialog";
import { Field, Form } from "../parts/Field/Field";
import { Made } from "../room/Rewind";

const LENGTH_MS = 30_000;

export function Clip({ video, positionMs, onClose }: { video: VideoDetail; positionMs: number; onClose: () => void }) {
  const [isWrong, setIsWrong] = useState(false);
  const make = useMutation({
    mutationFn: (body: { start_ms: number; end_ms: number; title: string }) => call("POST /api/v1/videos/{id}/clips", { path: { id: video.id }, body }),
  });
  const send = ({ from = "", to = "", title = "" }: Record<string, string>) => {
    const [start_ms, end_ms] = [parseClock(from), parseClock(to)];
    const isRight = start_ms !== undefined && end_ms !== undefined && end_ms > start_ms;
    setIsWrong(!isRight);
    if (isRight) make.mutate({ start_ms, end_ms, title: title.trim() === "" ? video.title : title.trim() });
  };
  const end = Math.min(video.duration_ms, positionMs + LENGTH_MS);
  return (
    <Dialog title={t("clip.title")} onClose={onClose}>
      {make.data === undefined ? (
        <>
          <p className="hint">{t("clip.textVideo")}</p>
          <Form onSend={send} error={make.error}>
            <Field label={t("clip.from")} name="from" defaultValue={clock(positionMs / 1000)} required />
            <Field label={t("clip.to")} name="to" defaultValue={clock(end / 1000)} error={isWrong ? t("clip.times") : undefined} required />
            <Field label={t("clip.name")} name="title" defaultValue={video.title} maxLength={120} />
            <Button kind="main" icon="scissors" type="submit" busy={make.isPending}>
              {t("clip.do")}
            </Button>
          </Form>
        </>
      ) : (
        <Made id={make.data.id} />
      )}
    </Dialog>
  );
}
