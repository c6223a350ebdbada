/** `/studio/upload`: files become videos. What they are called can be said while the bytes are still on their way. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState, useSyncExternalStore, type DragEvent } from "react";
import { ApiError } from "../../api";
import { bytes, span, t } from "../../i18n/app";
import { call } from "../api/client";
import { errorText } from "../api/errors";
import type { OwnStorage, UploadView } from "../api/videos";
import { Button, ButtonLink } from "../parts/Button/Button";
import { Field, Form, SelectField } from "../parts/Field/Field";
import { Icon } from "../parts/Icon/Icon";
import { Box, Row, Rows, Section } from "../parts/Page/Page";
import { toast, toastError } from "../parts/Toast/Toast";
import { Work } from "../parts/Work/Work";
import styles from "./Upload.module.css";
import { addUpload, cancelUpload, listenUploads, pauseUpload, resumeUpload, uploadItems, type UploadItem } from "./uploads";

const storageQuery = { queryKey: ["storage"], queryFn: () => call("GET /api/v1/me/storage") };
const unfinishedQuery = { queryKey: ["uploads"], queryFn: () => call("GET /api/v1/uploads", { query: { limit: 50 } }) };

export function Upload() {
  const { data: storage } = useQuery(storageQuery);
  const { data: unfinished } = useQuery({ ...unfinishedQuery, refetchOnMount: "always" });
  const items = useSyncExternalStore(listenUploads, uploadItems);
  const [privacy, setPrivacy] = useState("public");
  const [told, setTold] = useState<string>();
  const waiting = (unfinished?.items ?? []).filter((upload) => !upload.is_import && !items.some(({ videoId }) => videoId === upload.video_id));

  const take = (files: Iterable<File>) => {
    setTold(undefined);
    for (const file of files) {
      const problem = problemOf(file, storage);
      if (problem !== undefined) setTold(problem);
      else addUpload(file, privacy, addressOf(file, waiting));
    }
  };
  return (
    <div className={styles.page}>
      <DropZone onFiles={take} storage={storage} />
      <p role="alert" className={styles.told} hidden={told === undefined}>
        {told}
      </p>
      <SelectField label={t("editVideo.privacy")} value={privacy} onChange={(event) => setPrivacy(event.target.value)}>
        <option value="public">{t("editVideo.privacy.public")}</option>
        <option value="unlisted">{t("editVideo.privacy.unlisted")}</option>
        <option value="private">{t("editVideo.privacy.private")}</option>
      </SelectField>
      {items.length > 0 && (
        <ul className={styles.items}>
          {items.toReversed().map((item) => (
            <li key={item.key}>
              <Item item={item} />
            </li>
          ))}
        </ul>
      )}
      {waiting.length > 0 && <Unfinished uploads={waiting} onFile={(file, upload) => addUpload(file, privacy, `/api/v1/uploads/${upload.id}`)} />}
      {(storage?.import_hosts ?? []).length > 0 && <Import privacy={privacy} />}
    </div>
  );
}

function DropZone({ onFiles, storage }: { onFiles: (files: Iterable<File>) => void; storage: OwnStorage | undefined }) {
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setIsOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    onFiles(event.dataTransfer.files);
  };
  return (
    <div
      className={styles.zone}
      data-over={isOver}
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
    >
      <Icon name="upload" />
      <h2>{t("upload.drop")}</h2>
      <Button kind="main" onClick={() => input.current?.click()}>
        {t("upload.choose")}
      </Button>
      <p className="hint">
        {storage !== undefined && `${t("upload.hint", { size: bytes(storage.upload_bytes_max) })} ${t("upload.left", { size: bytes(storage.left_bytes) })}`}
      </p>
      <input
        ref={input}
        className="visually-hidden"
        type="file"
        accept="video/*,audio/*,.mkv,.flv,.ts,.m2ts,.avi,.wmv,.rmvb"
        multiple
        tabIndex={-1}
        aria-label={t("upload.choose")}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
    </div>
  );
}

function Item({ item }: { item: UploadItem }) {
  const { key, file, state, sent, videoId } = item;
  const part = file.size === 0 ? 0 : sent / file.size;
  return (
    <Box>
      <div className={styles.head}>
        <Icon name={state === "done" ? "check" : state === "failed" ? "alert" : "film"} />
        {videoId === undefined ? <b className={styles.name}>{file.name}</b> : <Title id={videoId} name={file.name} />}
        {(state === "sending" || state === "starting") && (
          <Button icon="pause" onClick={() => pauseUpload(key)}>
            {t("upload.pause")}
          </Button>
        )}
        {(state === "paused" || state === "failed" || state === "offline") && (
          <Button icon="play" onClick={() => resumeUpload(key)}>
            {t("upload.resume")}
          </Button>
        )}
        {state !== "done" && <Button kind="ghost" icon="close" aria-label={`${t("upload.cancel")}: ${file.name}`} onClick={() => void cancelUpload(key)} />}
        {videoId !== undefined && (
          <ButtonLink to="/studio/videos/$id" params={{ id: videoId }} icon="edit">
            {t("video.edit")}
          </ButtonLink>
        )}
      </div>
      <progress max={1} value={part} aria-label={t("upload.progress", { name: file.name })} />
      <p className={state === "failed" ? styles.told : "hint"} role={state === "failed" ? "alert" : undefined}>
        {bytes(sent)} / {bytes(file.size)} · {stateOf(item)}
      </p>
      {state === "done" && videoId !== undefined && <Work video={{ id: videoId }} withDone />}
    </Box>
  );
}

/** Saved when one leaves the field, whatever the bytes do. */
function Title({ id, name }: { id: string; name: string }) {
  const cache = useQueryClient();
  const { data: video } = useQuery({ queryKey: ["video", id], queryFn: () => call("GET /api/v1/videos/{id}", { path: { id } }) });
  const save = useMutation({
    mutationFn: (title: string) => call("PATCH /api/v1/videos/{id}", { path: { id }, body: { title } }),
    onSuccess: (saved) => {
      cache.setQueryData(["video", id], saved);
      toast(t("saved"));
    },
    onError: toastError,
  });
  if (video === undefined) return <b className={styles.name}>{name}</b>;
  return (
    <input
      className={styles.title}
      aria-label={`${t("editVideo.title")}: ${name}`}
      defaultValue={video.title}
      maxLength={120}
      onBlur={(event) => {
        const title = event.target.value.trim();
        if (title !== "" && title !== video.title) save.mutate(title);
      }}
    />
  );
}

