/** `/admin/videos`, `/admin/jobs`, `/admin/storage`: all videos, the work on them, and who needs how much room. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ago, bytes, day, number, t } from "../../i18n/app";
import { call } from "../api/client";
import { pagesQuery } from "../api/queries";
import type { JobView, StorageOf, VideoView } from "../api/videos";
import { Button } from "../parts/Button/Button";
import { Dialog } from "../parts/Dialog/Dialog";
import { Form, SelectField, TextField } from "../parts/Field/Field";
import { More } from "../parts/More/More";
import { Notice } from "../parts/Notice/Notice";
import { Row, Rows, Section } from "../parts/Page/Page";
import { Table } from "../parts/Table/Table";
import { toastError } from "../parts/Toast/Toast";
import { JobLine } from "../parts/Work/Work";
import { Link } from "../routing";
import styles from "./Admin.module.css";

const STATES = ["waiting", "probing", "recording", "ready", "failed"] as const;
const JOB_STATES = ["waiting", "running", "failed", "done", "cancelled"] as const;
const EVERY_MS = 5_000;

export function Videos() {
  const cache = useQueryClient();
  const [state, setState] = useState("");
  const [taking, setTaking] = useState<VideoView>();
  const again = () => cache.invalidateQueries({ queryKey: ["admin-videos"] });
  const putBack = useMutation({
    mutationFn: (id: string) => call("DELETE /api/v1/admin/videos/{id}/take-down", { path: { id } }),
    onSuccess: again,
    onError: toastError,
  });
  const isDown = (video: VideoView) => video.taken_down_at !== null && video.taken_down_at !== undefined;
  return (
    <>
      <div className={styles.filter}>
        <SelectField label={t("admin.state")} value={state} onChange={(event) => setState(event.target.value)}>
          <option value="">{t("admin.allStates")}</option>
          {STATES.map((each) => (
            <option key={each} value={each}>
              {t(`video.state.${each}`)}
            </option>
          ))}
        </SelectField>
      </div>
      <More
        query={pagesQuery<VideoView>(["admin-videos", state], (cursor) => call("GET /api/v1/admin/videos", { query: { state, cursor, limit: 30 } }))}
        empty={<Notice icon="film" title={t("admin.noVideos")} text={t("admin.noVideosText")} />}
      >
        {(videos) => (
          <Table
            caption={t("admin.videos")}
            heads={[t("admin.video"), t("admin.owner"), t("admin.state"), t("admin.size"), t("admin.made"), t("admin.act")]}
            rows={videos.map((video) => ({
              key: video.id,
              cells: [
                <Link key="video" to="/v/$id" params={{ id: video.id }}>
                  {video.title}
                </Link>,
                video.user?.username ?? "–",
                <span key="state" title={video.failure}>
                  {t(`video.state.${video.state}` as "video.state.ready")} · {t(`video.privacy.${video.privacy}` as "video.privacy.public")}
                  {isDown(video) && <b> · {t("admin.takenDown")}</b>}
                </span>,
                bytes(video.bytes),
                day(video.created_at),
                isDown(video) ? (
                  <Button key="act" onClick={() => putBack.mutate(video.id)}>
                    {t("admin.putBack")}
                  </Button>
                ) : (
                  <Button key="act" kind="danger" aria-label={`${t("admin.takeDown")}: ${video.title}`} onClick={() => setTaking(video)}>
                    {t("admin.takeDown")}
                  </Button>
                ),
              ],
            }))}
          />
        )}
      </More>
      {taking !== undefined && (
        <TakeDown
          video={taking}
          onClose={() => {
            setTaking(undefined);
            void again();
          }}
        />
      )}
    </>
  );
}

function TakeDown({ video, onClose }: { video: VideoView; onClose: () => void }) {
  const takeDown = useMutation({
    mutationFn: (reason: string) => call("POST /api/v1/admin/videos/{id}/take-down", { path: { id: video.id }, body: { reason } }),
    onSuccess: onClose,
  });
  return (
    <Dialog title={t("admin.takeDown")} onClose={onClose}>
      <p>
        <b>{video.title}</b>: {t("admin.takeDownText")}
      </p>
      <Form onSend={({ reason = "" }) => takeDown.mutate(reason)} error={takeDown.error}>
        <TextField label={t("admin.reason")} name="reason" maxLength={1000} required />
        <Button kind="danger" type="submit" busy={takeDown.isPending}>
          {t("admin.takeDown")}
        </Button>
      </Form>
    </Dialog>
  );
}

export function Jobs() {
  const cache = useQueryClient();
  const [state, setState] = useState("");
  const key = ["admin-jobs", state];
  const first = useQuery({ queryKey: ["admin-jobs", "workers"], queryFn: () => call("GET /api/v1/admin/jobs", { query: { limit: 1 } }), refetchInterval: EVERY_MS });
  const options = { onSuccess: () => cache.invalidateQueries({ queryKey: ["admin-jobs"] }), onError: toastError };
  const cancel = useMutation({ mutationFn: (id: number) => call("DELETE /api/v1/admin/jobs/{id}", { path: { id } }), ...options });
  const retry = useMutation({ mutationFn: (id: number) => call("POST /api/v1/admin/jobs/{id}/retry", { path: { id } }), ...options });
  // The workers stand above the jobs: both come when they are known, so that neither is pushed down.
  if (first.data === undefined) return null;
  return (
    <>
      <Section title={t("admin.workers")}>
        {first.data.workers.length === 0 ? (
            <p role="alert">{t("admin.noWorkers")}</p>
          ) : (
            <Rows label={t("admin.workers")}>
              {first.data.workers.map((worker) => (
                <Row
                  key={worker.name}
                  title={t("admin.worker", { name: worker.name, version: worker.version, count: worker.at_once })}
                  text={worker.problem === "" ? ago(worker.seen_at) : worker.problem}
                />
              ))}
            </Rows>
          )}
      </Section>
      <Section title={t("admin.jobs")} actions={<span className="hint">{t("admin.waitingJobs", { count: number(first.data.waiting) })}</span>}>
        <div className={styles.filter}>
          <SelectField label={t("admin.state")} value={state} onChange={(event) => setState(event.target.value)}>
            <option value="">{t("admin.allStates")}</option>
            {JOB_STATES.map((each) => (
              <option key={each} value={each}>
                {t(`jobs.state.${each}`)}
              </option>
            ))}
          </SelectField>
        </div>
        <More
          query={{ ...pagesQuery<JobView>(key, (cursor) => call("GET /api/v1/admin/jobs", { query: { state, cursor, limit: 30 } })), refetchInterval: EVERY_MS }}
          empty={<Notice icon="settings" title={t("admin.noJobs")} text={t("admin.noJobsText")} />}
        >
          {(jobs) => (
            <Rows label={t("admin.jobs")}>
              {jobs.map((job) => (
                <Row key={job.id} title={<JobLine job={job} />} text={<VideoOf job={job} />}>
                  {(job.state === "waiting" || job.state === "running") && <Button onClick={() => cancel.mutate(job.id)}>{t("admin.jobCancel")}</Button>}
                  {(job.state === "failed" || job.state === "cancelled") && <Button onClick={() => retry.mutate(job.id)}>{t("admin.jobRetry")}</Button>}
                </Row>
              ))}
            </Rows>
          )}
        </More>
      </Section>
    </>
  );
}

function VideoOf({ job }: { job: JobView }) {
  return (
    <>
      {job.video_id !== "" && (
        <Link to="/v/$id" params={{ id: job.video_id }}>
          {job.video_id}
        </Link>
      )}{" "}
      · {ago(job.created_at)}
    </>
  );
}

export function Storage() {
  return (
    <Section title={t("admin.storage")}>
      <More
        query={pagesQuery<StorageOf>(["admin-storage"], (cursor) => call("GET /api/v1/admin/storage", { query: { cursor, limit: 50 } }))}
        empty={<Notice icon="film" title={t("admin.noStorage")} text={t("admin.noStorageText")} />}
      >
        {(people) => (
          <Table
            caption={t("admin.storage")}
            heads={[t("admin.owner"), t("admin.storageVideos"), t("admin.size")]}
            rows={people.map((person) => ({
              key: person.user_id,
              cells: [
                <Link key="owner" to="/@$username" params={{ username: person.username }}>
                  {person.username}
                </Link>,
                number(person.videos),
                bytes(person.bytes),
              ],
            }))}
          />
        )}
      </More>
    </Section>
  );
}
