/** A private room asks for its password; who is not signed in signs in first. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { t } from "../../i18n/app";
import { call } from "../api/client";
import { meQuery } from "../api/queries";
import type { RoomView } from "../api/schema";
import { ButtonLink } from "../parts/Button/Button";
import { Notice } from "../parts/Notice/Notice";
import { Locked } from "../parts/Watch/Watch";

export function Password({ room }: { room: RoomView }) {
  const cache = useQueryClient();
  const { data: me } = useQuery(meQuery);
  const enter = async (password: string) => {
    await call("POST /api/v1/rooms/{id}/enter", { path: { id: room.id }, body: { password } });
    await cache.invalidateQueries({ queryKey: ["room"] });
  };
  // Who asks decides what is asked.
  if (me === undefined) return null;
  if (me === null) {
    return (
      <Notice
        bare
        icon="lock"
        title={t("room.private.title")}
        text={t("room.private.signIn")}
        action={
          <ButtonLink to="/login" search={{ next: location.pathname }} kind="main">
            {t("nav.signIn")}
          </ButtonLink>
        }
      />
    );
  }
  return <Locked title={t("room.private.title")} text={t("room.private.text")} action={t("room.private.enter")} onEnter={enter} />;
}
