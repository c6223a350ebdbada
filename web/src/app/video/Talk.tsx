/** What people say about a video: comments, and replies under them. */

import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { ago, count, t } from "../../i18n/app";
import { call } from "../api/client";
import { pagesQuery } from "../api/queries";
import type { PublicUser } from "../api/schema";
import { videoQuery, type VideoComment, type VideoDetail } from "../api/videos";
import { Avatar } from "../parts/Avatar/Avatar";
import { Button, ButtonLink } from "../parts/Button/Button";
import { Actions, FormError } from "../parts/Field/Field";
import { Failed, Skeleton } from "../parts/Notice/Notice";
import { toastError } from "../parts/Toast/Toast";
import { partsOf } from "../room/mentions";
import { Report } from "../room/Report";
import { Link } from "../routing";
import styles from "./Video.module.css";

const CHARS_MAX = 2000;
type Order = "newest" | "oldest";

interface Of {
  video: VideoDetail;
  me: PublicUser | null | undefined;
}

export function Talk({ video, me }: Of) {
  const [order, setOrder] = useState<Order>("newest");
  const sign = video.play_sign ?? undefined;
  const query = pagesQuery<VideoComment>(["talk", video.id, order], (cursor) =>
    call("GET /api/v1/videos/{id}/comments", { path: { id: video.id }, query: { order, cursor, sign, limit: 20 } }),
  );
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(query);
  const comments = data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className={styles.talk}>
      <div className={styles.talkHead}>
        <h2>{count("talk.title", video.comment_count)}</h2>
        <select aria-label={t("talk.order")} value={order} onChange={(event) => setOrder(event.target.value as Order)}>
          <option value="newest">{t("videos.sort.newest")}</option>
          <option value="oldest">{t("talk.oldest")}</option>
        </select>
      </div>
      {me === null ? (
        <p className={styles.invite}>
          {t("talk.signIn")}{" "}
          <ButtonLink to="/login" search={{ next: location.pathname }}>
            {t("nav.signIn")}
          </ButtonLink>
        </p>
      ) : (
        <Write video={video} me={me} />
      )}
      {data === undefined ? (
        error === null ? (
          <Skeleton height="8rem" />
        ) : (
          <Failed error={error} onRetry={() => void refetch()} />
        )
      ) : comments.length === 0 ? (
        <p className="hint">{t("talk.empty")}</p>
      ) : (
        <ul className={styles.comments}>
          {comments.map((comment) => (
            <li key={comment.id}>
              <Said comment={comment} video={video} me={me} />
            </li>
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t("action.more")}
        </Button>
      )}
    </section>
  );
}

function Said({ comment, video, me, onReply }: Of & { comment: VideoComment; onReply?: () => void }) {
  const cache = useQueryClient();
  const [isReplying, setIsReplying] = useState(false);
  const [isOpen, setIsOpen] = useState(false);
  const [isReporting, setIsReporting] = useState(false);
  const remove = useMutation({
    mutationFn: () => call("DELETE /api/v1/videos/{id}/comments/{comment_id}", { path: { id: video.id, comment_id: comment.id } }),
    onSuccess: () => changed(cache, video.id),
    onError: toastError,
  });
  const { user } = comment;
  const isIn = me !== null && me !== undefined;
  return (
    <article className={styles.said}>
      <Avatar user={{ name: user?.name ?? "?", avatar: user?.avatar ?? "" }} size={36} />
      <div>
        <p className={styles.by}>
          {user !== null && user !== undefined && (
            <Link to="/@$username" params={{ username: user.username }}>
              <b>{user.name}</b>
            </Link>
          )}
          {user?.id === video.user?.id && user !== undefined && <span className={styles.ownerMark}>{t("talk.owner")}</span>}
          <span className="hint">{ago(comment.created_at)}</span>
        </p>
        {comment.is_deleted ? (
          <p className="hint">{t("talk.deleted")}</p>
        ) : (
          <p className={styles.text}>
            {partsOf(comment.content).map(({ text, username }, at) =>
              username === undefined ? (
                text
              ) : (
                <Link key={at} to="/@$username" params={{ username }}>
                  {text}
                </Link>
              ),
            )}
          </p>
        )}
        <div className={styles.small}>
          {isIn && !comment.is_deleted && (
            <Button kind="ghost" icon="reply" onClick={() => (onReply === undefined ? setIsReplying(!isReplying) : onReply())}>
              {t("talk.reply")}
            </Button>
          )}
          {isIn && !comment.is_deleted && (user?.id === me.id || video.may_moderate) && (
            <Button kind="ghost" icon="trash" busy={remove.isPending} onClick={() => remove.mutate()}>
              {t("talk.delete")}
            </Button>
          )}
          {isIn && !comment.is_deleted && user?.id !== me.id && (
            <Button kind="ghost" icon="flag" aria-label={t("room.report")} onClick={() => setIsReporting(true)} />
          )}
        </div>
        {isReplying && (
          <Write
            video={video}
            me={me}
            parent={comment}
            onDone={() => {
              setIsReplying(false);
              setIsOpen(true);
            }}
          />
        )}
        {comment.reply_count > 0 && (
          <button type="button" className={styles.textButton} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
            {count("talk.replies", comment.reply_count)}
          </button>
        )}
        {isOpen && <Replies video={video} me={me} parent={comment} onReply={() => setIsReplying(true)} />}
        {isReporting && <Report kind="video_comment" targetId={comment.id} onClose={() => setIsReporting(false)} />}
      </div>
    </article>
  );
}

function Replies({ video, me, parent, onReply }: Of & { parent: VideoComment; onReply: () => void }) {
  const query = pagesQuery<VideoComment>(["talk", video.id, "replies", parent.id], (cursor) =>
    call("GET /api/v1/videos/{id}/comments/{comment_id}/replies", {
      path: { id: video.id, comment_id: parent.id },
      query: { cursor, sign: video.play_sign ?? undefined, limit: 20 },
    }),
  );
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(query);
  return (
    <>
      <ul className={styles.comments}>
        {data?.pages.flatMap((page) => page.items).map((comment) => (
          <li key={comment.id}>
            <Said comment={comment} video={video} me={me} onReply={onReply} />
          </li>
        ))}
      </ul>
      {hasNextPage && (
        <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t("action.more")}
        </Button>
      )}
    </>
  );
}

