/** In the player's place when a broadcast is over for good: its recording, or who else is live. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { t } from "../../i18n/app";
import type { RoomView } from "../api/schema";
import { videosQuery } from "../api/videos";
import { ButtonLink } from "../parts/Button/Button";
import { Notice } from "../parts/Notice/Notice";

/** A recording is there moments after the end; later nothing more comes. */
const LOOK_EVERY_MS = 5_000;
const LOOKS_MAX = 12;

export function Ended({ room }: { room: RoomView }) {
  const { data } = useInfiniteQuery({
    ...videosQuery({ room_id: room.id, origin: "recording" }, 1),
    enabled: room.is_recorded,
    refetchInterval: ({ state }) => ((state.data?.pages[0]?.items.length ?? 0) > 0 || state.dataUpdateCount >= LOOKS_MAX ? false : LOOK_EVERY_MS),
  });
  const recording = data?.pages[0]?.items[0];
  const others = (
    <ButtonLink to="/browse" kind={recording === undefined ? "main" : "plain"}>
      {t("room.others")}
    </ButtonLink>
  );
  return (
    <Notice
      bare
      icon="stop"
      title={t("room.ended.title")}
      text={recording === undefined ? t("room.ended.text") : t("room.ended.recorded")}
      action={
        recording === undefined ? (
          others
        ) : (
          <>
            <ButtonLink to="/v/$id" params={{ id: recording.id }} kind="main" icon="play">
              {t("room.ended.watch")}
            </ButtonLink>
            {others}
          </>
        )
      }
    />
  );
}
