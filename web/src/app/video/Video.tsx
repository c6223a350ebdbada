/** `/v/:id`: a stored video, in whatever state it is, with what is said about it. */

import { useQuery } from "@tanstack/react-query";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import "../../player/vod/video-player";
import type { VideoPlayer } from "../../player/vod/video-player";
import { t } from "../../i18n/app";
import { isCode } from "../api/errors";
import { meQuery } from "../api/queries";
import { playlistOf } from "../api/video-files";
import { videoQuery, type VideoDetail } from "../api/videos";
import { ButtonLink } from "../parts/Button/Button";
import { Failed, Notice, Skeleton } from "../parts/Notice/Notice";
import { useTitle } from "../parts/Page/Page";
import { Curtain, Waiting, watchStyles } from "../parts/Watch/Watch";
import { placePlayer } from "../place";
import { DanmakuLayer, loadLook, saveLook } from "../room/danmaku";
import { useParams } from "../routing";
import { About } from "./About";
import { Aside } from "./Aside";
import { followPlayback, replayDanmaku } from "./playback";
import { isPlayable, showVideo } from "./stage";
import { Talk } from "./Talk";
import { Why } from "./Why";

/** One that is being made is looked at this often. */
const UNDER_WAY_EVERY_MS = 3_000;

export function Video() {
  const { id } = useParams({ from: "/v/$id" });
  const { data: video, error, refetch } = useQuery({
    ...videoQuery(id),
    staleTime: 30_000,
    refetchInterval: ({ state }) => (state.data !== undefined && state.data.state !== "ready" && state.data.state !== "failed" ? UNDER_WAY_EVERY_MS : false),
  });
  useLayoutEffect(() => {
    document.body.dataset.page = "video";
    return () => {
      delete document.body.dataset.page;
      placePlayer();
    };
  }, [id]);
  if (video !== undefined) return <OpenVideo key={video.id} video={video} onExpired={refetch} />;
  return (
    <Waiting>
      {error === null ? (
        <Skeleton height="16rem" />
      ) : isCode(error, "video_not_found", "video_private") ? (
        <Notice
          level={1}
          icon="film"
          title={t("video.missing.title")}
          text={t("video.missing.text")}
          action={
            <ButtonLink to="/browse" kind="main" search={{ show: "videos" }}>
              {t("video.missing.others")}
            </ButtonLink>
          }
        />
      ) : (
        <Failed error={error} onRetry={() => void refetch()} />
      )}
    </Waiting>
  );
}

function OpenVideo({ video, onExpired }: { video: VideoDetail; onExpired: () => Promise<{ data?: VideoDetail | undefined }> }) {
  const main = useTitle(video.title);
  const { data: me } = useQuery(meQuery);
  const player = useVideoPlayer(video, onExpired);
  const [look, setLook] = useState(loadLook);
  const layer = useRef<DanmakuLayer>(undefined);
  const firstLook = useRef(look);
  useEffect(() => {
    if (player === undefined) return undefined;
    const shown = new DanmakuLayer(player, firstLook.current);
    layer.current = shown;
    const stop = video.has_danmaku ? replayDanmaku(player, video, (shot) => shown.show(shot, shot.user_id === me?.id)) : () => {};
    return () => {
      stop();
      shown.remove();
    };
    // Signs are renewed with every answer; what is asked with the first is good for hours.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [player, video.id, video.has_danmaku, me?.id]);
  useEffect(() => {
    firstLook.current = look;
    layer.current?.setLook(look);
  }, [look]);
  return (
    <>
      <main id="main" ref={main} className={watchStyles.about} tabIndex={-1}>
        {!isPlayable(video) && (
          <Curtain>
            <Why video={video} />
          </Curtain>
        )}
        <About
          video={video}
          me={me}
          player={player}
          look={look}
          onLook={(next) => {
            setLook(next);
            saveLook(next);
          }}
        />
        {video.state === "ready" && (video.play_sign !== undefined || video.may_edit) && <Talk video={video} me={me} />}
      </main>
      <Aside video={video} player={player} />
    </>
  );
}

function useVideoPlayer(video: VideoDetail, onExpired: () => Promise<{ data?: VideoDetail | undefined }>): VideoPlayer | undefined {
  const [player, setPlayer] = useState<VideoPlayer>();
  const isOpen = video.play_sign !== undefined && video.play_sign !== null;
  const latest = useRef({ video, onExpired });
  latest.current = { video, onExpired };
  useLayoutEffect(() => setPlayer(showVideo(latest.current.video)), [video.id, video.state, isOpen]);
  useEffect(() => {
    if (player === undefined) return undefined;
    let renewedAtMs = Number.NEGATIVE_INFINITY;
    const renew = async () => {
      // A new permission that is refused too is no mistake of the clock: asking on would not help.
      if (performance.now() - renewedAtMs < RENEW_EVERY_MS) return;
      renewedAtMs = performance.now();
      const { data } = await latest.current.onExpired();
      if (data?.play_sign !== undefined && data.play_sign !== null) player.renew(playlistOf(data));
    };
    const onExpire = () => void renew();
    const onTheatre = () => {
      document.body.dataset.theatre = String(document.body.dataset.theatre !== "true");
    };
    player.addEventListener("expired", onExpire);
    player.addEventListener("theatre", onTheatre);
    const stop = followPlayback(player.video, () => latest.current.video);
    return () => {
      stop();
      player.removeEventListener("expired", onExpire);
      player.removeEventListener("theatre", onTheatre);
    };
  }, [player]);
  return player;
}

const RENEW_EVERY_MS = 20_000;
