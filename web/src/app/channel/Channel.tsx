/** `/@user`: somebody's page: who they are, their room, earlier shows. */

import { useQuery } from "@tanstack/react-query";
import { navigate, useParams, useSearch } from "../routing";
import { useState } from "react";
import { compact, day, t } from "../../i18n/app";
import { useBlock, useBlocked } from "../api/blocked";
import { call } from "../api/client";
import { isCode } from "../api/errors";
import { followQuery, meQuery, roomsQuery } from "../api/queries";
import type { Profile } from "../api/schema";
import { videosQuery } from "../api/videos";
import { Avatar } from "../parts/Avatar/Avatar";
import { Button, ButtonLink } from "../parts/Button/Button";
import { FollowButton } from "../parts/FollowButton/FollowButton";
import { More } from "../parts/More/More";
import { Failed, Notice, Skeleton } from "../parts/Notice/Notice";
import { Page } from "../parts/Page/Page";
import { RoomGrid } from "../parts/RoomCard/RoomCard";
import { TabBar } from "../parts/Tabs/Tabs";
import { VideoGrid } from "../parts/VideoCard/VideoCard";
import { Report } from "../room/Report";
import styles from "./Channel.module.css";

export function Channel() {
  const { username } = useParams({ from: "/@$username" });
  const { data, error, refetch } = useQuery({
    queryKey: ["profile", username],
    queryFn: () => call("GET /api/v1/users/by-name/{username}", { path: { username } }),
  });
  if (data !== undefined) return <Of user={data} />;
  return (
    <Page title={`@${username}`} hideTitle>
      {error === null ? (
        <Skeleton height="16rem" />
      ) : isCode(error, "user_not_found") ? (
        <Notice
          icon="user"
          title={t("channel.missing")}
          text={t("channel.missingText")}
          action={
            <ButtonLink to="/browse" kind="main">
              {t("room.others")}
            </ButtonLink>
          }
        />
      ) : (
        <Failed error={error} onRetry={() => void refetch()} />
      )}
    </Page>
  );
}

function Of({ user }: { user: Profile }) {
  const { data: me } = useQuery(meQuery);
  const { data: counts } = useQuery(followQuery(user.id));
  const [isReporting, setIsReporting] = useState(false);
  const isBlocked = useBlocked(me).has(user.id);
  const block = useBlock();
  const tab = useSearch().show === "videos" ? "videos" : "rooms";
  return (
    <Page title={user.name} hideTitle>
      <div className={styles.head}>
        <Avatar user={user} size={84} />
        <div className={styles.names}>
          <p className={styles.name}>{user.name}</p>
          <p className="hint">
            @{user.username} · {t("channel.followers", { count: compact(counts?.followers ?? 0) })} · {t("channel.since", { at: day(user.created_at) })}
          </p>
          {user.bio !== "" && <p className={styles.bio}>{user.bio}</p>}
        </div>
        <div className={styles.actions}>
          {!isBlocked && <FollowButton userId={user.id} />}
          {me?.id === user.id ? (
            <ButtonLink to="/settings/profile" icon="edit">
              {t("channel.edit")}
            </ButtonLink>
          ) : (
            me !== null &&
            me !== undefined && (
              <>
                <Button kind="ghost" icon="close" busy={block.isPending} onClick={() => block.mutate({ userId: user.id, isBlocked: !isBlocked })}>
                  {isBlocked ? t("block.undo") : t("block.do")}
                </Button>
                <Button kind="ghost" icon="flag" onClick={() => setIsReporting(true)}>
                  {t("room.report")}
                </Button>
              </>
            )
          )}
        </div>
      </div>
      <TabBar
        id="channel"
        label={user.name}
        current={tab}
        onSelect={(name) => void navigate({ to: "/@$username", params: { username: user.username }, search: { show: name === "rooms" ? undefined : name }, replace: true })}
        tabs={[
          { name: "rooms", label: t("channel.rooms") },
          { name: "videos", label: t("videos.title") },
        ]}
      />
      <div id="channel-panel" role="tabpanel" aria-labelledby={`channel-${tab}`} style={{ marginBlockStart: "1.25rem" }}>
        {tab === "rooms" ? (
          <More query={roomsQuery({ user_id: user.id })} empty={<Notice icon="signal" title={t("channel.empty")} text={t("channel.emptyText")} />}>
            {(rooms) => <RoomGrid rooms={rooms} level={2} />}
          </More>
        ) : (
          <More query={videosQuery({ user_id: user.id })} empty={<Notice icon="film" title={t("videos.empty.title")} text={t("channel.emptyText")} />}>
            {(videos) => <VideoGrid videos={videos.map((video) => ({ video }))} level={2} />}
          </More>
        )}
      </div>
      {isReporting && <Report kind="user" targetId={user.id} onClose={() => setIsReporting(false)} />}
    </Page>
  );
}
