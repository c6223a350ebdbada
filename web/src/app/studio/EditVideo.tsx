/** `/studio/videos/:id`: everything one can say about a video, at any time, also while it is being made. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { bytes, t } from "../../i18n/app";
import { language } from "../../i18n/app";
import { call } from "../api/client";
import { isCode } from "../api/errors";
import { send } from "../api/upload";
import { pictureOf } from "../api/video-files";
import { videoQuery, type Caption, type VideoDetail } from "../api/videos";
import { Button, ButtonLink, IconButton } from "../parts/Button/Button";
import { Confirm } from "../parts/Dialog/Dialog";
import { Field, Form, FormError, SelectField, TextField } from "../parts/Field/Field";
import { Failed, Notice, Skeleton } from "../parts/Notice/Notice";
import { Box, Row, Rows } from "../parts/Page/Page";
import { PictureField } from "../parts/PictureField/PictureField";
import { toast, toastError } from "../parts/Toast/Toast";
import { VideoCover } from "../parts/VideoCard/VideoCard";
import { Work } from "../parts/Work/Work";
import { navigate, useParams } from "../routing";
import { chaptersText, parseChapters } from "./chapters";
import { labelsOf } from "./EditRoom";
import styles from "./Videos.module.css";

const EVERY_MS = 4_000;
const LANGUAGES = ["zh-Hant", "zh-Hans", "en", "ja", "ko", "es", "fr", "de"] as const;

export function EditVideo() {
  const { id } = useParams({ from: "/studio/videos/$id" });
  const { data: video, error, refetch } = useQuery({
    ...videoQuery(id),
    refetchInterval: ({ state }) => (state.data?.state === "ready" || state.data?.state === "failed" ? false : EVERY_MS),
  });
  if (video !== undefined) return <Edit key={video.id} video={video} />;
  if (error === null) return <Skeleton height="24rem" />;
  if (isCode(error, "video_not_found")) return <Notice icon="film" title={t("video.missing.title")} text={t("video.missing.text")} />;
  return <Failed error={error} onRetry={() => void refetch()} />;
}

function Edit({ video }: { video: VideoDetail }) {
  return (
    <div className={styles.editor}>
      <div className={styles.column}>
        <Details video={video} />
      </div>
      <div className={styles.column}>
        <Box>
          <VideoCover video={video} />
          <ButtonLink to="/v/$id" params={{ id: video.id }} icon="eye">
            {t("editVideo.watch")}
          </ButtonLink>
        </Box>
        <Box>
          <h2>{t("editVideo.work")}</h2>
          <p className="hint">
            {t(`video.state.${video.state}` as "video.state.ready")} {video.failure}
          </p>
          <Work video={video} withDone />
        </Box>
        <Captions video={video} />
        <Delete video={video} />
      </div>
    </div>
  );
}

function Details({ video }: { video: VideoDetail }) {
  const cache = useQueryClient();
  const [privacy, setPrivacy] = useState(video.privacy);
  const [chapters, setChapters] = useState(() => chaptersText(video.chapters));
  const [thumb, setThumb] = useState<string>();
  const parsed = parseChapters(chapters);
  const wrong = "line" in parsed ? t("editVideo.chaptersWrong", parsed) : undefined;
  const save = useMutation({
    mutationFn: (texts: Record<string, string>) =>
      call("PATCH /api/v1/videos/{id}", {
        path: { id: video.id },
        body: {
          title: (texts.title ?? "").trim(),
          description: texts.description ?? "",
          category: texts.category ?? "",
          labels: labelsOf(texts.labels ?? ""),
          privacy: texts.privacy ?? video.privacy,
          ...(texts.password === undefined || texts.password === "" ? {} : { password: texts.password }),
          ...("chapters" in parsed ? { chapters: parsed.chapters } : {}),
          ...(thumb !== undefined ? { cover: thumb } : texts.cover !== undefined && texts.cover !== video.cover ? { cover: texts.cover } : {}),
        },
      }),
    onSuccess: async (saved) => {
      toast(t("saved"));
      cache.setQueryData(videoQuery(video.id).queryKey, saved);
      await cache.invalidateQueries({ queryKey: ["videos"] });
    },
  });
  return (
    <Box>
      <h2>{t("editVideo.details")}</h2>
      <Form onSend={(texts) => wrong === undefined && save.mutate(texts)} error={save.error}>
        <Field label={t("editVideo.title")} name="title" defaultValue={video.title} maxLength={120} required />
        <TextField label={t("editVideo.description")} hint={t("editVideo.descriptionHint")} name="description" rows={6} defaultValue={video.description} maxLength={5000} />
        <Field label={t("room.category")} name="category" defaultValue={video.category} maxLength={32} />
        <Field label={t("room.labels")} hint={t("room.labelsHint")} name="labels" defaultValue={video.labels.join(", ")} />
        {video.thumbs.length > 0 && (
          <fieldset className={styles.thumbs}>
            <legend>{t("editVideo.cover")}</legend>
            {video.thumbs.map((address, at) => (
              <label key={address} className={styles.thumb}>
                <img src={pictureOf(video, address)} alt="" />
                <input
                  type="radio"
                  name="thumb"
                  aria-label={t("editVideo.thumb", { number: at + 1 })}
                  checked={thumb === undefined ? video.cover === address : thumb === `thumb-${at}`}
                  onChange={() => setThumb(`thumb-${at}`)}
                />
              </label>
            ))}
          </fieldset>
        )}
        <PictureField label={t("editVideo.cover")} name="cover" kind="cover" defaultValue={video.cover} defaultPicture={pictureOf(video)} />
        <SelectField label={t("editVideo.privacy")} name="privacy" value={privacy} onChange={(event) => setPrivacy(event.target.value)}>
          <option value="public">{t("editVideo.privacy.public")}</option>
          <option value="unlisted">{t("editVideo.privacy.unlisted")}</option>
          <option value="password">{t("editVideo.privacy.password")}</option>
          <option value="private">{t("editVideo.privacy.private")}</option>
        </SelectField>
        {privacy === "password" && (
          <Field
            label={t("editVideo.password")}
            hint={video.privacy === "password" ? t("editVideo.passwordKeep") : undefined}
            name="password"
            type="password"
            autoComplete="new-password"
            required={video.privacy !== "password"}
          />
        )}
        <TextField label={t("editVideo.chapters")} hint={t("editVideo.chaptersHint")} error={wrong} rows={4} value={chapters} onChange={(event) => setChapters(event.target.value)} />
        <Button kind="main" type="submit" busy={save.isPending || wrong !== undefined}>
          {t("action.save")}
        </Button>
      </Form>
    </Box>
  );
}

function Captions({ video }: { video: VideoDetail }) {
  const cache = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [of, setOf] = useState<string>(language === "zh-TW" ? "zh-Hant" : language === "zh-CN" ? "zh-Hans" : "en");
  const again = () => cache.invalidateQueries({ queryKey: videoQuery(video.id).queryKey });
  const add = useMutation({
    mutationFn: (file: File) => send<Caption>("PUT", `/api/v1/videos/${video.id}/captions/${of}`, file, () => {}),
    onSuccess: () => {
      toast(t("editVideo.captionsAdded"));
      return again();
    },
  });
  const remove = useMutation({
    mutationFn: (each: string) => call("DELETE /api/v1/videos/{id}/captions/{language}", { path: { id: video.id, language: each } }),
    onSuccess: again,
    onError: toastError,
  });
  return (
    <Box>
      <h2>{t("editVideo.captions")}</h2>
      <p className="hint">{t("editVideo.captionsText")}</p>
      {video.captions.length > 0 && (
        <Rows label={t("editVideo.captions")}>
          {video.captions.map((caption) => (
            <Row key={caption.language} title={languageName(caption.language)} text={bytes(caption.bytes)}>
              <IconButton icon="trash" label={t("editVideo.captionsRemove", { language: languageName(caption.language) })} onClick={() => remove.mutate(caption.language)} />
            </Row>
          ))}
        </Rows>
      )}
      <SelectField label={t("editVideo.captionsLanguage")} value={of} onChange={(event) => setOf(event.target.value)}>
        {LANGUAGES.map((each) => (
          <option key={each} value={each}>
            {languageName(each)}
          </option>
        ))}
      </SelectField>
      <FormError error={add.error} />
      <Button icon="upload" busy={add.isPending} onClick={() => input.current?.click()}>
        {t("editVideo.captionsAdd")}
      </Button>
      <input
        ref={input}
        className="visually-hidden"
        type="file"
        accept=".vtt,.srt,text/vtt"
        tabIndex={-1}
        aria-label={t("editVideo.captionsAdd")}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file !== undefined) add.mutate(file);
          event.target.value = "";
        }}
      />
    </Box>
  );
}

function languageName(code: string): string {
  try {
    return new Intl.DisplayNames(language, { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

function Delete({ video }: { video: VideoDetail }) {
  const cache = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => call("DELETE /api/v1/videos/{id}", { path: { id: video.id } }),
    onSuccess: async () => {
      toast(t("editVideo.deleted"));
      await navigate({ to: "/studio/videos" });
      await cache.invalidateQueries({ queryKey: ["videos"] });
    },
  });
  return (
    <div>
      <Button kind="danger" icon="trash" onClick={() => setIsAsking(true)}>
        {t("editVideo.delete")}
      </Button>
      {isAsking && (
        <Confirm
          title={t("editVideo.delete")}
          text={t("editVideo.deleteText", { title: video.title })}
          action={t("editVideo.delete")}
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate()}
          onClose={() => setIsAsking(false)}
        />
      )}
    </div>
  );
}
