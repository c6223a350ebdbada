/** `/studio/analytics`: what became of broadcasts, videos and followers, day by day. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { compact, dateTime, day as dayText, number, span, t } from "../../i18n/app";
import { call } from "../api/client";
import type { AnalyticsDay } from "../api/videos";
import { SelectField } from "../parts/Field/Field";
import { Failed, Notice, Skeleton } from "../parts/Notice/Notice";
import { Box, Section } from "../parts/Page/Page";
import { Table } from "../parts/Table/Table";
import { Link } from "../routing";
import styles from "./Analytics.module.css";
import { columns } from "./columns";

const SPANS = [7, 28, 90, 365] as const;

const SERIES = [
  { name: "views", label: () => t("figures.views"), value: (day: AnalyticsDay) => day.views, text: number },
  { name: "watched", label: () => t("figures.watched"), value: (day: AnalyticsDay) => day.watched_ms, text: span },
  { name: "followers", label: () => t("figures.followers"), value: (day: AnalyticsDay) => day.followers, text: number },
  { name: "coins", label: () => t("figures.coins"), value: (day: AnalyticsDay) => day.coin, text: number },
  { name: "live", label: () => t("figures.live"), value: (day: AnalyticsDay) => day.live_ms, text: span },
] as const;

export function Analytics() {
  const [days, setDays] = useState(28);
  const { data, error, refetch } = useQuery({
    queryKey: ["analytics", days],
    queryFn: () => call("GET /api/v1/me/analytics", { query: { days, utc_offset_minutes: -new Date().getTimezoneOffset() } }),
    staleTime: 60_000,
  });
  return (
    <>
      <div className={styles.filter}>
        <SelectField label={t("figures.days")} value={days} onChange={(event) => setDays(Number(event.target.value))}>
          {SPANS.map((each) => (
            <option key={each} value={each}>
              {t("figures.lastDays", { days: each })}
            </option>
          ))}
        </SelectField>
      </div>
      {data === undefined ? (
        error === null ? (
          <Skeleton height="28rem" />
        ) : (
          <Failed error={error} onRetry={() => void refetch()} />
        )
      ) : data.days.every((day) => SERIES.every(({ value }) => value(day) === 0)) && data.broadcasts.length === 0 ? (
        <Notice icon="chart" title={t("figures.empty.title")} text={t("figures.empty.text")} />
      ) : (
        <>
          <div className={styles.charts}>
            {SERIES.map(({ name, label, value, text }) => (
              <Chart key={name} label={label()} days={data.days} value={value} text={text} />
            ))}
          </div>
          <details className={styles.table}>
            <summary>{t("figures.table")}</summary>
            <Table
              caption={t("studio.analytics")}
              heads={["", ...SERIES.map(({ label }) => label())]}
              rows={data.days.toReversed().map((day) => ({ key: day.starts_at, cells: [dayText(day.starts_at), ...SERIES.map(({ value, text }) => text(value(day)))] }))}
            />
          </details>
          {data.videos.length > 0 && (
            <Section title={t("figures.videos")}>
              <Table
                caption={t("figures.videos")}
                heads={[t("myVideos.video"), t("figures.views"), t("figures.watched")]}
                rows={data.videos.map((video) => ({
                  key: video.id,
                  cells: [
                    <Link key="video" to="/v/$id" params={{ id: video.id }}>
                      {video.title}
                    </Link>,
                    number(video.views),
                    span(video.watched_ms),
                  ],
                }))}
              />
            </Section>
          )}
          {data.broadcasts.length > 0 && (
            <Section title={t("figures.broadcasts")}>
              <Table
                caption={t("figures.broadcasts")}
                heads={[t("broadcasts.began"), t("editVideo.title"), t("broadcasts.length"), t("broadcasts.viewers"), t("broadcasts.peak"), t("broadcasts.coins")]}
                rows={data.broadcasts.map((show) => ({
                  key: show.id,
                  cells: [
                    dateTime(show.started_at),
                    show.title,
                    show.ended_at === null || show.ended_at === undefined ? t("status.live") : span(show.ended_at - show.started_at),
                    compact(show.viewers_total),
                    compact(show.viewers_peak),
                    number(show.coin),
                  ],
                }))}
              />
            </Section>
          )}
        </>
      )}
    </>
  );
}

interface ChartProps {
  label: string;
  days: readonly AnalyticsDay[];
  value: (day: AnalyticsDay) => number;
  text: (value: number) => string;
}

/** The sum, and a column a day. Screen readers have the table. */
function Chart({ label, days, value, text }: ChartProps) {
  const values = days.map(value);
  return (
    <Box>
      <h2 className={styles.label}>{label}</h2>
      <p className={styles.sum}>{text(values.reduce((sum, each) => sum + each, 0))}</p>
      <svg className={styles.chart} viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label={t("figures.chart", { what: label })}>
        {columns(values, 100, 40).map(({ x, y, width, height }, at) => (
          <rect key={days[at]?.starts_at} x={x} y={y} width={width} height={height}>
            <title>{t("figures.day", { at: dayText(days[at]?.starts_at ?? 0), value: text(values[at] ?? 0) })}</title>
          </rect>
        ))}
      </svg>
      <p className={styles.ends}>
        <span>{dayText(days[0]?.starts_at ?? 0)}</span>
        <span>{dayText(days.at(-1)?.starts_at ?? 0)}</span>
      </p>
    </Box>
  );
}
