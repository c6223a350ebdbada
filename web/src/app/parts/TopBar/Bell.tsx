/** Who went live while one was elsewhere. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "../../routing";
import { useEffect, useRef } from "react";
import { ago, t } from "../../../i18n/app";
import { call } from "../../api/client";
import type { Notification } from "../../api/schema";
import { notificationsQuery } from "../../api/queries";
import { onPersonal } from "../../socket/personal";
import { Icon } from "../Icon/Icon";
import { Notice } from "../Notice/Notice";
import styles from "./TopBar.module.css";

const ASK_EVERY_MS = 60_000;

/** Of a room, or of a video. */
type News = Omit<Notification, "room_id"> & { room_id?: number | null; video?: string | null };

export function Bell() {
  const cache = useQueryClient();
  const menu = useRef<HTMLDivElement>(null);
  const { data } = useQuery({ ...notificationsQuery, refetchInterval: ASK_EVERY_MS });
  const unread = data?.unread ?? 0;
  const markRead = useMutation({
    mutationFn: () => call("POST /api/v1/me/notifications/read"),
    onSuccess: () => cache.invalidateQueries({ queryKey: notificationsQuery.queryKey }),
  });
  useEffect(() => onPersonal("notification", () => void cache.invalidateQueries({ queryKey: notificationsQuery.queryKey })), [cache]);
  return (
    <>
      <button
        className={styles.round}
        type="button"
        popoverTarget="news"
        aria-label={unread > 0 ? t("bell.unread", { count: unread }) : t("bell.title")}
      >
        <Icon name="bell" />
        {unread > 0 && <span className={styles.dot}>{unread > 99 ? "99+" : unread}</span>}
      </button>
      <div
        ref={menu}
        id="news"
        popover="auto"
        className={`${styles.menu} ${styles.wide}`}
        onToggle={(event) => event.newState === "closed" && unread > 0 && markRead.mutate()}
        onClick={(event) => (event.target as Element).closest("a") !== null && menu.current?.hidePopover()}
      >
        {(data?.items.length ?? 0) === 0 ? (
          <Notice bare icon="bell" title={t("bell.empty.title")} text={t("bell.empty.text")} />
        ) : (
          data?.items.map((item: News) => {
            const news = (
              <>
                <Icon name={item.video === null || item.video === undefined ? "signal" : "film"} />
                <span>
                  {item.kind === "video_published" ? t("bell.published", { host: item.host, title: item.title }) : t("bell.wentLive", { host: item.host, title: item.title })}
                  <br />
                  <span className="hint small">{ago(item.created_at)}</span>
                </span>
              </>
            );
            if (item.video !== null && item.video !== undefined) {
              return (
                <Link key={item.id} to="/v/$id" params={{ id: item.video }} className={styles.item}>
                  {news}
                </Link>
              );
            }
            return item.room_id === null || item.room_id === undefined ? (
              <div key={item.id} className={styles.item}>
                {news}
              </div>
            ) : (
              <Link key={item.id} to="/live/$id" params={{ id: String(item.room_id) }} className={styles.item}>
                {news}
              </Link>
            );
          })
        )}
      </div>
    </>
  );
}
