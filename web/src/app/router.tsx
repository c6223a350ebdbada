/** Which address shows what. Each area is fetched when it is opened. */

import type { ComponentType } from "react";
import { loadMore, t } from "../i18n/app";
import { ButtonLink } from "./parts/Button/Button";
import { Notice } from "./parts/Notice/Notice";
import { Page } from "./parts/Page/Page";
import type { Route } from "./routing";

type Loaded = () => Promise<Readonly<Record<string, unknown>>>;

/** Pages for hosts and admins, and those of one's own: their words are apart. */
const withMore = (load: Loaded): Loaded => async () => (await Promise.all([load(), loadMore()]))[0];
const account: Loaded = () => import("./account/Account");
const browse: Loaded = () => import("./browse/Browse");
const studio = withMore(() => import("./studio"));
const me = withMore(() => import("./me"));
const settings = withMore(() => import("./settings"));
const admin = withMore(() => import("./admin"));

/** These exports of an area, the outermost first. */
function pages(load: Loaded, ...names: string[]): Route {
  return {
    load: async () => {
      const area = await load();
      return names.map((name) => area[name] as ComponentType);
    },
  };
}

export const ROUTES = {
  "/": pages(() => import("./home/Home"), "Home"),
  "/browse": pages(browse, "Browse"),
  "/c/$category": pages(browse, "Category"),
  "/search": pages(browse, "Search"),
  "/live/$id": pages(() => import("./room/Room"), "Room"),
  "/v/$id": pages(() => import("./video/Video"), "Video"),
  "/@$username": pages(() => import("./channel/Channel"), "Channel"),
  "/login": pages(account, "Login"),
  "/register": pages(account, "Register"),
  "/setup": pages(account, "Setup"),
  "/studio": pages(studio, "Studio", "Overview"),
  "/studio/live": pages(studio, "Studio", "Live"),
  "/studio/browser": pages(studio, "Studio", "BrowserLive"),
  "/studio/upload": pages(studio, "Studio", "Upload"),
  "/studio/videos": pages(studio, "Studio", "Videos"),
  "/studio/videos/$id": pages(studio, "Studio", "EditVideo"),
  "/studio/analytics": pages(studio, "Studio", "Analytics"),
  "/studio/room": pages(studio, "Studio", "EditRoom"),
  "/studio/moderation": pages(studio, "Studio", "Moderation"),
  "/studio/broadcasts": pages(studio, "Studio", "Broadcasts"),
  "/me": { redirect: "/me/following" },
  "/me/following": pages(me, "Me", "Following"),
  "/me/history": pages(me, "Me", "History"),
  "/me/later": pages(me, "Me", "Later"),
  "/me/comments": pages(me, "Me", "Comments"),
  "/me/wallet": pages(me, "Me", "Wallet"),
  "/settings": { redirect: "/settings/profile" },
  "/settings/profile": pages(settings, "Settings", "Profile"),
  "/settings/security": pages(settings, "Settings", "Security"),
  "/settings/sessions": pages(settings, "Settings", "Sessions"),
  "/settings/notifications": pages(settings, "Settings", "Notifications"),
  "/settings/playback": pages(settings, "Settings", "Playback"),
  "/settings/blocked": pages(settings, "Settings", "Blocked"),
  "/settings/tokens": pages(settings, "Settings", "Tokens"),
  "/admin": pages(admin, "Admin", "Overview"),
  "/admin/users": pages(admin, "Admin", "Users"),
  "/admin/rooms": pages(admin, "Admin", "Rooms"),
  "/admin/videos": pages(admin, "Admin", "Videos"),
  "/admin/jobs": pages(admin, "Admin", "Jobs"),
  "/admin/storage": pages(admin, "Admin", "Storage"),
  "/admin/streams": pages(admin, "Admin", "Streams"),
  "/admin/reports": pages(admin, "Admin", "Reports"),
  "/admin/gifts": pages(admin, "Admin", "Gifts"),
  "/admin/codes": pages(admin, "Admin", "Codes"),
  "/admin/settings": pages(admin, "Admin", "Site"),
  "/admin/webhooks": pages(admin, "Admin", "Webhooks"),
  "/admin/audit": pages(admin, "Admin", "Audit"),
} as const satisfies Record<string, Route>;

export type Path = keyof typeof ROUTES;

export function NotFound() {
  return (
    <Page title={t("notFound.title")} hideTitle>
      <Notice
        icon="compass"
        title={t("notFound.title")}
        text={t("notFound.text")}
        action={
          <ButtonLink to="/" kind="main">
            {t("nav.home")}
          </ButtonLink>
        }
      />
    </Page>
  );
}

export function Broken() {
  return (
    <Page title={t("error.title")} hideTitle>
      <Notice
        icon="alert"
        title={t("error.title")}
        text={t("error.page")}
        action={
          <button className="button button-main" type="button" onClick={() => location.reload()}>
            {t("action.reload")}
          </button>
        }
      />
    </Page>
  );
}
