/** Lists of rooms: all, of a category, found by words. The address holds what is chosen. */

import { navigate, useParams, useSearch } from "../routing";
import { t } from "../../i18n/app";
import { roomsQuery, type RoomFilter } from "../api/queries";
import { ButtonLink } from "../parts/Button/Button";
import { More } from "../parts/More/More";
import { Notice } from "../parts/Notice/Notice";
import { Page } from "../parts/Page/Page";
import { RoomGrid } from "../parts/RoomCard/RoomCard";
import { TabBar } from "../parts/Tabs/Tabs";

export function Browse() {
  const { show = "live" } = useSearch();
  const tab = show === "all" ? "all" : "live";
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
        ]}
      />
      <div id="browse-panel" role="tabpanel" aria-labelledby={`browse-${tab}`} style={{ marginBlockStart: "1.25rem" }}>
        <List filter={tab === "live" ? { live: true } : {}} empty={tab === "live" ? <NobodyLive /> : <NoRooms />} />
      </div>
    </Page>
  );
}

export function Category() {
  const { category } = useParams({ from: "/c/$category" });
  return (
    <Page title={category}>
      <List filter={{ category }} empty={<NoRooms />} />
    </Page>
  );
}

export function Search() {
  const { q = "" } = useSearch();
  return (
    <Page title={q === "" ? t("nav.search") : t("search.title", { words: q })}>
      <List
        filter={{ q }}
        empty={
          <Notice
            icon="search"
            title={t("search.empty.title")}
            text={t("search.empty.text")}
            action={
              <ButtonLink to="/browse" kind="main" search={{ show: "all" }}>
                {t("browse.all")}
              </ButtonLink>
            }
          />
        }
      />
    </Page>
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
