/** The videos one watched, with where one stopped. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ago, t } from "../../i18n/app";
import { clock } from "../../player/vod/time";
import { call } from "../api/client";
import { pagesQuery } from "../api/queries";
import type { Watched } from "../api/videos";
import { Button, IconButton } from "../parts/Button/Button";
import { Confirm } from "../parts/Dialog/Dialog";
import { More } from "../parts/More/More";
import { Row, Rows, Section } from "../parts/Page/Page";
import { toastError } from "../parts/Toast/Toast";
import { VideoCover } from "../parts/VideoCard/VideoCard";
import { Link } from "../routing";
import styles from "./Me.module.css";

export function WatchedVideos() {
  const cache = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const key = ["watched"];
  const again = async () => {
    await cache.invalidateQueries({ queryKey: key });
    await cache.invalidateQueries({ queryKey: ["continue"] });
  };
  const remove = useMutation({
    mutationFn: (id: string) => call("DELETE /api/v1/me/videos/history/{id}", { path: { id } }),
    onSuccess: again,
    onError: toastError,
  });
  const clear = useMutation({
    mutationFn: () => call("DELETE /api/v1/me/videos/history"),
    onSuccess: () => {
      setIsAsking(false);
      return again();
    },
  });
  return (
    <Section title={t("history.videos")} actions={<Button onClick={() => setIsAsking(true)}>{t("history.clear")}</Button>}>
      <More
        query={pagesQuery<Watched>(key, (cursor) => call("GET /api/v1/me/videos/history", { query: { cursor, limit: 20 } }))}
        empty={<p className="hint">{t("history.videosEmpty")}</p>}
      >
        {(items) => (
          <Rows label={t("history.videos")}>
            {items.map(({ video, position_ms, is_finished, last_at }) => (
              <Row
                key={video.id}
                before={
                  <span className={styles.cover}>
                    <VideoCover video={video} watched={is_finished ? video.duration_ms : position_ms} />
                  </span>
                }
                title={
                  <Link to="/v/$id" params={{ id: video.id }}>
                    {video.title}
                  </Link>
                }
                text={[video.user?.name, is_finished ? undefined : clock(position_ms / 1000), ago(last_at)].filter((part) => part !== undefined).join(" · ")}
              >
                <IconButton icon="close" label={t("history.remove", { title: video.title })} onClick={() => remove.mutate(video.id)} />
              </Row>
            ))}
          </Rows>
        )}
      </More>
      {isAsking && (
        <Confirm
          title={t("history.clear")}
          text={t("history.videosClearText")}
          action={t("history.clear")}
          busy={clear.isPending}
          error={clear.error}
          onConfirm={() => clear.mutate()}
          onClose={() => setIsAsking(false)}
        />
      )}
    </Section>
  );
}
