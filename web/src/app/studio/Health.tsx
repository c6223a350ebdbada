/** What arrives from the encoder, and what to change about it. */

import { useQuery } from "@tanstack/react-query";
import { t } from "../../i18n/app";
import { codecNames } from "../../player/protocols";
import { call } from "../api/client";
import type { RoomView, Sample } from "../api/schema";
import { Icon } from "../parts/Icon/Icon";
import { Box } from "../parts/Page/Page";
import { adviceText } from "./advice";
import { Figure } from "./Overview";
import styles from "./Studio.module.css";

const ASK_EVERY_MS = 2_000;

export function HealthBox({ room }: { room: RoomView }) {
  const { data } = useQuery({
    queryKey: ["health", room.id],
    queryFn: () => call("GET /api/v1/rooms/{id}/health", { path: { id: room.id } }),
    refetchInterval: ASK_EVERY_MS,
  });
  const last = data?.samples.at(-1);
  return (
    <Box>
      <h2>{t("health.title")}</h2>
      {data?.is_there !== true || last === undefined ? (
        <p className={styles.waiting} role="status">
          <Icon name="signal" />
          {t("health.waiting")}
        </p>
      ) : (
        <>
          <dl className={styles.numbers}>
            <Figure label={t("health.bitrate")} value={t("health.kbps", { kbps: Math.round((last.video_bps + last.audio_bps) / 1000) })} />
            <Figure label={t("health.frames")} value={last.frame_rate.toFixed(0)} />
            <Figure
              label={t("health.keyframes")}
              value={last.keyframe_interval_ms === null || last.keyframe_interval_ms === undefined ? "–" : t("seconds", { seconds: (last.keyframe_interval_ms / 1000).toFixed(1) })}
            />
            <Figure label={t("health.codecs")} value={codecNames([last.video_codec, last.audio_codec].filter((codec) => codec !== null && codec !== undefined)) || "–"} />
            <Figure label={t("health.dropped")} value={String(data.samples.reduce((sum, sample) => sum + sample.dropped, 0))} />
          </dl>
          <Bitrate samples={data.samples} />
          <div role="status">
          <ul className={styles.advice}>
            {data.advice.length === 0 ? (
              <li data-good="true">
                <Icon name="check" />
                {t("health.good")}
              </li>
            ) : (
              data.advice.map((sentence) => (
                <li key={sentence}>
                  <Icon name="alert" />
                  {adviceText(sentence)}
                </li>
              ))
            )}
          </ul>
          </div>
        </>
      )}
    </Box>
  );
}

/** The last minutes at a glance. */
function Bitrate({ samples }: { samples: readonly Sample[] }) {
  const rates = samples.map((sample) => sample.video_bps + sample.audio_bps);
  if (rates.length < 2) return null;
  const max = Math.max(...rates, 1);
  const points = rates.map((rate, at) => `${((at / (rates.length - 1)) * 100).toFixed(1)},${(30 - (rate / max) * 28).toFixed(1)}`);
  return (
    <svg className={styles.spark} viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label={t("health.chart")}>
      <polyline points={points.join(" ")} />
    </svg>
  );
}
