/** How far the work on a video is: percent, time left, or the place in the queue. */

import { useQuery } from "@tanstack/react-query";
import { has, span, t } from "../../../i18n/app";
import { call } from "../../api/client";
import type { JobView, VideoView } from "../../api/videos";
import styles from "./Work.module.css";

const EVERY_MS = 1_500;
const isOver = ({ state }: JobView) => state === "done" || state === "cancelled";

export function jobsQuery(id: string) {
  return {
    queryKey: ["jobs", id],
    queryFn: () => call("GET /api/v1/videos/{id}/jobs", { path: { id } }),
  };
}

/** Only for those who may change the video: others are not told. Nothing while there is nothing to do. */
export function Work({ video, withDone = false }: { video: Pick<VideoView, "id">; withDone?: boolean }) {
  const { data } = useQuery({
    ...jobsQuery(video.id),
    refetchInterval: ({ state }) => (state.data?.some((job) => job.state === "waiting" || job.state === "running") === true ? EVERY_MS : 6 * EVERY_MS),
    retry: false,
  });
  const shown = (data ?? []).filter((job) => withDone || !isOver(job)).toReversed();
  if (shown.length === 0) return null;
  return (
    <ul className={styles.jobs}>
      {shown.map((job) => (
        <li key={job.id}>
          <JobLine job={job} />
        </li>
      ))}
    </ul>
  );
}

export function JobLine({ job }: { job: JobView }) {
  const percent = Math.floor(job.progress_milli / 10);
  return (
    <div className={styles.job}>
      <span>{kindText(job.kind)}</span>
      <span className={styles.state}>{stateText(job)}</span>
      {(job.state === "running" || job.state === "waiting") && <progress max={100} value={job.state === "running" ? percent : 0} aria-label={kindText(job.kind)} />}
      {job.failure !== "" && <span className={styles.failure}>{job.failure}</span>}
      {job.waits_for !== "" && <span className={styles.failure}>{job.waits_for}</span>}
    </div>
  );
}

export function kindText(kind: string): string {
  const key = `work.kind.${kind}`;
  return has(key) ? t(key as "work.kind.probe") : t("work.kind.other");
}

export function stateText({ state, progress_milli, eta_ms, place }: JobView): string {
  switch (state) {
    case "waiting":
      return t("work.waiting", { place: place ?? "–" });
    case "running": {
      const percent = t("work.percent", { percent: Math.floor(progress_milli / 10) });
      return eta_ms === null || eta_ms === undefined ? percent : `${percent} · ${t("work.left", { time: span(eta_ms) })}`;
    }
    case "failed":
      return t("work.failed");
    case "cancelled":
      return t("work.cancelled");
    default:
      return t("work.done");
  }
}
