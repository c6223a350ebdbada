/** Under the player: what is on, who hosts it, how many watch, and what one can do about it. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "../routing";
import { useEffect, useRef, useState } from "react";
import { viewers } from "../../i18n";
import { ago, dateTime, number, t } from "../../i18n/app";
import type { LivePlayer } from "../../player/live-player";
import { protocolName } from "../../player/protocols";
import type { Snapshot } from "../../player/session";
import type { Stats } from "../../player/stats";
import { call } from "../api/client";
import type { PublicUser, RoomView } from "../api/schema";
import { Avatar } from "../parts/Avatar/Avatar";
import { Button, ButtonLink, IconButton } from "../parts/Button/Button";
import { FollowButton } from "../parts/FollowButton/FollowButton";
import { Icon } from "../parts/Icon/Icon";
import { Status } from "../parts/Status/Status";
import { watchStyles } from "../parts/Watch/Watch";
import { Report } from "./Report";
import { ClipOfRoom, MakeClip, Rewind } from "./Rewind";
import styles from "./Room.module.css";
import { Share } from "./Share";
import type { RoomNow } from "./use-room";

export interface AboutProps {
  room: RoomView;
  me: PublicUser | null | undefined;
  player: LivePlayer | undefined;
  now: RoomNow;
  /** Whether what was live before is on, in place of what is live. */
  isBack: boolean;
  onBack: (isBack: boolean) => void;
}

export function About({ room, me, player, now, isBack, onBack }: AboutProps) {
  const [asks, setAsks] = useState<"share" | "report" | "clip">();
  const more = useRef<HTMLDivElement>(null);
  const { host } = room;
  return (
    <>
      <div className={styles.headline}>
        {host !== null && host !== undefined && (
          <Link to="/@$username" params={{ username: host.username }} aria-label={t("room.channelOf", { name: host.name })}>
            <Avatar user={host} size={48} />
          </Link>
        )}
        <div className={styles.names}>
          <h1>{room.title}</h1>
          <p className={styles.facts}>
            <Status status={room.status} />
            {host !== null && host !== undefined && (
              <Link to="/@$username" params={{ username: host.username }}>
                {host.name}
              </Link>
            )}
            {room.status === "live" && (
              <span className={watchStyles.fact}>
                <Icon name="eye" />
                {viewers(Math.max(room.viewer_count, now.count ?? 0))}
              </span>
            )}
            <Uptime room={room} />
            {player !== undefined && <Delay player={player} />}
            {room.coin > 0 && (
              <span className={watchStyles.fact}>
                <Icon name="coin" />
                {number(room.coin)}
              </span>
            )}
          </p>
        </div>
        <div className={styles.actions}>
          {host !== null && host !== undefined && <FollowButton userId={host.id} />}
          {host?.id === me?.id && me !== null && me !== undefined && (
            <ButtonLink to="/studio/live" icon="camera">
              {t("nav.studio")}
            </ButtonLink>
          )}
          <Rewind room={room} isBack={isBack} onBack={onBack} />
          <span className={styles.moreButton}>
            <IconButton kind="plain" icon="more" label={t("room.more")} popoverTarget="room-more" />
          </span>
          <div id="room-more" ref={more} popover="auto" className={styles.more} onClick={() => more.current?.hidePopover()}>
            {!isBack && <MakeClip room={room} me={me} onAsk={setAsks} />}
            <Button icon="share" onClick={() => setAsks("share")}>
              {t("room.share")}
            </Button>
            {me !== null && me !== undefined && me.id !== host?.id && (
              <Button kind="ghost" icon="flag" onClick={() => setAsks("report")}>
                {t("room.report")}
              </Button>
            )}
          </div>
        </div>
      </div>
      {isBack && (
        <p className={styles.state} role="status">
          <Icon name="history" />
          {t("rewind.on")}
        </p>
      )}
      <State room={room} />
      <div className={styles.below}>
        {player !== undefined && <LineMenu player={player} />}
        {room.category !== "" && (
          <Link className={styles.label} to="/c/$category" params={{ category: room.category }}>
            {room.category}
          </Link>
        )}
        {room.labels.map((label) => (
          <Link key={label} className={styles.label} to="/search" search={{ q: label }}>
            #{label}
          </Link>
        ))}
      </div>
      {asks === "share" && <Share room={room} onClose={() => setAsks(undefined)} />}
      {asks === "clip" && <ClipOfRoom room={room} onClose={() => setAsks(undefined)} />}
      {asks === "report" && <Report kind="room" targetId={room.id} onClose={() => setAsks(undefined)} />}
    </>
  );
}

/** What a state that is not "live" means for who is waiting. */
function State({ room }: { room: RoomView }) {
  if (room.status === "live" || room.status === "ended") return null;
  const at = room.scheduled_at;
  return (
    <p className={styles.state} role="status">
      <Icon name={room.status === "paused" ? "pause" : "clock"} />
      {room.status === "paused"
        ? t("room.paused.text")
        : at !== null && at !== undefined && at > Date.now()
          ? t("room.idle.scheduled", { at: dateTime(at), in: ago(at) })
          : t("room.idle.text")}
    </p>
  );
}

function Uptime({ room }: { room: RoomView }) {
  const { data } = useQuery({
    queryKey: ["room", room.id, "on-air", room.status],
    queryFn: () => call("GET /api/v1/rooms/{id}/broadcasts", { path: { id: room.id }, query: { limit: 1 } }),
    enabled: room.status === "live" || room.status === "paused",
    staleTime: 60_000,
  });
  const began = data?.items[0];
  if (began === undefined || (began.ended_at !== null && began.ended_at !== undefined)) return null;
  return <span className={watchStyles.fact}>{t("room.since", { when: ago(began.started_at) })}</span>;
}

function Delay({ player }: { player: LivePlayer }) {
  const [seconds, setSeconds] = useState<number>();
  useEffect(() => {
    const note = (event: Event) => setSeconds((event as CustomEvent<Stats>).detail.delayS);
    player.addEventListener("stats", note);
    return () => player.removeEventListener("stats", note);
  }, [player]);
  if (seconds === undefined) return null;
  return (
    <span className={watchStyles.fact}>
      <Icon name="clock" />
      {t("room.delay", { seconds: seconds.toFixed(1) })}
    </span>
  );
}

/** The line is chosen for this device's player only; "automatic" is nearly always right. */
function LineMenu({ player }: { player: LivePlayer }) {
  const [snapshot, setSnapshot] = useState<Snapshot | undefined>(player.snapshot);
  const [chosen, setChosen] = useState("");
  useEffect(() => {
    const note = (event: Event) => setSnapshot((event as CustomEvent<Snapshot>).detail);
    player.addEventListener("statechange", note);
    setSnapshot(player.snapshot);
    return () => player.removeEventListener("statechange", note);
  }, [player]);
  const names = [...new Set((snapshot?.candidates ?? []).map(({ source }) => source.protocol))];
  if (names.length === 0) return null;
  return (
    <label className={styles.line}>
      <span>{t("room.line")}</span>
      <select
        value={chosen}
        onChange={(event) => {
          setChosen(event.target.value);
          player.preferProtocol(event.target.value === "" ? undefined : event.target.value);
        }}
      >
        <option value="">
          {snapshot?.protocol === undefined ? t("room.line.auto") : t("room.line.autoNow", { line: protocolName(snapshot.protocol) })}
        </option>
        {names.map((name) => (
          <option key={name} value={name}>
            {protocolName(name)}
          </option>
        ))}
      </select>
    </label>
  );
}
