/** Under the player: what it is, whose, and what one can do about it. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { compact, count, dateTime, day, t } from "../../i18n/app";
import type { VideoPlayer } from "../../player/vod/video-player";
import { call } from "../api/client";
import type { PublicUser } from "../api/schema";
import { besideOf } from "../api/video-files";
import { videoQuery, type VideoDetail } from "../api/videos";
import { Avatar } from "../parts/Avatar/Avatar";
import { Button, ButtonLink, IconButton } from "../parts/Button/Button";
import { FollowButton } from "../parts/FollowButton/FollowButton";
import { Icon } from "../parts/Icon/Icon";
import { toastError } from "../parts/Toast/Toast";
import { watchStyles } from "../parts/Watch/Watch";
import { DanmakuMenu } from "../room/DanmakuMenu";
import type { DanmakuLook } from "../room/danmaku";
import { Report } from "../room/Report";
import { Link, navigate } from "../routing";
import { Clip } from "./Clip";
import { Share } from "./Share";
import styles from "./Video.module.css";

/** A description longer than this is folded. */
const FOLDED_CHARS = 240;

export interface AboutProps {
  video: VideoDetail;
  me: PublicUser | null | undefined;
  player: VideoPlayer | undefined;
  look: DanmakuLook;
  onLook: (look: DanmakuLook) => void;
}

export function About({ video, me, player, look, onLook }: AboutProps) {
  const [asks, setAsks] = useState<"share" | "report" | "clip">();
  const { user } = video;
  const isPlayable = video.play_sign !== undefined && video.play_sign !== null && video.state === "ready";
  return (
    <>
      <h1 className={styles.title}>{video.title}</h1>
      <p className={styles.facts}>
        <span>{count("video.views", video.view_count)}</span>
        <span>{day(video.public_at ?? video.published_at ?? video.created_at)}</span>
        {video.privacy !== "public" && (
          <span className={watchStyles.fact}>
            <Icon name="lock" />
            {t(`video.privacy.${video.privacy}` as "video.privacy.private")}
          </span>
        )}
      </p>
      <div className={styles.headline}>
        {user !== null && user !== undefined && (
          <>
            <Link to="/@$username" params={{ username: user.username }} className={styles.owner}>
              <Avatar user={user} size={44} />
              <b>{user.name}</b>
            </Link>
            <FollowButton userId={user.id} />
          </>
        )}
        <div className={styles.actions}>
          {isPlayable && <Like video={video} me={me} />}
          {isPlayable && <Later video={video} me={me} />}
          {video.has_danmaku && player !== undefined && (
            <>
              <IconButton kind="plain" icon="danmaku" label={t("danmaku.settings")} popoverTarget="danmaku-menu" />
              <DanmakuMenu look={look} onLook={onLook} />
            </>
          )}
          <Button icon="share" onClick={() => setAsks("share")}>
            {t("video.share")}
          </Button>
          {isPlayable && (
            <a className="button" href={besideOf(video, "download.mp4")} download>
              <Icon name="download" />
              {t("video.download")}
            </a>
          )}
          {isPlayable && video.may_edit && video.origin !== "clip" && (
            <Button icon="scissors" onClick={() => setAsks("clip")}>
              {t("clip.make")}
            </Button>
          )}
          {video.may_edit && (
            <ButtonLink to="/studio/videos/$id" params={{ id: video.id }} icon="edit">
              {t("video.edit")}
            </ButtonLink>
          )}
          {me !== null && me !== undefined && me.id !== user?.id && (
            <Button kind="ghost" icon="flag" onClick={() => setAsks("report")}>
              {t("room.report")}
            </Button>
          )}
        </div>
      </div>
      <Description video={video} player={player} />
      {asks === "share" && <Share video={video} positionMs={(player?.video.currentTime ?? 0) * 1000} onClose={() => setAsks(undefined)} />}
      {asks === "clip" && <Clip video={video} positionMs={(player?.video.currentTime ?? 0) * 1000} onClose={() => setAsks(undefined)} />}
      {asks === "report" && <Report kind="video" video={video.id} onClose={() => setAsks(undefined)} />}
    </>
  );
}

