/** Tabs that follow the arrow keys, and links of one area that look like them. */

import { Link, type LinkProps } from "../../routing";
import { useEffect, useRef, type KeyboardEvent } from "react";
import styles from "./Tabs.module.css";

export interface Tab<Name extends string> {
  name: Name;
  label: string;
}

export function TabBar<Name extends string>({
  id,
  label,
  tabs,
  current,
  onSelect,
}: {
  /** The panel's id is `{id}-panel`. */
  id: string;
  label: string;
  tabs: readonly Tab<Name>[];
  current: Name;
  onSelect: (name: Name) => void;
}) {
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const at = tabs.findIndex((tab) => tab.name === current);
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (step === 0 || next === undefined) return;
    event.preventDefault();
    onSelect(next.name);
    document.getElementById(`${id}-${next.name}`)?.focus();
  };
  return (
    <div className={styles.tabs} role="tablist" aria-label={label} onKeyDown={onKeyDown}>
      {tabs.map((tab) => (
        <button
          key={tab.name}
          id={`${id}-${tab.name}`}
          type="button"
          role="tab"
          aria-selected={tab.name === current}
          aria-controls={`${id}-panel`}
          tabIndex={tab.name === current ? 0 : -1}
          onClick={() => onSelect(tab.name)}
        >
          {tab.label}
        </button>
      ))}
    </div>
  );
}

export function LinkTabs({ label, links }: { label: string; links: readonly (LinkProps & { label: string })[] }) {
  const nav = useRef<HTMLElement>(null);
  // On a phone there are more than fit: the one that is open is seen.
  useEffect(() => {
    const current = nav.current?.querySelector<HTMLElement>("[aria-current]");
    if (current !== null && current !== undefined) nav.current?.scrollTo({ left: current.offsetLeft - nav.current.clientWidth / 3 });
  });
  return (
    <nav ref={nav} className={styles.tabs} aria-label={label}>
      {links.map(({ label: text, ...link }) => (
        <Link key={text} {...link} activeProps={{ "aria-current": "page" }}>
          {text}
        </Link>
      ))}
    </nav>
  );
}
