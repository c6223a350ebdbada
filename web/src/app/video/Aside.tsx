/** Beside the player: the parts of this video, and what to watch next. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { t } from "../../i18n/app";
import { clock } from "../../player/vod/time";
import type { VideoPlayer } from "../../player/vod/video-player";
import { videosQuery, type VideoDetail } from "../api/videos";
import { SmallVideo } from "../parts/VideoCard/VideoCard";
import styles from "./Video.module.css";

const NEXT_MAX = 12;

export function Aside({ video, player }: { video: VideoDetail; player: VideoPlayer | undefined }) {
  const own = useInfiniteQuery({ ...videosQuery({ user_id: video.user?.id }, NEXT_MAX), enabled: video.user !== null && video.user !== undefined });
  const newest = useInfiniteQuery(videosQuery({}, NEXT_MAX));
  const found = [own, newest].flatMap(({ data }) => data?.pages[0]?.items ?? []).filter(({ id }) => id !== video.id);
  const next = [...new Map(found.map((each) => [each.id, each])).values()].slice(0, NEXT_MAX);
  return (
    <aside className={styles.aside} aria-label={t("video.upNext")}>
      {video.chapters.length > 0 && <Chapters video={video} player={player} />}
      {next.length > 0 && (
        <>
          <h2>{t("video.upNext")}</h2>
          <ul className={styles.next}>
            {next.map((each) => (
              <li key={each.id}>
                <SmallVideo video={each} />
              </li>
            ))}
          </ul>
        </>
      )}
    </aside>
  );
}

function Chapters({ video, player }: { video: VideoDetail; player: VideoPlayer | undefined }) {
  const [current, setCurrent] = useState(-1);
  useEffect(() => {
    if (player === undefined) return undefined;
    const look = () => setCurrent(video.chapters.findLastIndex(({ start_ms }) => start_ms <= player.video.currentTime * 1000));
    player.video.addEventListener("timeupdate", look);
    return () => player.video.removeEventListener("timeupdate", look);
  }, [player, video.chapters]);
  return (
    <>
      <h2>{t("video.chapters")}</h2>
      <ol className={styles.chapters}>
        {video.chapters.map((chapter, at) => (
          <li key={chapter.start_ms}>
            <button type="button" aria-current={at === current ? "true" : undefined} onClick={() => player?.seek(chapter.start_ms)}>
              <span>{chapter.title}</span>
              <span>{clock(chapter.start_ms / 1000)}</span>
            </button>
          </li>
        ))}
      </ol>
    </>
  );
}
