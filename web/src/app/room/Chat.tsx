/** What is said: stays at the newest line unless somebody reads further up. */

import { useQuery } from "@tanstack/react-query";
import { memo, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import { codeText } from "../api/errors";
import { t } from "../../i18n/app";
import { isModeratorQuery } from "../api/queries";
import type { Comment } from "../api/schema";
import { ButtonLink, IconButton } from "../parts/Button/Button";
import { Icon } from "../parts/Icon/Icon";
import type { Line } from "./chat-log";
import { Composer } from "./Composer";
import { partsOf } from "./mentions";
import { MessageActions } from "./MessageActions";
import styles from "./Room.module.css";
import type { SideProps } from "./Side";

/** This near to the end counts as being there. */
const NEAR_PX = 40;

export function Chat({ room, me, now, look, onLook }: SideProps) {
  const [acting, setActing] = useState<Comment>();
  const isIn = me !== null && me !== undefined;
  const { data: isModerator } = useQuery({ ...isModeratorQuery(room.id), enabled: isIn });
  const isOpen = room.status === "live" || room.status === "paused";
  return (
    <div className={styles.chat}>
      {now.pinned !== null && (
        <p className={styles.pinned}>
          <Icon name="pin" />
          <span>
            <b>{now.pinned.user.name}</b> {now.pinned.content}
          </span>
        </p>
      )}
      <Lines lines={now.lines} myId={me?.id} myName={me?.username} hostId={room.host?.id} onAct={isIn ? setActing : undefined} isOpen={isOpen} />
      <Foot isOpen={isOpen} isEnded={room.status === "ended"}>
        {now.link === "refused" && now.refusal !== undefined ? (
          <p className={styles.told} role="alert">
            {codeText(now.refusal.code, now.refusal.message)}
          </p>
        ) : !isIn ? (
          <div className={styles.invite}>
            <span>{t("chat.signIn")}</span>
            <ButtonLink to="/register" kind="main" search={{ next: location.pathname }}>
              {t("account.register")}
            </ButtonLink>
            <ButtonLink to="/login" search={{ next: location.pathname }}>
              {t("nav.signIn")}
            </ButtonLink>
          </div>
        ) : (
          <Composer now={now} look={look} onLook={onLook} />
        )}
      </Foot>
      {acting !== undefined && (
        <MessageActions
          comment={acting}
          isOwn={acting.user.id === me?.id}
          isModerator={isModerator === true}
          isOverHost={acting.user.id === room.host?.id}
          onClose={() => setActing(undefined)}
        />
      )}
    </div>
  );
}

function Foot({ isOpen, isEnded, children }: { isOpen: boolean; isEnded: boolean; children: React.ReactNode }) {
  if (isOpen) return children;
  return <p className={styles.told}>{isEnded ? t("chat.ended") : t("chat.closed")}</p>;
}

function Lines({
  lines,
  myId,
  myName,
  hostId,
  onAct,
  isOpen,
}: {
  lines: readonly Line[];
  myId: number | undefined;
  myName: string | undefined;
  hostId: number | undefined;
  onAct: ((comment: Comment) => void) | undefined;
  isOpen: boolean;
}) {
  const list = useRef<HTMLDivElement>(null);
  const [isAtEnd, setIsAtEnd] = useState(true);
  const [unseen, setUnseen] = useState(0);
  const lastKey = lines.at(-1)?.key;
  const seenKey = useRef(lastKey);

  useLayoutEffect(() => {
    if (isAtEnd) {
      list.current?.scrollTo({ top: list.current.scrollHeight });
      seenKey.current = lastKey;
      setUnseen(0);
      return;
    }
    const at = lines.findIndex((line) => line.key === seenKey.current);
    setUnseen(lines.length - 1 - at);
  }, [lines, lastKey, isAtEnd]);
  useEffect(() => {
    // A keyboard on the screen, or a turned phone, takes room away at the end.
    const element = list.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => {
      if (isAtEnd) element.scrollTo({ top: element.scrollHeight });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [isAtEnd]);

  const onScroll = () => {
    const element = list.current;
    if (element !== null) setIsAtEnd(element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX);
  };
  return (
    <div className={styles.linesFrame}>
      <div ref={list} className={styles.lines} role="log" aria-label={t("chat.log")} tabIndex={0} onScroll={onScroll} onKeyDown={walk}>
        {lines.length === 0 && isOpen && <p className={styles.quiet}>{t("chat.empty")}</p>}
        {lines.map((line) =>
          line.kind === "gift" ? (
            <p key={line.key} className={styles.giftLine}>
              <Icon name="gift" />
              <span>
                <b>{line.gift.username}</b> {t("gift.gave", { gift: line.gift.gift_name })} ×{line.gift.num}
              </span>
            </p>
          ) : (
            <Message key={line.key} comment={line.comment} isMine={line.comment.user.id === myId} isHost={line.comment.user.id === hostId} myName={myName} onAct={onAct} />
          ),
        )}
      </div>
      {!isAtEnd && unseen > 0 && (
        <button className={styles.pill} type="button" onClick={() => setIsAtEnd(true)}>
          {t("chat.new", { count: unseen })}
        </button>
      )}
    </div>
  );
}

/** Drawn once: in a flood only what is new costs anything. */
const Message = memo(function Message({
  comment,
  isMine,
  isHost,
  myName,
  onAct,
}: {
  comment: Comment;
  isMine: boolean;
  isHost: boolean;
  myName: string | undefined;
  onAct: ((comment: Comment) => void) | undefined;
}) {
  return (
    <div className={styles.message} tabIndex={-1}>
      <p>
        {isHost && <span className={styles.hostMark}>{t("chat.host")}</span>}
        <b className={isMine ? styles.mine : styles.name}>{comment.user.name}</b> <Said text={comment.content} myName={myName} />
      </p>
      {onAct !== undefined && <IconButton icon="more" label={t("chat.act", { name: comment.user.name })} tabIndex={-1} onClick={() => onAct(comment)} />}
    </div>
  );
});

/** A message, with the people named in it marked: text only, whatever is in it. */
function Said({ text, myName }: { text: string; myName: string | undefined }) {
  return (
    <span>
      {partsOf(text).map(({ text: part, username }, at) =>
        username === undefined ? (
          part
        ) : (
          <b key={at} className={username === myName?.toLowerCase() ? styles.mentionMine : styles.mention}>
            {part}
          </b>
        ),
      )}
    </span>
  );
}

/** Arrow keys go through the messages; Enter opens what can be done with one. */
function walk(event: KeyboardEvent<HTMLDivElement>): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const list = event.currentTarget;
  const focused = document.activeElement;
  if (step !== 0) {
    const messages = [...list.querySelectorAll<HTMLElement>(`.${styles.message}`)];
    const at = messages.findIndex((message) => message.contains(focused));
    const next = at < 0 ? messages.at(-1) : messages[at + step];
    if (next !== undefined) {
      event.preventDefault();
      next.focus();
    }
  } else if (event.key === "Enter" && focused instanceof HTMLElement && focused.classList.contains(styles.message ?? "")) {
    event.preventDefault();
    focused.querySelector("button")?.click();
  }
}
