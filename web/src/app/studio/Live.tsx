/** `/studio/live`: the encoder's address and key, what arrives, the chat, and the buttons of the show. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import "../../player/live-player";
import { fetchStreams } from "../../api";
import { number, t } from "../../i18n/app";
import { call } from "../api/client";
import { siteQuery } from "../api/queries";
import type { Act, PublicUser, RoomView } from "../api/schema";
import { Button, ButtonLink } from "../parts/Button/Button";
import { CopyRow } from "../parts/CopyRow/CopyRow";
import { Confirm } from "../parts/Dialog/Dialog";
import { Actions, FormError } from "../parts/Field/Field";
import { Icon } from "../parts/Icon/Icon";
import { Box } from "../parts/Page/Page";
import { Status } from "../parts/Status/Status";
import { toastError } from "../parts/Toast/Toast";
import { Chat } from "../room/Chat";
import { DEFAULT_LOOK } from "../room/danmaku";
import { useRoom } from "../room/use-room";
import { WithRoom } from ".";
import { takesBrowsers } from "./BrowserLive";
import { HealthBox } from "./Health";
import { ownRoomsQuery } from "./own-room";
import styles from "./Studio.module.css";

export function LiveDashboard() {
  return <WithRoom>{(room, me) => <Dashboard key={room.id} room={room} me={me} />}</WithRoom>;
}

function Dashboard({ room, me }: { room: RoomView; me: PublicUser }) {
  return (
    <div className={styles.dashboard}>
      <div className={styles.column}>
        <Preview room={room} />
        <Show room={room} me={me} />
        <HealthBox room={room} />
      </div>
      <div className={styles.column}>
        <FromBrowser />
        <Encoder room={room} />
        <StudioChat room={room} me={me} />
      </div>
    </div>
  );
}

/** Only where the server says that it takes browsers' streams. */
function FromBrowser() {
  const { data: site } = useQuery(siteQuery);
  if (!takesBrowsers(site)) return null;
  return (
    <Box>
      <h2>{t("browserLive.title")}</h2>
      <p className="hint">{t("browserLive.text")}</p>
      <ButtonLink to="/studio/browser" icon="camera">
        {t("browserLive.open")}
      </ButtonLink>
    </Box>
  );
}

function Preview({ room }: { room: RoomView }) {
  const frame = useRef<HTMLDivElement>(null);
  const { stream, play_sign } = room;
  // Signs are renewed with every answer; the one the player began with is good for hours.
  const sign = useRef(play_sign);
  useEffect(() => {
    const player = document.createElement("live-player");
    player.setAttribute("stream", stream);
    player.setAttribute("query", new URLSearchParams({ sign: sign.current ?? "" }).toString());
    frame.current?.replaceChildren(player);
    return () => player.remove();
  }, [stream]);
  return <div ref={frame} className={styles.preview} />;
}

function Show({ room, me }: { room: RoomView; me: PublicUser }) {
  const cache = useQueryClient();
  const [isEnding, setIsEnding] = useState(false);
  const act = useMutation({
    mutationFn: (type: Act) => call("POST /api/v1/rooms/{id}/status", { path: { id: room.id }, body: { type } }),
    onSuccess: () => {
      setIsEnding(false);
      return cache.invalidateQueries({ queryKey: ownRoomsQuery(me).queryKey });
    },
  });
  const { mutate, isPending } = act;
  return (
    <div className={styles.show}>
      <Status status={room.status} />
      <h2>{room.title}</h2>
      <Actions>
        {room.status === "live" && (
          <Button icon="pause" busy={isPending} onClick={() => mutate("pause", { onError: toastError })}>
            {t("show.pause")}
          </Button>
        )}
        {room.status === "paused" && (
          <Button kind="main" icon="play" busy={isPending} onClick={() => mutate("play", { onError: toastError })}>
            {t("show.resume")}
          </Button>
        )}
        {(room.status === "live" || room.status === "paused") && (
          <Button kind="danger" icon="stop" onClick={() => setIsEnding(true)}>
            {t("show.end")}
          </Button>
        )}
        <ButtonLink to="/live/$id" params={{ id: room.privacy === "public" ? String(room.id) : room.name }} icon="eye">
          {t("studio.asViewer")}
        </ButtonLink>
      </Actions>
      {isEnding && (
        <Confirm
          title={t("show.end")}
          text={t("show.endText")}
          action={t("show.end")}
          busy={isPending}
          error={act.error}
          onConfirm={() => mutate("stop")}
          onClose={() => setIsEnding(false)}
        />
      )}
    </div>
  );
}

function Encoder({ room }: { room: RoomView }) {
  const cache = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const [isShown, setIsShown] = useState(false);
  const { data: streams } = useQuery({ queryKey: ["streams"], queryFn: fetchStreams });
  const { data: key } = useQuery({ queryKey: ["stream-key"], queryFn: () => call("GET /api/v1/me/stream-key") });
  const make = useMutation({
    mutationFn: () => call("POST /api/v1/me/stream-key"),
    onSuccess: () => {
      setIsAsking(false);
      return cache.invalidateQueries({ queryKey: ["stream-key"] });
    },
  });
  const hasKey = key?.made_at !== null && key?.made_at !== undefined;
  return (
    <Box>
      <h2>{t("obs.title")}</h2>
      {streams !== undefined && streams.publish_url === undefined ? (
        <p className="hint">{t("home.publish.off")}</p>
      ) : (
        <>
          <CopyRow label={t("obs.server")} value={streams?.publish_url ?? ""} />
          {make.data === undefined ? (
            <p className="hint">{hasKey ? t("obs.hasKey") : t("obs.noKey")}</p>
          ) : (
            <>
              <CopyRow label={t("obs.key")} value={make.data.key} secret={!isShown} />
              <p className="hint">
                {t("obs.once")}{" "}
                <button className={styles.textButton} type="button" aria-pressed={isShown} onClick={() => setIsShown(!isShown)}>
                  {isShown ? t("obs.hide") : t("obs.show")}
                </button>
              </p>
            </>
          )}
          <FormError error={isAsking ? undefined : make.error} />
          <Actions>
            {hasKey ? (
              <Button icon="key" onClick={() => setIsAsking(true)}>
                {t("obs.rotate")}
              </Button>
            ) : (
              <Button kind="main" icon="key" busy={make.isPending} onClick={() => make.mutate()}>
                {t("obs.make")}
              </Button>
            )}
          </Actions>
          <p className="hint small">{room.status === "idle" ? t("obs.thenStart") : t("obs.settings")}</p>
        </>
      )}
      {isAsking && (
        <Confirm
          title={t("obs.rotate")}
          text={t("obs.rotateText")}
          action={t("obs.rotate")}
          busy={make.isPending}
          error={make.error}
          onConfirm={() => make.mutate()}
          onClose={() => setIsAsking(false)}
        />
      )}
    </Box>
  );
}

const NOTHING = { onComments: () => {}, onGift: () => {} };

function StudioChat({ room, me }: { room: RoomView; me: PublicUser }) {
  const [look, setLook] = useState(DEFAULT_LOOK);
  const now = useRoom(room, me, NOTHING);
  return (
    <section className={styles.chat} aria-label={t("chat.title")}>
      <h2>
        {t("chat.title")}
        {now.count !== undefined && (
          <span className="hint">
            <Icon name="users" /> {number(now.count)}
          </span>
        )}
      </h2>
      <Chat room={room} me={me} now={now} look={look} onLook={setLook} />
    </section>
  );
}
