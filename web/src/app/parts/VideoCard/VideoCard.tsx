/** A stored video in a list. */

import type { CSSProperties } from "react";
import { ago, compact, count, t } from "../../../i18n/app";
import { clock } from "../../../player/vod/time";
import { pictureOf } from "../../api/video-files";
import type { VideoView } from "../../api/videos";
import { Link } from "../../routing";
import { Icon } from "../Icon/Icon";
import { cardStyles, Cover, Grid, Words } from "../Card/Card";
import styles from "./VideoCard.module.css";

export function VideoCard({ video, level = 3, watched }: { video: VideoView; level?: 2 | 3; watched?: number | undefined }) {
  const owner = video.user?.name ?? "";
  return (
    <Link to="/v/$id" params={{ id: video.id }} className={cardStyles.card}>
      <VideoCover video={video} watched={watched} />
      <Words title={video.title} level={level} who={{ name: owner, avatar: video.user?.avatar ?? "" }} facts={[owner, ...factsOf(video)]} />
    </Link>
  );
}

/** For narrow columns: picture left, words right. */
export function SmallVideo({ video }: { video: VideoView }) {
  return (
    <Link to="/v/$id" params={{ id: video.id }} className={styles.smallCard}>
      <VideoCover video={video} />
      <div>
        <h3 className={cardStyles.title}>{video.title}</h3>
        <p className={cardStyles.who}>{[video.user?.name ?? "", ...factsOf(video)].filter((fact) => fact !== "").join(" · ")}</p>
      </div>
    </Link>
  );
}

export function VideoCover({ video, watched }: { video: VideoView; watched?: number | undefined }) {
  return (
    <Cover title={video.title} picture={pictureOf(video) ?? ""}>
      {video.state !== "ready" && <span className={styles.state}>{t(`video.state.${video.state}` as "video.state.ready")}</span>}
      {video.duration_ms > 0 && <span className={styles.length}>{clock(video.duration_ms / 1000)}</span>}
      {video.privacy !== "public" && (
        <span className={styles.lock}>
          <Icon name="lock" />
        </span>
      )}
      {watched !== undefined && video.duration_ms > 0 && <span className={styles.watched} style={{ "--part": `${Math.min(100, (watched / video.duration_ms) * 100)}%` } as CSSProperties} />}
    </Cover>
  );
}

export function VideoGrid({ videos, level = 3 }: { videos: readonly { video: VideoView; watched?: number }[]; level?: 2 | 3 }) {
  return (
    <Grid items={videos} keyOf={({ video }) => video.id}>
      {({ video, watched }) => <VideoCard video={video} level={level} watched={watched} />}
    </Grid>
  );
}

function factsOf({ view_count, public_at, published_at, created_at }: VideoView): string[] {
  return [count("video.views", view_count, compact), ago(public_at ?? published_at ?? created_at)];
}
