/** A private room asks for its password. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { t } from "../../i18n/app";
import { call } from "../api/client";
import { meQuery } from "../api/queries";
import type { RoomView } from "../api/schema";
import { Button, ButtonLink } from "../parts/Button/Button";
import { Field, Form } from "../parts/Field/Field";
import { Notice } from "../parts/Notice/Notice";

export function Password({ room }: { room: RoomView }) {
  const cache = useQueryClient();
  const { data: me } = useQuery(meQuery);
  const enter = useMutation({
    mutationFn: (password: string) => call("POST /api/v1/rooms/{id}/enter", { path: { id: room.id }, body: { password } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ["room"] }),
  });
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
  return (
    <Notice
      bare
      icon="lock"
      title={t("room.private.title")}
      text={t("room.private.text")}
      action={
        <Form onSend={({ password }) => enter.mutate(password ?? "")} error={enter.error}>
          <Field label={t("account.password")} name="password" type="password" autoComplete="off" required />
          <Button kind="main" type="submit" busy={enter.isPending}>
            {t("room.private.enter")}
          </Button>
        </Form>
      }
    />
  );
}
