/** How to send somebody here. Rooms that are in no list are shared by their stream name. */

import { t } from "../../i18n/app";
import type { RoomView } from "../api/schema";
import { Button } from "../parts/Button/Button";
import { CopyRow } from "../parts/CopyRow/CopyRow";
import { Dialog } from "../parts/Dialog/Dialog";

export function roomAddress(room: Pick<RoomView, "id" | "name" | "privacy">, kind: "live" | "embed/live" = "live"): string {
  return `${location.origin}/${kind}/${room.privacy === "public" ? room.id : room.name}`;
}

export function Share({ room, onClose }: { room: RoomView; onClose: () => void }) {
  const address = roomAddress(room);
  const frame = `<iframe src="${roomAddress(room, "embed/live")}" width="640" height="360" allow="autoplay; fullscreen; picture-in-picture" style="border:0"></iframe>`;
  return (
    <Dialog title={t("room.share")} onClose={onClose}>
      <CopyRow label={t("share.link")} value={address} />
      <CopyRow label={t("share.embed")} value={frame} />
      {typeof navigator.share === "function" && (
        <Button icon="share" onClick={() => void navigator.share({ title: room.title, url: address }).catch(() => {})}>
          {t("share.system")}
        </Button>
      )}
    </Dialog>
  );
}
