/** How to send somebody to this video, or to this place in it. */

import { useState } from "react";
import { t } from "../../i18n/app";
import { clock } from "../../player/vod/time";
import type { VideoView } from "../api/videos";
import { Button } from "../parts/Button/Button";
import { CopyRow } from "../parts/CopyRow/CopyRow";
import { Dialog } from "../parts/Dialog/Dialog";
import { CheckField } from "../parts/Field/Field";

export function Share({ video, positionMs, onClose }: { video: Pick<VideoView, "id" | "title">; positionMs: number; onClose: () => void }) {
  const seconds = Math.floor(positionMs / 1000);
  const [isHere, setIsHere] = useState(false);
  const address = `${location.origin}/v/${video.id}${isHere ? `?t=${seconds}` : ""}`;
  const frame = `<iframe src="${location.origin}/embed/v/${video.id}" width="640" height="360" allow="autoplay; fullscreen; picture-in-picture" style="border:0"></iframe>`;
  return (
    <Dialog title={t("video.share")} onClose={onClose}>
      <CopyRow label={t("share.link")} value={address} />
      {seconds > 0 && <CheckField label={t("video.shareAt", { time: clock(seconds) })} checked={isHere} onChange={(event) => setIsHere(event.target.checked)} />}
      <CopyRow label={t("share.embed")} value={frame} />
      {typeof navigator.share === "function" && (
        <Button icon="share" onClick={() => void navigator.share({ title: video.title, url: address }).catch(() => {})}>
          {t("share.system")}
        </Button>
      )}
    </Dialog>
  );
}
