/** `/studio/videos`: everything of one's own, in whatever state. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { bytes, compact, day, t } from "../../i18n/app";
import { call } from "../api/client";
import { videosQuery, type VideoView } from "../api/videos";
import { ButtonLink } from "../parts/Button/Button";
import { More } from "../parts/More/More";
import { Notice } from "../parts/Notice/Notice";
import { Table } from "../parts/Table/Table";
import { TabBar } from "../parts/Tabs/Tabs";
import { VideoCover } from "../parts/VideoCard/VideoCard";
import { Work } from "../parts/Work/Work";
import { Link } from "../routing";
import styles from "./Videos.module.css";

const EVERY_MS = 5_000;
type Kind = "all" | "upload" | "recording" | "clip";

export function Videos() {
  const [kind, setKind] = useState<Kind>("all");
  const { data: storage } = useQuery({ queryKey: ["storage"], queryFn: () => call("GET /api/v1/me/storage") });
  return (
    <>
      <div className={styles.head}>
        <TabBar
          id="my-videos"
          label={t("myVideos.title")}
          current={kind}
          onSelect={setKind}
          tabs={[
            { name: "all", label: t("myVideos.all") },
            { name: "upload", label: t("myVideos.uploads") },
            { name: "recording", label: t("myVideos.recordings") },
            { name: "clip", label: t("myVideos.clips") },
          ]}
        />
        {storage !== undefined && (
          <div className={styles.storage}>
            <span className="hint">{t("myVideos.used", { used: bytes(storage.videos_bytes), quota: bytes(storage.quota_bytes) })}</span>
            <progress max={Math.max(1, storage.quota_bytes)} value={storage.videos_bytes} aria-label={t("myVideos.size")} />
          </div>
        )}
        <ButtonLink to="/studio/upload" kind="main" icon="upload">
          {t("videos.upload")}
        </ButtonLink>
      </div>
      <div id="my-videos-panel" role="tabpanel" aria-labelledby={`my-videos-${kind}`}>
        <More
          query={{ ...videosQuery({ mine: true, ...(kind === "all" ? {} : { origin: kind }) }), refetchInterval: EVERY_MS }}
          empty={
            <Notice
              icon="film"
              title={t("myVideos.empty.title")}
              text={t("myVideos.empty.text")}
              action={
                <ButtonLink to="/studio/upload" kind="main" icon="upload">
                  {t("videos.upload")}
                </ButtonLink>
              }
            />
          }
        >
          {(videos) => (
            <Table
              caption={t("myVideos.title")}
              heads={[t("myVideos.video"), t("myVideos.state"), t("myVideos.privacy"), t("myVideos.views"), t("myVideos.size"), t("myVideos.made")]}
              rows={videos.map((video) => ({ key: video.id, cells: cellsOf(video) }))}
            />
          )}
        </More>
      </div>
    </>
  );
}

function cellsOf(video: VideoView) {
  return [
    <Link key="video" to="/studio/videos/$id" params={{ id: video.id }} className={styles.video}>
      <span className={styles.cover}>
        <VideoCover video={video} />
      </span>
      <span>{video.title}</span>
    </Link>,
    <div key="state" className={styles.state}>
      {t(`video.state.${video.state}` as "video.state.ready")}
      {video.failure !== "" && <span className={styles.failure}>{video.failure}</span>}
      {isUnderWay(video) && <Work video={video} />}
    </div>,
    t(`video.privacy.${video.privacy}` as "video.privacy.public"),
    compact(video.view_count),
    bytes(video.bytes),
    day(video.created_at),
  ];
}

/** A playable video may still get more renditions for some time after it was made. */
function isUnderWay({ state, created_at, origin }: VideoView): boolean {
  return state === "probing" || (state === "ready" && origin !== "clip" && Date.now() - created_at < 86_400_000);
}
