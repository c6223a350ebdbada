/** The videos somebody put aside. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { t } from "../../i18n/app";
import { clock } from "../../player/vod/time";
import { call } from "../api/client";
import { pagesQuery } from "../api/queries";
import type { VideoView } from "../api/videos";
import { ButtonLink, IconButton } from "../parts/Button/Button";
import { More } from "../parts/More/More";
import { Notice } from "../parts/Notice/Notice";
import { Row, Rows } from "../parts/Page/Page";
import { toastError } from "../parts/Toast/Toast";
import { VideoCover } from "../parts/VideoCard/VideoCard";
import { Link } from "../routing";
import styles from "./Me.module.css";

export function Later() {
  const cache = useQueryClient();
  const remove = useMutation({
    mutationFn: (id: string) => call("DELETE /api/v1/me/videos/later/{id}", { path: { id } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ["later"] }),
    onError: toastError,
  });
  const browse = (
    <ButtonLink to="/browse" search={{ show: "videos" }} kind="main">
      {t("nav.browse")}
    </ButtonLink>
  );
  return (
    <More
      query={pagesQuery<VideoView>(["later"], (cursor) => call("GET /api/v1/me/videos/later", { query: { cursor, limit: 20 } }))}
      empty={<Notice icon="clock" title={t("later.empty.title")} text={t("later.empty.text")} action={browse} />}
    >
      {(videos) => (
        <Rows label={t("nav.later")}>
          {videos.map((video) => (
            <Row
              key={video.id}
              before={
                <span className={styles.cover}>
                  <VideoCover video={video} />
                </span>
              }
              title={
                <Link to="/v/$id" params={{ id: video.id }}>
                  {video.title}
                </Link>
              }
              text={[video.user?.name, clock(video.duration_ms / 1000)].filter((part) => part !== undefined).join(" · ")}
            >
              <IconButton icon="close" label={t("history.remove", { title: video.title })} onClick={() => remove.mutate(video.id)} />
            </Row>
          ))}
        </Rows>
      )}
    </More>
  );
}
