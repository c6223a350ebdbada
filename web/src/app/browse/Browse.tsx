/** Lists of rooms: all, of a category, found by words. The address holds what is chosen. */

import { navigate, useParams, useSearch } from "../routing";
import { t } from "../../i18n/app";
import { roomsQuery, type RoomFilter } from "../api/queries";
import { videosQuery, type VideoFilter } from "../api/videos";
import { ButtonLink } from "../parts/Button/Button";
import { More } from "../parts/More/More";
import { Notice } from "../parts/Notice/Notice";
import { Page } from "../parts/Page/Page";
import { RoomGrid } from "../parts/RoomCard/RoomCard";
import { TabBar } from "../parts/Tabs/Tabs";
import { VideoGrid } from "../parts/VideoCard/VideoCard";

type Shown = "live" | "all" | "videos";

export function Browse() {
  const { show, sort } = useSearch();
  const tab: Shown = show === "all" || show === "videos" ? show : "live";
  return (
    <Page title={t("browse.title")}>
      <TabBar
        id="browse"
        label={t("browse.title")}
        current={tab}
        onSelect={(name) => void navigate({ to: "/browse", search: { show: name === "live" ? undefined : name }, replace: true })}
        tabs={[
          { name: "live", label: t("browse.live") },
          { name: "all", label: t("browse.all") },
          { name: "videos", label: t("browse.videos") },
        ]}
      />
      <div id="browse-panel" role="tabpanel" aria-labelledby={`browse-${tab}`} style={{ marginBlockStart: "1.25rem" }}>
        {tab === "videos" ? (
          <>
            <Sort sort={sortOf(sort)} onSort={(next) => void navigate({ to: "/browse", search: { show: "videos", sort: next === "newest" ? undefined : next }, replace: true })} />
            <VideoList filter={{ sort: sortOf(sort) }} empty={<NoVideos />} />
          </>
        ) : (
          <List filter={tab === "live" ? { live: true } : {}} empty={tab === "live" ? <NobodyLive /> : <NoRooms />} />
        )}
      </div>
    </Page>
  );
}

export function Category() {
  const { category } = useParams({ from: "/c/$category" });
  const { show } = useSearch();
  const tab = show === "videos" ? "videos" : "rooms";
  return (
    <Page title={category}>
      <Kinds tab={tab} onTab={(name) => void navigate({ to: "/c/$category", params: { category }, search: { show: name === "rooms" ? undefined : name }, replace: true })}>
        {tab === "videos" ? <VideoList filter={{ category }} empty={<NoVideos />} /> : <List filter={{ category }} empty={<NoRooms />} />}
      </Kinds>
    </Page>
  );
}

export function Search() {
  const { q = "", show } = useSearch();
  const tab = show === "videos" ? "videos" : "rooms";
  const nothing = (
    <Notice
      icon="search"
      title={t("search.empty.title")}
      text={t("search.empty.text")}
      action={
        <ButtonLink to="/browse" kind="main" search={{ show: tab === "videos" ? "videos" : "all" }}>
          {tab === "videos" ? t("video.missing.others") : t("browse.all")}
        </ButtonLink>
      }
    />
  );
  return (
    <Page title={q === "" ? t("nav.search") : t("search.title", { words: q })}>
      <Kinds tab={tab} onTab={(name) => void navigate({ to: "/search", search: { q, show: name === "rooms" ? undefined : name }, replace: true })}>
        {tab === "videos" ? <VideoList filter={{ q }} empty={nothing} /> : <List filter={{ q }} empty={nothing} />}
      </Kinds>
    </Page>
  );
}

function Kinds({ tab, onTab, children }: { tab: "rooms" | "videos"; onTab: (tab: "rooms" | "videos") => void; children: React.ReactNode }) {
  return (
    <>
      <TabBar
        id="kinds"
        label={t("search.kind")}
        current={tab}
        onSelect={onTab}
        tabs={[
          { name: "rooms", label: t("search.rooms") },
          { name: "videos", label: t("search.videos") },
        ]}
      />
      <div id="kinds-panel" role="tabpanel" aria-labelledby={`kinds-${tab}`} style={{ marginBlockStart: "1.25rem" }}>
        {children}
      </div>
    </>
  );
}

const SORTS = ["newest", "views", "likes"] as const;
type SortName = (typeof SORTS)[number];

function sortOf(text: string | undefined): SortName {
  return SORTS.find((each) => each === text) ?? "newest";
}

function Sort({ sort, onSort }: { sort: SortName; onSort: (sort: SortName) => void }) {
  return (
    <select aria-label={t("videos.sort")} value={sort} onChange={(event) => onSort(sortOf(event.target.value))} style={{ marginBlockEnd: "1rem" }}>
      {SORTS.map((each) => (
        <option key={each} value={each}>
          {t(`videos.sort.${each}`)}
        </option>
      ))}
    </select>
  );
}

function VideoList({ filter, empty }: { filter: VideoFilter; empty: React.ReactNode }) {
  return (
    <More query={videosQuery(filter)} empty={empty}>
      {(videos) => <VideoGrid videos={videos.map((video) => ({ video }))} level={2} />}
    </More>
  );
}

function NoVideos() {
  return (
    <Notice
      icon="film"
      title={t("videos.empty.title")}
      text={t("videos.empty.text")}
      action={
        <ButtonLink to="/studio/upload" kind="main" icon="upload">
          {t("videos.upload")}
        </ButtonLink>
      }
    />
  );
}

function List({ filter, empty }: { filter: RoomFilter; empty: React.ReactNode }) {
  return (
    <More query={roomsQuery(filter)} empty={empty}>
      {(rooms) => <RoomGrid rooms={rooms} level={2} />}
    </More>
  );
}

function NobodyLive() {
  return (
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
  );
}

function NoRooms() {
  return (
    <Notice
      icon="compass"
      title={t("browse.empty.title")}
      text={t("browse.empty.text")}
      action={
        <ButtonLink to="/studio" kind="main" icon="camera">
          {t("nav.goLive")}
        </ButtonLink>
      }
    />
  );
}
