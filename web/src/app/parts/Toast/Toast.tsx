/** Short news at the foot of the page; screen readers hear it. */

import { useSyncExternalStore } from "react";
import { errorText } from "../../api/errors";
import styles from "./Toast.module.css";

interface News {
  id: number;
  text: string;
}

const SHOWN_MS = 5_000;
/** More would hide the page. */
const SHOWN_MAX = 3;

let news: readonly News[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

export function toast(text: string): void {
  const id = (lastId += 1);
  set([...news.filter((item) => item.text !== text), { id, text }].slice(-SHOWN_MAX));
  setTimeout(() => set(news.filter((item) => item.id !== id)), SHOWN_MS);
}

export function toastError(error: unknown): void {
  toast(errorText(error));
}

export function Toasts() {
  const shown = useSyncExternalStore(listen, () => news);
  return (
    <div className={styles.toasts} role="status">
      {shown.map(({ id, text }) => (
        <div key={id} className={styles.toast}>
          {text}
        </div>
      ))}
    </div>
  );
}

function set(next: readonly News[]): void {
  news = next;
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
