/**
 * Where one is in the app, and how to get elsewhere. A page is shown when its code is there: until then the one before
 * stays. What is not the app's own address is the browser's business.
 */

import { Component, createContext, useContext, useSyncExternalStore, type AnchorHTMLAttributes, type ComponentType, type MouseEvent, type ReactNode } from "react";
import type { Path } from "../router";
import { hrefOf, matchPath, searchOf, type Names, type Params, type Search } from "./match";

export interface Route {
  /** The page, in the pages around it: the outermost first. */
  load?: () => Promise<readonly ComponentType[]>;
  redirect?: string;
}

interface Place {
  path: string;
  search: Search;
  params: Params;
  pages: readonly ComponentType[];
}

type Target<P extends Path> = { to: P; search?: Search } & ([Names<P>] extends [never] ? { params?: undefined } : { params: Record<Names<P>, string> });
export type To = { [P in Path]: Target<P> }[Path];
export type LinkProps = To &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> & {
    /** What the link has in addition while one is there. */
    activeProps?: { "aria-current": "page" };
  };

let routes: readonly (readonly [string, Route])[] = [];
let missing: ComponentType = () => null;
let place: Place | undefined;
let turn = 0;
const listeners = new Set<() => void>();

/** Takes over the address bar; resolves when the first page can be shown. */
export async function startRouting(table: Readonly<Record<string, Route>>, notFound: ComponentType): Promise<void> {
  routes = Object.entries(table);
  missing = notFound;
  window.addEventListener("popstate", () => void arrive(location.href));
  await arrive(location.href);
}

export function navigate({ to, params, search, replace = false }: To & { replace?: boolean }): Promise<void> {
  return go(hrefOf(to, params, search), replace);
}

/** Goes to an address of this site. */
export async function go(href: string, replace = false): Promise<void> {
  const url = new URL(href, location.href);
  await arrive(url.href, () => {
    if (replace || url.href === location.href) history.replaceState(null, "", url);
    else history.pushState(null, "", url);
    scrollTo(0, 0);
  });
}

/** Begins to fetch a page that will probably be wanted. */
export function preload(href: string): void {
  find(new URL(href, location.href).pathname)?.route.load?.().catch(() => {});
}

export function Pages({ broken }: { broken: ReactNode }) {
  const now = useSyncExternalStore(listen, () => place);
  if (now === undefined) return null;
  return (
    <Guard path={now.path} broken={broken}>
      <Depth.Provider value={0}>
        <Outlet />
      </Depth.Provider>
    </Guard>
  );
}

const Depth = createContext(0);

/** The page within this one. */
export function Outlet() {
  const now = useSyncExternalStore(listen, () => place);
  const depth = useContext(Depth);
  const Page = now?.pages[depth];
  return Page === undefined ? null : (
    <Depth.Provider value={depth + 1}>
      <Page />
    </Depth.Provider>
  );
}

export function Link({ to, params, search, activeProps, onClick, ...rest }: LinkProps) {
  const path = useSyncExternalStore(listen, () => place?.path);
  const href = hrefOf(to, params, search);
  const isHere = activeProps !== undefined && path === href.split("?")[0];
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const isOurs = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey && rest.target === undefined;
    if (event.defaultPrevented || !isOurs) return;
    event.preventDefault();
    void go(href);
  };
  const look = () => preload(href);
  return <a {...rest} {...(isHere ? activeProps : {})} href={href} onClick={follow} onPointerEnter={look} onFocus={look} />;
}

/** What the address of this page leaves open. */
export function useParams<P extends Path>(_of: { from: P }): Record<Names<P>, string> {
  const params = useSyncExternalStore(listen, () => place?.params);
  // While the page is taken down, the place may be another's.
  return new Proxy((params ?? {}) as Record<Names<P>, string>, { get: (all, name: string) => all[name as Names<P>] ?? "" });
}

export function useSearch(): Search {
  return useSyncExternalStore(listen, () => place?.search) ?? {};
}

async function arrive(href: string, changeAddress?: () => void): Promise<void> {
  const mine = (turn += 1);
  const url = new URL(href);
  const found = find(url.pathname);
  if (found?.route.redirect !== undefined) return go(found.route.redirect, true);
  const search = searchOf(url.search);
  let pages: readonly ComponentType[] = [missing];
  try {
    pages = (await found?.route.load?.()) ?? pages;
  } catch (error) {
    // A newer build has other files: its pages come with the document.
    if (changeAddress !== undefined) location.assign(href);
    else if (place === undefined) throw error;
    return;
  }
  if (mine !== turn) return;
  changeAddress?.();
  place = { path: url.pathname, search, params: found?.params ?? {}, pages };
  for (const listener of listeners) listener();
}

function find(path: string): { route: Route; params: Params } | undefined {
  for (const [pattern, route] of routes) {
    const params = matchPath(pattern, path);
    if (params !== undefined) return { route, params };
  }
  return undefined;
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A page that throws leaves the rest standing. */
class Guard extends Component<{ path: string; broken: ReactNode; children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override componentDidUpdate(before: { path: string }): void {
    if (this.state.hasFailed && before.path !== this.props.path) this.setState({ hasFailed: false });
  }

  override render(): ReactNode {
    return this.state.hasFailed ? this.props.broken : this.props.children;
  }
}
