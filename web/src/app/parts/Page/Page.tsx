/** The frame of a page: its main part with its heading, sections, boxes and rows. */

import { useEffect, useRef, type ReactNode } from "react";
import styles from "./Page.module.css";

export { styles as pageStyles };

export function Page({
  title,
  width = "wide",
  actions,
  hideTitle = false,
  children,
}: {
  title: string;
  width?: "wide" | "middle" | "narrow";
  actions?: ReactNode;
  hideTitle?: boolean;
  children: ReactNode;
}) {
  const main = useTitle(title);
  const widths = { wide: "", middle: styles.middle, narrow: styles.narrow };
  return (
    <main id="main" ref={main} tabIndex={-1} className={`${styles.page} ${widths[width]}`}>
      {hideTitle ? (
        <h1 className="visually-hidden">{title}</h1>
      ) : (
        <div className={styles.head}>
          <h1>{title}</h1>
          {actions}
        </div>
      )}
      {children}
    </main>
  );
}

/** Names the document, and brings those who navigated by keyboard to the new page's beginning. */
export function useTitle(title: string) {
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    document.title = title === "" ? "Weir" : `${title} · Weir`;
  }, [title]);
  useEffect(() => {
    if (history.length > 1 && document.activeElement === document.body && hasNavigated) main.current?.focus({ preventScroll: true });
    hasNavigated = true;
  }, []);
  return main;
}

let hasNavigated = false;

export function Section({ title, children, actions }: { title: string; children: ReactNode; actions?: ReactNode }) {
  return (
    <section className={styles.section}>
      {actions === undefined ? (
        <h2>{title}</h2>
      ) : (
        <div className={styles.head}>
          <h2>{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}

export function Box({ children }: { children: ReactNode }) {
  return <div className={styles.box}>{children}</div>;
}

export function Rows({ children, label }: { children: ReactNode; label?: string }) {
  return (
    <ul className={styles.rows} aria-label={label}>
      {children}
    </ul>
  );
}

/** A row: what it is and a line below, then what can be done. */
export function Row({ before, title, text, children }: { before?: ReactNode; title: ReactNode; text?: ReactNode; children?: ReactNode }) {
  return (
    <li>
      {before}
      <div className={styles.grow}>
        <p>{title}</p>
        {text !== undefined && <p>{text}</p>}
      </div>
      {children}
    </li>
  );
}