function Unfinished({ uploads, onFile }: { uploads: readonly UploadView[]; onFile: (file: File, upload: UploadView) => void }) {
  const cache = useQueryClient();
  const chosen = useRef<UploadView>(undefined);
  const input = useRef<HTMLInputElement>(null);
  const remove = useMutation({
    mutationFn: (id: string) => fetch(`/api/v1/uploads/${id}`, { method: "DELETE", headers: { "tus-resumable": "1.0.0" } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: unfinishedQuery.queryKey }),
  });
  const take = (file: File | undefined) => {
    const upload = chosen.current;
    if (file === undefined || upload === undefined) return;
    if (upload.bytes !== file.size) toast(t("upload.otherFile", { name: upload.filename, size: bytes(upload.bytes ?? 0) }));
    else onFile(file, upload);
  };
  return (
    <Section title={t("upload.unfinished")}>
      <Rows label={t("upload.unfinished")}>
        {uploads.map((upload) => (
          <Row
            key={upload.id}
            title={upload.title}
            text={t("upload.unfinishedText", { name: upload.filename, percent: Math.floor((upload.received_bytes / Math.max(1, upload.bytes ?? 1)) * 100) })}
          >
            <Button
              onClick={() => {
                chosen.current = upload;
                input.current?.click();
              }}
            >
              {t("upload.again")}
            </Button>
            <Button kind="ghost" icon="trash" aria-label={`${t("upload.cancel")}: ${upload.title}`} onClick={() => remove.mutate(upload.id)} />
          </Row>
        ))}
      </Rows>
      <input
        ref={input}
        className="visually-hidden"
        type="file"
        tabIndex={-1}
        aria-label={t("upload.again")}
        onChange={(event) => {
          take(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
    </Section>
  );
}

function Import({ privacy }: { privacy: string }) {
  const [round, setRound] = useState(0);
  const begin = useMutation({
    mutationFn: (url: string) => call("POST /api/v1/videos/import", { body: { url: url.trim(), privacy } }),
    onSuccess: () => {
      toast(t("upload.imported"));
      setRound(round + 1);
    },
  });
  return (
    <details className={styles.import}>
      <summary>{t("upload.import")}</summary>
      <p className="hint">{t("upload.importText")}</p>
      <Form key={round} onSend={({ url = "" }) => begin.mutate(url)} error={begin.error}>
        <Field label={t("webhooks.url")} name="url" type="url" placeholder="https://…" required />
        <Button type="submit" busy={begin.isPending}>
          {t("upload.importDo")}
        </Button>
      </Form>
    </details>
  );
}

function stateOf({ state, sent, file, speed, leftMs, error }: UploadItem): string {
  const percent = Math.floor((sent / Math.max(1, file.size)) * 100);
  switch (state) {
    case "starting":
      return t("upload.state.starting");
    case "sending":
      return t("upload.state.sending", { percent, speed: speed === undefined ? "–" : bytes(speed), left: leftMs === undefined ? "–" : span(leftMs) });
    case "paused":
      return t("upload.state.paused", { percent });
    case "offline":
      return t("upload.state.offline", { percent });
    case "failed":
      // The server says what it refuses; a bare 413 comes from something before it.
      return error instanceof ApiError && error.code === "http_413" ? t("upload.proxy") : errorText(error);
    case "done":
      return t("upload.state.done");
  }
}

/** What is wrong with a file before a byte is sent. */
function problemOf(file: File, storage: OwnStorage | undefined): string | undefined {
  const { name, size, type } = file;
  if (size === 0 || (type !== "" && !/^(video|audio|application)\//.test(type))) return t("upload.notVideo", { name });
  if (storage !== undefined && size > storage.upload_bytes_max) return t("upload.tooLarge", { name, size: bytes(size), max: bytes(storage.upload_bytes_max) });
  return undefined;
}

/** Where an unfinished upload of this file is, from whichever device it was begun. */
function addressOf(file: File, waiting: readonly UploadView[]): string | undefined {
  const found = waiting.find((upload) => upload.filename === file.name && upload.bytes === file.size);
  return found === undefined ? undefined : `/api/v1/uploads/${found.id}`;
}
