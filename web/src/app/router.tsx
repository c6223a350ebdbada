/** Which address shows what. Areas few people see are fetched when they are opened. */

import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import { t } from "../i18n/app";
import { Home } from "./home/Home";
import { ButtonLink } from "./parts/Button/Button";
import { Notice } from "./parts/Notice/Notice";
import { Page } from "./parts/Page/Page";
import { TopBar } from "./parts/TopBar/TopBar";

const root = createRootRoute({
  component: () => (
    <>
      <TopBar />
      <Outlet />
    </>
  ),
  notFoundComponent: NotFound,
  errorComponent: Broken,
});

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
}

const account = () => import("./account/Account");
const studio = () => import("./studio");
const me = () => import("./me");
const settings = () => import("./settings");
const admin = () => import("./admin");

const home = createRoute({ getParentRoute: () => root, path: "/", component: Home });
const browse = createRoute({
  getParentRoute: () => root,
  path: "/browse",
  validateSearch: (search): { show?: string } => ({ show: text(search.show) }),
  component: lazyRouteComponent(() => import("./browse/Browse"), "Browse"),
});
const category = createRoute({
  getParentRoute: () => root,
  path: "/c/$category",
  component: lazyRouteComponent(() => import("./browse/Browse"), "Category"),
});
const search = createRoute({
  getParentRoute: () => root,
  path: "/search",
  validateSearch: (found): { q?: string; live?: string } => ({ q: text(found.q), live: text(found.live) }),
  component: lazyRouteComponent(() => import("./browse/Browse"), "Search"),
});
const live = createRoute({
  getParentRoute: () => root,
  path: "/live/$id",
  component: lazyRouteComponent(() => import("./room/Room"), "Room"),
});
const channel = createRoute({
  getParentRoute: () => root,
  path: "/@{$username}",
  component: lazyRouteComponent(() => import("./channel/Channel"), "Channel"),
});
const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (found): { next?: string } => ({ next: text(found.next) }),
  component: lazyRouteComponent(account, "Login"),
});
const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  validateSearch: (found): { next?: string } => ({ next: text(found.next) }),
  component: lazyRouteComponent(account, "Register"),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  validateSearch: (found): { token?: string } => ({ token: text(found.token) }),
  component: lazyRouteComponent(account, "Setup"),
});

const studioRoot = createRoute({ getParentRoute: () => root, path: "/studio", component: lazyRouteComponent(studio, "Studio") });
const studioPages = [
  createRoute({ getParentRoute: () => studioRoot, path: "/", component: lazyRouteComponent(studio, "Overview") }),
  createRoute({ getParentRoute: () => studioRoot, path: "/live", component: lazyRouteComponent(studio, "Live") }),
  createRoute({ getParentRoute: () => studioRoot, path: "/room", component: lazyRouteComponent(studio, "EditRoom") }),
  createRoute({ getParentRoute: () => studioRoot, path: "/moderation", component: lazyRouteComponent(studio, "Moderation") }),
  createRoute({ getParentRoute: () => studioRoot, path: "/broadcasts", component: lazyRouteComponent(studio, "Broadcasts") }),
] as const;

const meRoot = createRoute({ getParentRoute: () => root, path: "/me", component: lazyRouteComponent(me, "Me") });
const mePages = [
  createRoute({ getParentRoute: () => meRoot, path: "/following", component: lazyRouteComponent(me, "Following") }),
  createRoute({ getParentRoute: () => meRoot, path: "/history", component: lazyRouteComponent(me, "History") }),
  createRoute({ getParentRoute: () => meRoot, path: "/comments", component: lazyRouteComponent(me, "Comments") }),
  createRoute({ getParentRoute: () => meRoot, path: "/wallet", component: lazyRouteComponent(me, "Wallet") }),
] as const;

const settingsRoot = createRoute({ getParentRoute: () => root, path: "/settings", component: lazyRouteComponent(settings, "Settings") });
const settingsPages = [
  createRoute({
    getParentRoute: () => settingsRoot,
    path: "/",
    beforeLoad: () => {
      throw redirect({ to: "/settings/profile" });
    },
  }),
  createRoute({ getParentRoute: () => settingsRoot, path: "/profile", component: lazyRouteComponent(settings, "Profile") }),
  createRoute({ getParentRoute: () => settingsRoot, path: "/security", component: lazyRouteComponent(settings, "Security") }),
  createRoute({ getParentRoute: () => settingsRoot, path: "/sessions", component: lazyRouteComponent(settings, "Sessions") }),
  createRoute({ getParentRoute: () => settingsRoot, path: "/tokens", component: lazyRouteComponent(settings, "Tokens") }),
] as const;

const adminRoot = createRoute({ getParentRoute: () => root, path: "/admin", component: lazyRouteComponent(admin, "Admin") });
const adminPages = [
  createRoute({ getParentRoute: () => adminRoot, path: "/", component: lazyRouteComponent(admin, "Overview") }),
  createRoute({ getParentRoute: () => adminRoot, path: "/users", component: lazyRouteComponent(admin, "Users") }),
  createRoute({ getParentRoute: () => adminRoot, path: "/rooms", component: lazyRouteComponent(admin, "Rooms") }),
  createRoute({ getParentRoute: () => adminRoot, path: "/streams", component: lazyRouteComponent(admin, "Streams") }),
  createRoute({ getParentRoute: () => adminRoot, path: "/reports", component: lazyRouteComponent(admin, "Reports") }),
  createRoute({ getParentRoute: () => adminRoot, path: "/gifts", component: lazyRouteComponent(admin, "Gifts") }),
  createRoute({ getParentRoute: () => adminRoot, path: "/codes", component: lazyRouteComponent(admin, "Codes") }),
  createRoute({ getParentRoute: () => adminRoot, path: "/settings", component: lazyRouteComponent(admin, "Site") }),
  createRoute({ getParentRoute: () => adminRoot, path: "/webhooks", component: lazyRouteComponent(admin, "Webhooks") }),
  createRoute({ getParentRoute: () => adminRoot, path: "/audit", component: lazyRouteComponent(admin, "Audit") }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    browse,
    category,
    search,
    live,
    channel,
    login,
    register,
    setup,
    studioRoot.addChildren(studioPages),
    meRoot.addChildren(mePages),
    settingsRoot.addChildren(settingsPages),
    adminRoot.addChildren(adminPages),
  ]),
  scrollRestoration: true,
  defaultPreload: "intent",
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

function NotFound() {
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

function Broken() {
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
