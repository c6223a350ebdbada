/** Back in a broadcast that is being recorded, and clips out of it. */

import { useMutation, useQuery } from "@tanstack/react-query";
import { t } from "../../i18n/app";
import { call } from "../api/client";
import type { PublicUser, RoomView } from "../api/schema";
import { Button } from "../parts/Button/Button";
import { Dialog } from "../parts/Dialog/Dialog";
import { Actions, Field, Form, SelectField } from "../parts/Field/Field";
import { Link } from "../routing";

/** How far one goes back with one press. */
export const BACK_MS = 30_000;
const LENGTHS_S = [15, 30, 60, 120] as const;
const EVERY_MS = 30_000;

/** Whether what is live is recorded. */
function useIsRecorded(room: RoomView): boolean {
  const isOn = room.status === "live" || room.status === "paused";
  const { data } = useQuery({
    queryKey: ["room", room.id, "recording", room.status],
    queryFn: () => call("GET /api/v1/rooms/{id}/recording", { path: { id: room.id } }),
    enabled: isOn,
    refetchInterval: EVERY_MS,
    retry: false,
  });
  return isOn && data !== undefined;
}

/** Nothing where nothing is recorded, or the server has no recordings. */
export function Rewind({ room, isBack, onBack }: { room: RoomView; isBack: boolean; onBack: (isBack: boolean) => void }) {
  const isRecorded = useIsRecorded(room);
  if (isBack) {
    return (
      <Button kind="main" icon="signal" onClick={() => onBack(false)}>
        {t("rewind.back")}
      </Button>
    );
  }
  return (
    isRecorded && (
      <Button icon="history" onClick={() => onBack(true)}>
        {t("rewind.begin")}
      </Button>
    )
  );
}

/** For whom the room lets make clips. */
export function MakeClip({ room, me, onAsk }: { room: RoomView; me: PublicUser | null | undefined; onAsk: (what: "clip") => void }) {
  const isRecorded = useIsRecorded(room);
  const { clips } = room;
  const mayClip = me !== null && me !== undefined && clips !== "off" && (clips !== "host" || me.id === room.host?.id);
  if (!isRecorded || !mayClip) return null;
  return (
    <Button icon="scissors" onClick={() => onAsk("clip")}>
      {t("clip.make")}
    </Button>
  );
}

export function ClipOfRoom({ room, onClose }: { room: RoomView; onClose: () => void }) {
  const make = useMutation({
    mutationFn: ({ seconds, title = "" }: Record<string, string>) =>
      call("POST /api/v1/rooms/{id}/clips", { path: { id: room.id }, body: { last_seconds: Number(seconds), ...(title.trim() === "" ? {} : { title: title.trim() }) } }),
  });
  return (
    <Dialog title={t("clip.title")} onClose={onClose}>
      {make.data === undefined ? (
        <>
          <p className="hint">{t("clip.text")}</p>
          <Form onSend={(texts) => make.mutate(texts)} error={make.error}>
            <SelectField label={t("clip.length")} name="seconds" defaultValue="30">
              {LENGTHS_S.map((seconds) => (
                <option key={seconds} value={seconds}>
                  {t("clip.seconds", { seconds })}
                </option>
              ))}
            </SelectField>
            <Field label={t("clip.name")} name="title" defaultValue={room.title} maxLength={120} />
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

/** What became of it. */
export function Made({ id }: { id: string }) {
  return (
    <>
      <p role="status">{t("clip.made")}</p>
      <Actions>
        <Link to="/v/$id" params={{ id }} className="button button-main">
          {t("clip.watch")}
        </Link>
      </Actions>
    </>
  );
}
