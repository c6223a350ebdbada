/** Who may enter a private room without its password. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { t } from "../../i18n/app";
import { call } from "../api/client";
import { pagesQuery } from "../api/queries";
import type { PublicUser, RoomView } from "../api/schema";
import { Button } from "../parts/Button/Button";
import { Field, Form } from "../parts/Field/Field";
import { More } from "../parts/More/More";
import { Notice } from "../parts/Notice/Notice";
import { Box, Rows } from "../parts/Page/Page";
import { PersonRow } from "../parts/PersonRow/PersonRow";
import { toastError } from "../parts/Toast/Toast";

export function Members({ room }: { room: RoomView }) {
  const cache = useQueryClient();
  const [round, setRound] = useState(0);
  const key = ["members", room.id];
  const again = () => cache.invalidateQueries({ queryKey: key });
  const add = useMutation({
    mutationFn: async (name: string) => {
      const { id } = await call("GET /api/v1/users/by-name/{username}", { path: { username: name.trim().replace(/^@/, "") } });
      await call("PUT /api/v1/rooms/{id}/members/{user_id}", { path: { id: room.id, user_id: id } });
    },
    onSuccess: () => {
      setRound(round + 1);
      return again();
    },
  });
  const remove = useMutation({
    mutationFn: (userId: number) => call("DELETE /api/v1/rooms/{id}/members/{user_id}", { path: { id: room.id, user_id: userId } }),
    onSuccess: again,
    onError: toastError,
  });
  return (
    <Box>
      <h2>{t("members.title")}</h2>
      <p className="hint">{t("members.text")}</p>
      <Form key={round} onSend={({ username = "" }) => add.mutate(username)} error={add.error}>
        <Field label={t("account.username")} name="username" autoCapitalize="none" spellCheck={false} required />
        <Button type="submit" busy={add.isPending}>
          {t("members.add")}
        </Button>
      </Form>
      <More
        query={pagesQuery<PublicUser>(key, (cursor) => call("GET /api/v1/rooms/{id}/members", { path: { id: room.id }, query: { cursor, limit: 30 } }))}
        empty={<Notice bare icon="users" title={t("members.empty.title")} text={t("members.empty.text")} />}
      >
        {(people) => (
          <Rows label={t("members.title")}>
            {people.map((person) => (
              <PersonRow key={person.id} user={person}>
                <Button aria-label={`${t("members.remove")}: ${person.name}`} onClick={() => remove.mutate(person.id)}>
                  {t("members.remove")}
                </Button>
              </PersonRow>
            ))}
          </Rows>
        )}
      </More>
    </Box>
  );
}
