/** The first room: a title is all it takes. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { navigate } from "../routing";
import { t } from "../../i18n/app";
import { call } from "../api/client";
import type { PublicUser } from "../api/schema";
import { Button } from "../parts/Button/Button";
import { Field, Form } from "../parts/Field/Field";
import { Box } from "../parts/Page/Page";
import { ownRoomsQuery } from "./own-room";
import styles from "./Studio.module.css";

export function Wizard({ me, hasEnded }: { me: PublicUser; hasEnded: boolean }) {
  const cache = useQueryClient();
  const make = useMutation({
    mutationFn: ({ title = "", category = "" }: Record<string, string>) => call("POST /api/v1/rooms", { body: { title, category } }),
    onSuccess: async (room) => {
      cache.setQueryData(ownRoomsQuery(me).queryKey, (rooms = []) => [room, ...rooms]);
      await navigate({ to: "/studio/live" });
    },
  });
  return (
    <div className={styles.wizard}>
      <ol className={styles.steps} aria-label={t("wizard.steps")}>
        <li aria-current="step">{t("wizard.step1")}</li>
        <li>{t("wizard.step2")}</li>
        <li>{t("wizard.step3")}</li>
      </ol>
      <Box>
        <h2>{hasEnded ? t("wizard.next") : t("wizard.title")}</h2>
        <p className="hint">{t("wizard.text")}</p>
        <Form onSend={(texts) => make.mutate(texts)} error={make.error}>
          <Field label={t("room.title")} name="title" defaultValue={t("wizard.defaultTitle", { name: me.name })} maxLength={100} required />
          <Field label={t("room.category")} hint={t("room.categoryHint")} name="category" maxLength={32} />
          <Button kind="main" type="submit" busy={make.isPending}>
            {t("wizard.make")}
          </Button>
        </Form>
      </Box>
    </div>
  );
}
