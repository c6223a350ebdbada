/** A stored video in a list. */

import type { CSSProperties } from "react";
import { ago, compact, t } from "../../../i18n/app";
import { clock } from "../../../player/vod/time";
import { pictureOf } from "../../api/video-files";
import type { VideoView } from "../../api/videos";
import { Link } from "../../routing";
import { Avatar } from "../Avatar/Avatar";
import { Icon } from "../Icon/Icon";
import { Cover } from "../RoomCard/RoomCard";
import styles from "./VideoCard.module.css";

export function VideoCard({ video, level = 3, watched }: { video: VideoView; level?: 2 | 3; watched?: number | undefined }) {
  const Title = level === 2 ? "h2" : "h3";
  const owner = video.user?.name ?? "";
  return (
    <Link to="/v/$id" params={{ id: video.id }} className={styles.card}>
      <VideoCover video={video} watched={watched} />
      <div className={styles.text}>
        <Avatar user={{ name: owner, avatar: video.user?.avatar ?? "" }} />
        <div>
          <Title className={styles.title}>{video.title}</Title>
          <p className={styles.who}>{factsOf(video)}</p>
        </div>
      </div>
    </Link>
  );
}

/** For narrow columns: picture left, words right. */
export function SmallVideo({ video }: { video: VideoView }) {
  return (
    <Link to="/v/$id" params={{ id: video.id }} className={styles.smallCard}>
      <VideoCover video={video} />
      <div>
        <h3 className={styles.title}>{video.title}</h3>
        <p className={styles.who}>{factsOf(video)}</p>
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
    <ul className={styles.grid}>
      {videos.map(({ video, watched }) => (
        <li key={video.id}>
          <VideoCard video={video} level={level} watched={watched} />
        </li>
      ))}
    </ul>
  );
}

function factsOf({ user, view_count, public_at, published_at, created_at }: VideoView): string {
  const views = t("video.views.other", { count: compact(view_count) });
  return [user?.name ?? "", views, ago(public_at ?? published_at ?? created_at)].filter((part) => part !== "").join(" · ");
}
