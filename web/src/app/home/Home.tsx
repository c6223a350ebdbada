/** `/`: who is live, whom one follows, and, for those who set this server up, how to send a first stream. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { fetchStreams, type LiveList } from "../../api";
import { onAir, viewers } from "../../i18n";
import { t } from "../../i18n/app";
import { meQuery, roomsQuery } from "../api/queries";
import { continueQuery, videosQuery } from "../api/videos";
import { ButtonLink } from "../parts/Button/Button";
import { CopyRow } from "../parts/CopyRow/CopyRow";
import { Failed, Notice, Skeleton } from "../parts/Notice/Notice";
import { Box, Page, Section } from "../parts/Page/Page";
import { RoomGrid } from "../parts/RoomCard/RoomCard";
import { VideoGrid } from "../parts/VideoCard/VideoCard";
import styles from "./Home.module.css";

const ASK_EVERY_MS = 8_000;
const SECTION_ROOMS = 12;
const SECTION_VIDEOS = 8;

export function Home() {
  const { data: me } = useQuery(meQuery);
  const refetchInterval = ASK_EVERY_MS * (0.8 + Math.random() * 0.4);
  const live = useInfiniteQuery({ ...roomsQuery({ live: true }, SECTION_ROOMS), refetchInterval });
  const followed = useInfiniteQuery({ ...roomsQuery({ live: true, following: true }, SECTION_ROOMS), enabled: me !== null && me !== undefined, refetchInterval });
  const newest = useInfiniteQuery(videosQuery({}, SECTION_VIDEOS));
  const begun = useQuery({ ...continueQuery, enabled: me !== null && me !== undefined });
  const streams = useQuery({ queryKey: ["streams"], queryFn: fetchStreams, refetchInterval });

  const rooms = live.data?.pages.flatMap((page) => page.items) ?? [];
  const followedRooms = followed.data?.pages.flatMap((page) => page.items) ?? [];
  const names = new Set(rooms.map((room) => room.stream));
  const followedIds = new Set(followedRooms.map((room) => room.id));
  const otherRooms = rooms.filter((room) => !followedIds.has(room.id));
  const others = streams.data?.streams.filter(({ stream }) => !names.has(stream) && !isRoomName(stream)) ?? [];
  const videos = newest.data?.pages.flatMap((page) => page.items) ?? [];
  const isKnown = !newest.isPending && (me === null || !begun.isPending) && live.data !== undefined && !streams.isPending && me !== undefined && (me === null || !followed.isPending);
  // All at once: the greeting and the followed come above what is live, and nothing that is read may jump.
  if (!isKnown) {
    return (
      <Page title={t("home.title")} hideTitle>
        {live.error === null ? <Skeleton height="24rem" /> : <Failed error={live.error} onRetry={() => void live.refetch()} />}
      </Page>
    );
  }
  return (
    <Page title={t("home.title")} hideTitle>
      {me === null && <Welcome />}
      {followedRooms.length > 0 && (
        <Section title={t("home.followed")}>
          <RoomGrid rooms={followedRooms} />
        </Section>
      )}
      {(otherRooms.length > 0 || others.length > 0) && (
        <Section title={t("home.live")}>
          <RoomGrid rooms={otherRooms} />
          <Streams streams={others} hasRooms={otherRooms.length > 0} />
        </Section>
      )}
      {rooms.length === 0 && others.length === 0 && <NobodyLive />}
      {begun.data !== undefined && begun.data.items.length > 0 && (
        <Section title={t("videos.continue")}>
          <VideoGrid videos={begun.data.items.map(({ video, position_ms }) => ({ video, watched: position_ms }))} />
        </Section>
      )}
      {videos.length > 0 && (
        <Section
          title={t("videos.newest")}
          actions={
            <ButtonLink to="/browse" search={{ show: "videos" }}>
              {t("action.more")}
            </ButtonLink>
          }
        >
          <VideoGrid videos={videos.map((video) => ({ video }))} />
        </Section>
      )}
      <Publish publishUrl={streams.data?.publish_url} />
    </Page>
  );
}

function Welcome() {
  return (
    <div className={styles.welcome}>
      <div>
        <h2>{t("home.welcome")}</h2>
        <p>{t("home.welcomeText")}</p>
      </div>
      <ButtonLink to="/register" search={{ next: undefined }}>
        {t("account.register")}
      </ButtonLink>
    </div>
  );
}

function NobodyLive() {
  return (
    <Section title={t("home.live")}>
      <Notice
        icon="signal"
        title={t("home.empty.title")}
        text={t("home.empty.text")}
        action={
          <ButtonLink to="/studio" kind="main" icon="camera">
            {t("nav.goLive")}
          </ButtonLink>
        }
      />
    </Section>
  );
}

/** Streams that belong to no room; they have the plain watch page. */
function Streams({ streams, hasRooms }: { streams: LiveList["streams"]; hasRooms: boolean }) {
  if (streams.length === 0) return null;
  return (
    <ul className={styles.streams} style={{ marginBlockStart: hasRooms ? "1rem" : 0 }}>
      {streams.map(({ stream, viewer_count, started_at_ms }) => (
        <li key={stream}>
          <a className={styles.stream} href={`/watch/${stream.split("/").map(encodeURIComponent).join("/")}`}>
            <span className="badge">{t("status.live")}</span>
            <div>
              <strong>{stream.replace(/^live\//, "")}</strong>
              <p>{[viewers(viewer_count), started_at_ms === undefined ? undefined : onAir(Date.now() - started_at_ms)].filter(Boolean).join(" · ")}</p>
            </div>
          </a>
        </li>
      ))}
    </ul>
  );
}

function Publish({ publishUrl }: { publishUrl: string | undefined }) {
  return (
    <Section title={t("home.publish.title")}>
      <div className={styles.columns}>
        <div>
          <Box>
            <h3>{t("home.publish.room")}</h3>
            <p className="hint">{t("home.publish.roomText")}</p>
            <ButtonLink to="/studio" icon="camera">
              {t("nav.studio")}
            </ButtonLink>
          </Box>
        </div>
        <div className="panel-box">
          <Box>
            <h3>{t("home.publish.quick")}</h3>
            {publishUrl === undefined ? (
              <p className="hint">{t("home.publish.off")}</p>
            ) : (
              <>
                <p className="hint">{t("home.publish.quickText")}</p>
                <CopyRow label={t("obs.server")} value={publishUrl} />
                <CopyRow label={t("obs.key")} value="demo" />
                <CopyRow label="ffmpeg" value={`ffmpeg -re -i video.mp4 -c copy -f flv ${publishUrl}/demo`} />
              </>
            )}
          </Box>
        </div>
      </div>
    </Section>
  );
}

/** Rooms' streams have names of twenty letters and digits; those not in the list are nobody's business here. */
function isRoomName(stream: string): boolean {
  return /^live\/[A-Za-z0-9]{20}$/.test(stream);
}
