/** `/live/:id`: the room around the player, in whatever state it is. */

import { useQuery } from "@tanstack/react-query";
import { useParams } from "../routing";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import type { LivePlayer } from "../../player/live-player";
import { t } from "../../i18n/app";
import { isCode } from "../api/errors";
import { meQuery, roomQuery } from "../api/queries";
import type { Comment, RoomView } from "../api/schema";
import { ButtonLink } from "../parts/Button/Button";
import { Failed, Notice, Skeleton } from "../parts/Notice/Notice";
import { useTitle } from "../parts/Page/Page";
import { Curtain, Waiting, watchStyles } from "../parts/Watch/Watch";
import type { GiftGiven } from "../socket/room-socket";
import { placePlayer } from "../place";
import { showPast, showPlayer } from "../stage";
import { About } from "./About";
import { DanmakuLayer, loadLook, saveLook, type DanmakuLook } from "./danmaku";
import { Ended } from "./Ended";
import { GiftBanners } from "./GiftBanners";
import { Password } from "./Password";
import { BACK_MS } from "./Rewind";
import { Side } from "./Side";
import { useRoom } from "./use-room";

/** A room that is not on is looked at this often, one that is on less. */
const IDLE_EVERY_MS = 5_000;
const LIVE_EVERY_MS = 15_000;

export function Room() {
  const { id } = useParams({ from: "/live/$id" });
  const { data: room, error, refetch } = useQuery({
    ...roomQuery(id),
    refetchInterval: ({ state }) => (state.data?.status === "live" ? LIVE_EVERY_MS : IDLE_EVERY_MS) * (0.85 + Math.random() * 0.3),
  });
  useLayoutEffect(() => {
    document.body.dataset.page = "room";
    return () => {
      delete document.body.dataset.page;
      placePlayer();
    };
  }, [id]);
  if (room !== undefined) return <OpenRoom key={room.id} room={room} onChanged={refetch} />;
  return (
    <Waiting>
      {error === null ? (
        <Skeleton height="12rem" />
      ) : isCode(error, "room_not_found") ? (
        <Notice
          level={1}
          icon="lock"
          title={t("room.missing.title")}
          text={t("room.missing.text")}
          action={
            <ButtonLink to="/browse" kind="main">
              {t("room.others")}
            </ButtonLink>
          }
        />
      ) : (
        <Failed error={error} onRetry={() => void refetch()} />
      )}
    </Waiting>
  );
}

function OpenRoom({ room, onChanged }: { room: RoomView; onChanged: () => Promise<unknown> }) {
  const main = useTitle(room.title);
  const { data: me } = useQuery(meQuery);
  const [isBack, setIsBack] = useState(false);
  const player = usePlayer(room, onChanged, isBack);
  const [look, setLook] = useState(loadLook);
  const layer = useDanmaku(player, look);
  const [gifts, setGifts] = useState<readonly GiftGiven[]>([]);
  const myId = me?.id;
  const onComments = useCallback(
    (comments: readonly Comment[]) => {
      for (const comment of comments) layer.current?.show(comment, comment.user.id === myId);
    },
    [layer, myId],
  );
  const onGift = useCallback((gift: GiftGiven) => setGifts((before) => [...before.slice(-8), gift]), []);
  const now = useRoom(room, me, { onComments, onGift });
  const isShut = room.play_sign === undefined || room.play_sign === null;
  return (
    <>
      <main id="main" ref={main} className={watchStyles.about} tabIndex={-1}>
        {isShut && <Curtain>{room.status === "ended" ? <Ended room={room} /> : <Password room={room} />}</Curtain>}
        <About room={room} me={me} player={player} now={now} isBack={isBack} onBack={setIsBack} />
      </main>
      <Side
        room={room}
        me={me}
        now={now}
        look={look}
        onLook={(next) => {
          setLook(next);
          saveLook(next);
        }}
      />
      {player !== undefined && createPortal(<GiftBanners gifts={gifts} />, player)}
    </>
  );
}

/** Keeps the player of the stage in step with the room, and looks at the room again whenever the stream comes or goes. */
function usePlayer(room: RoomView, onChanged: () => Promise<unknown>, isBack: boolean): LivePlayer | undefined {
  const [player, setPlayer] = useState<LivePlayer>();
  const { stream, play_sign, status } = room;
  // Signs are renewed with every answer; what was gone back to plays on with the first.
  const sign = useRef(play_sign);
  sign.current = play_sign;
  useLayoutEffect(() => {
    if (!isBack) setPlayer(showPlayer({ stream, play_sign, status }));
  }, [stream, play_sign, status, isBack]);
  useEffect(() => {
    if (!isBack) return undefined;
    const left = new AbortController();
    setPlayer(undefined);
    void showPast({ stream, play_sign: sign.current }, BACK_MS, left.signal);
    return () => left.abort();
  }, [stream, isBack]);
  useEffect(() => {
    if (player === undefined) return undefined;
    let before = player.state;
    const look = () => {
      if (player.state === before) return;
      before = player.state;
      void onChanged();
    };
    player.addEventListener("statechange", look);
    return () => player.removeEventListener("statechange", look);
  }, [player, onChanged]);
  return player;
}

function useDanmaku(player: LivePlayer | undefined, look: DanmakuLook) {
  const layer = useRef<DanmakuLayer>(undefined);
  const first = useRef(look);
  useEffect(() => {
    if (player === undefined) return undefined;
    const made = new DanmakuLayer(player, first.current);
    layer.current = made;
    return () => {
      made.remove();
      layer.current = undefined;
    };
  }, [player]);
  useEffect(() => {
    first.current = look;
    layer.current?.setLook(look);
  }, [look]);
  return layer;
}