function Like({ video, me }: Pick<AboutProps, "video" | "me">) {
  const cache = useQueryClient();
  const like = useMutation({
    mutationFn: () => call(video.is_liked ? "DELETE /api/v1/videos/{id}/like" : "PUT /api/v1/videos/{id}/like", { path: { id: video.id } }),
    onSuccess: (likes) => cache.setQueryData(videoQuery(video.id).queryKey, (before) => (before === undefined ? before : { ...before, ...likes })),
    onError: toastError,
  });
  return (
    <Button
      icon="thumb"
      kind={video.is_liked ? "main" : "plain"}
      aria-pressed={video.is_liked}
      busy={like.isPending}
      onClick={() => (me === null ? void navigate({ to: "/login", search: { next: location.pathname } }) : like.mutate())}
    >
      {video.is_liked ? t("video.liked") : t("video.like")} {video.like_count > 0 && compact(video.like_count)}
    </Button>
  );
}

function Later({ video, me }: Pick<AboutProps, "video" | "me">) {
  const cache = useQueryClient();
  const isForLater = video.is_for_later;
  const put = useMutation({
    mutationFn: () => call(isForLater ? "DELETE /api/v1/me/videos/later/{id}" : "PUT /api/v1/me/videos/later/{id}", { path: { id: video.id } }),
    onSuccess: () => {
      cache.setQueryData(videoQuery(video.id).queryKey, (before) => (before === undefined ? before : { ...before, is_for_later: !isForLater }));
      return cache.invalidateQueries({ queryKey: ["later"] });
    },
    onError: toastError,
  });
  return (
    <Button
      icon={isForLater ? "check" : "clock"}
      aria-pressed={isForLater}
      busy={put.isPending}
      onClick={() => (me === null ? void navigate({ to: "/login", search: { next: location.pathname } }) : put.mutate())}
    >
      {t("video.later")}
    </Button>
  );
}

function Description({ video, player }: Pick<AboutProps, "video" | "player">) {
  const [isOpen, setIsOpen] = useState(false);
  const isLong = video.description.length > FOLDED_CHARS || video.description.split("\n").length > 4;
  const isRecording = video.origin === "recording" && video.starts_at !== null && video.starts_at !== undefined;
  if (video.description === "" && video.labels.length === 0 && video.category === "" && !isRecording) return null;
  return (
    <div className={styles.description}>
      {isRecording && (
        <p className="hint">
          {t("video.from", { at: dateTime(video.starts_at ?? 0) })}{" "}
          {video.room_id !== null && video.room_id !== undefined && (
            <Link to="/live/$id" params={{ id: String(video.room_id) }}>
              {t("video.toRoom")}
            </Link>
          )}
        </p>
      )}
      {video.description !== "" && (
        <p className={isLong && !isOpen ? styles.folded : styles.text}>
          <WithTimes text={video.description} player={player} />
        </p>
      )}
      {isLong && (
        <button type="button" className={styles.textButton} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
          {isOpen ? t("video.less") : t("video.more")}
        </button>
      )}
      {(video.labels.length > 0 || video.category !== "") && (
        <div className={styles.labels}>
          {video.category !== "" && (
            <Link to="/c/$category" params={{ category: video.category }}>
              {video.category}
            </Link>
          )}
          {video.labels.map((label) => (
            <Link key={label} to="/search" search={{ q: label, show: "videos" }}>
              #{label}
            </Link>
          ))}
        </div>
      )}
    </div>
  );
}

/** Plain text; times in it lead to that place of the video. */
export function WithTimes({ text, player }: { text: string; player: VideoPlayer | undefined }) {
  return text.split(TIME).map((part, at) => {
    // Every second part is what the pattern found.
    if (at % 2 === 0 || player === undefined) return part;
    const ms = part.split(":").reduce((sum, each) => sum * 60 + Number(each), 0) * 1000;
    return (
      <button key={at} type="button" className={styles.time} onClick={() => player.seek(ms)}>
        {part}
      </button>
    );
  });
}

const TIME = /(?<![\d:])((?:\d{1,2}:)?[0-5]?\d:[0-5]\d)(?![\d:])/;
