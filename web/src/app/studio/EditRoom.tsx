/** `/studio/room`: what the room is called, who may come in, when it begins. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { t } from "../../i18n/app";
import { call } from "../api/client";
import type { PublicUser, RoomView } from "../api/schema";
import { Button } from "../parts/Button/Button";
import { CheckField, Field, Form, SelectField } from "../parts/Field/Field";
import { Box } from "../parts/Page/Page";
import { PictureField } from "../parts/PictureField/PictureField";
import { toast } from "../parts/Toast/Toast";
import { WithRoom } from ".";
import { Members } from "./Members";
import { ownRoomsQuery } from "./own-room";
import { fromLocalInput, toLocalInput } from "./schedule";
import styles from "./Studio.module.css";

export function EditRoom() {
  return <WithRoom>{(room, me) => <Edit key={room.id} room={room} me={me} />}</WithRoom>;
}

function Edit({ room, me }: { room: RoomView; me: PublicUser }) {
  const cache = useQueryClient();
  const [privacy, setPrivacy] = useState(room.privacy);
  const save = useMutation({
    mutationFn: (texts: Record<string, string>) =>
      call("PATCH /api/v1/rooms/{id}", {
        path: { id: room.id },
        body: {
          title: texts.title,
          category: texts.category,
          cover: texts.cover,
          labels: labelsOf(texts.labels ?? ""),
          privacy: texts.privacy,
          ...(texts.password === undefined || texts.password === "" ? {} : { password: texts.password }),
          ...(room.is_recorded === undefined
            ? {}
            : { is_recorded: texts.is_recorded === "on", keep_days: texts.keep_days === "" ? null : Number(texts.keep_days), clips: texts.clips }),
          ...(texts.scheduled_at === "" ? {} : { scheduled_at: fromLocalInput(texts.scheduled_at ?? "") }),
        },
      }),
    onSuccess: () => {
      toast(t("saved"));
      return cache.invalidateQueries({ queryKey: ownRoomsQuery(me).queryKey });
    },
  });
  return (
    <div className={styles.wizard}>
      <Box>
        <Form onSend={(texts) => save.mutate(texts)} error={save.error}>
          <Field label={t("room.title")} name="title" defaultValue={room.title} maxLength={100} required />
          <Field label={t("room.category")} hint={t("room.categoryHint")} name="category" defaultValue={room.category} maxLength={32} />
          <Field label={t("room.labels")} hint={t("room.labelsHint")} name="labels" defaultValue={room.labels.join(", ")} />
          <PictureField label={t("room.cover")} name="cover" kind="cover" defaultValue={room.cover} />
          <Field label={t("room.scheduled")} hint={t("room.scheduledHint")} name="scheduled_at" type="datetime-local" defaultValue={toLocalInput(room.scheduled_at)} />
          <SelectField label={t("room.privacy")} name="privacy" value={privacy} onChange={(event) => setPrivacy(event.target.value)}>
            <option value="public">{t("room.privacy.public")}</option>
            <option value="unlisted">{t("room.privacy.unlisted")}</option>
            <option value="private">{t("room.privacy.private")}</option>
          </SelectField>
          {privacy === "private" && (
            <Field
              label={t("room.password")}
              hint={room.privacy === "private" ? t("room.passwordKeep") : t("room.passwordHint")}
              name="password"
              type="password"
              autoComplete="new-password"
              required={room.privacy !== "private"}
            />
          )}
          {room.is_recorded !== undefined && (
            <>
              <CheckField label={t("room.isRecorded")} name="is_recorded" defaultChecked={room.is_recorded} />
              <p className="hint">{t("room.isRecordedHint")}</p>
              <Field label={t("room.keepDays")} hint={t("room.keepDaysHint")} name="keep_days" type="number" min={1} defaultValue={room.keep_days ?? ""} />
              <SelectField label={t("room.clips")} name="clips" defaultValue={room.clips}>
                <option value="all">{t("room.clips.all")}</option>
                <option value="host">{t("room.clips.host")}</option>
                <option value="off">{t("room.clips.off")}</option>
              </SelectField>
            </>
          )}
          <Button kind="main" type="submit" busy={save.isPending}>
            {t("action.save")}
          </Button>
        </Form>
      </Box>
      {room.privacy === "private" && <Members room={room} />}
    </div>
  );
}

/** Labels as people type them: between commas of any kind. */
export function labelsOf(text: string): string[] {
  return [...new Set(text.split(/[,，、]/).map((label) => label.trim()).filter((label) => label !== ""))];
}