function Write({ video, me, parent, onDone }: Of & { parent?: VideoComment; onDone?: () => void }) {
  const cache = useQueryClient();
  const [text, setText] = useState("");
  const area = useRef<HTMLTextAreaElement>(null);
  const say = useMutation({
    mutationFn: () => call("POST /api/v1/videos/{id}/comments", { path: { id: video.id }, body: { content: text.trim(), ...(parent === undefined ? {} : { parent_id: parent.id }) } }),
    onSuccess: async () => {
      setText("");
      await changed(cache, video.id);
      onDone?.();
    },
  });
  const label = parent === undefined ? t("talk.write") : t("talk.replyTo", { name: parent.user?.name ?? "" });
  return (
    <form
      className={styles.writing}
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== "" && !say.isPending) say.mutate();
      }}
    >
      {me !== undefined && me !== null && <Avatar user={me} size={36} />}
      <div>
        <textarea ref={area} aria-label={label} placeholder={label} rows={text === "" ? 1 : 3} maxLength={CHARS_MAX} value={text} autoFocus={parent !== undefined} onChange={(event) => setText(event.target.value)} />
        <FormError error={say.error} />
        {(text !== "" || parent !== undefined) && (
          <Actions>
            <Button kind="main" type="submit" busy={say.isPending || text.trim() === ""}>
              {parent === undefined ? t("talk.send") : t("talk.reply")}
            </Button>
            <Button onClick={() => (onDone === undefined ? setText("") : onDone())}>{t("action.cancel")}</Button>
          </Actions>
        )}
      </div>
    </form>
  );
}

async function changed(cache: ReturnType<typeof useQueryClient>, id: string): Promise<void> {
  await cache.invalidateQueries({ queryKey: ["talk", id] });
  await cache.invalidateQueries({ queryKey: videoQuery(id).queryKey });
}
