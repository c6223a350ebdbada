/** What runs right now: the overview, all rooms, all streams, and ending one. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "../routing";
import { useState } from "react";
import { fetchStreams, type LiveStream } from "../../api";
import { onAir } from "../../i18n";
import { ago, number, t } from "../../i18n/app";
import { codecNames } from "../../player/protocols";
import { call } from "../api/client";
import { pagesQuery, roomsQuery } from "../api/queries";
import type { Report } from "../api/schema";
import { Button, ButtonLink } from "../parts/Button/Button";
import { Dialog } from "../parts/Dialog/Dialog";
import { Field, Form } from "../parts/Field/Field";
import { More } from "../parts/More/More";
import { Failed, Notice, Skeleton } from "../parts/Notice/Notice";
import { Box, Section } from "../parts/Page/Page";
import { Status } from "../parts/Status/Status";
import { Table } from "../parts/Table/Table";
import { toast } from "../parts/Toast/Toast";
import { Figure } from "../studio/Overview";
import { Concerns } from "./Concerns";
import studio from "../studio/Studio.module.css";

const ASK_EVERY_MS = 3_000;

const streamsQuery = { queryKey: ["streams"], queryFn: fetchStreams, refetchInterval: ASK_EVERY_MS };

export function Overview() {
  const { data } = useQuery(streamsQuery);
  const reports = useQuery({
    queryKey: ["reports", "open", "count"],
    queryFn: () => call("GET /api/v1/admin/reports", { query: { status: "open", limit: 50 } }),
  });
  const open = reports.data?.items.length ?? 0;
  const viewers = data?.streams.reduce((sum, stream) => sum + stream.viewer_count, 0) ?? 0;
  return (
    <>
      <Concerns />
      <Box>
        <dl className={studio.numbers}>
          <Figure label={t("admin.liveStreams")} value={number(data?.streams.length ?? 0)} />
          <Figure label={t("admin.viewers")} value={number(viewers)} />
          <Figure label={t("admin.openReports")} value={open >= 50 ? "50+" : String(open)} />
        </dl>
      </Box>
      <div style={{ marginBlockStart: "1.5rem" }}>
        <Section title={t("admin.streams")}>
          <Streams />
        </Section>
      </div>
    </>
  );
}

export function Streams() {
  const { data, error, refetch } = useQuery(streamsQuery);
  const [kicking, setKicking] = useState<string>();
  if (data === undefined) return error === null ? <Skeleton height="10rem" /> : <Failed error={error} onRetry={() => void refetch()} />;
  return (
    <>
      {data.streams.length === 0 ? (
        <Notice icon="signal" title={t("admin.noStreams")} text={t("admin.noStreamsText")} />
      ) : (
        <Table
          caption={t("admin.streams")}
          heads={[t("admin.stream"), t("admin.viewers"), t("admin.onAir"), t("health.codecs"), t("admin.act")]}
          rows={data.streams.map((stream) => ({
            key: stream.stream,
            cells: [
              <a key="watch" href={`/watch/${stream.stream}`}>
                {stream.stream}
              </a>,
              number(stream.viewer_count),
              stream.started_at_ms === undefined ? "–" : onAir(Date.now() - stream.started_at_ms),
              tracksText(stream),
              <Button key="kick" kind="danger" aria-label={`${t("admin.kick")}: ${stream.stream}`} onClick={() => setKicking(stream.stream)}>
                {t("admin.kick")}
              </Button>,
            ],
          }))}
        />
      )}
      {kicking !== undefined && <Kick stream={kicking} onClose={() => setKicking(undefined)} />}
    </>
  );
}

function tracksText(stream: LiveStream): string {
  const video = stream.tracks.find((track) => track.kind === "video");
  const codecs = codecNames(stream.tracks.map((track) => track.codec_string ?? track.codec));
  return [codecs, video?.height === undefined ? "" : `${video.height}p`].filter((part) => part !== "").join(" · ");
}

function Kick({ stream, onClose }: { stream: string; onClose: () => void }) {
  const cache = useQueryClient();
  const kick = useMutation({
    mutationFn: (reason: string) => call("POST /api/v1/admin/streams/kick", { body: { stream, reason } }),
    onSuccess: async () => {
      toast(t("admin.kicked", { stream }));
      onClose();
      await cache.invalidateQueries({ queryKey: ["streams"] });
    },
  });
  return (
    <Dialog title={t("admin.kick")} onClose={onClose}>
      <p>{t("admin.kickText", { stream })}</p>
      <Form onSend={({ reason }) => kick.mutate(reason ?? "")} error={kick.error}>
        <Field label={t("admin.reason")} hint={t("admin.reasonHint")} name="reason" maxLength={200} required />
        <Button kind="danger" type="submit" busy={kick.isPending}>
          {t("admin.kick")}
        </Button>
      </Form>
    </Dialog>
  );
}

export function Rooms() {
  return (
    <More query={roomsQuery({}, 30)} empty={<Notice icon="compass" title={t("browse.empty.title")} />}>
      {(rooms) => (
        <Table
          caption={t("admin.rooms")}
          heads={[t("room.title"), t("admin.host"), t("admin.state"), t("admin.viewers"), t("studio.visitors"), t("broadcasts.coins"), t("admin.made")]}
          rows={rooms.map((room) => ({
            key: room.id,
            cells: [
              <Link key="room" to="/live/$id" params={{ id: String(room.id) }}>
                {room.title}
              </Link>,
              room.host?.name ?? "–",
              <Status key="status" status={room.status} />,
              number(room.viewer_count),
              number(room.look_count),
              number(room.coin),
              ago(room.created_at),
            ],
          }))}
        />
      )}
    </More>
  );
}

export function reportsQuery(status: string) {
  return pagesQuery<Report>(["reports", status], (cursor) =>
    call("GET /api/v1/admin/reports", { query: { status, cursor, limit: 30 } }),
  );
}

export function ToRoom({ id }: { id: number }) {
  return (
    <ButtonLink to="/live/$id" params={{ id: String(id) }}>
      {t("comments.toRoom")}
    </ButtonLink>
  );
}
