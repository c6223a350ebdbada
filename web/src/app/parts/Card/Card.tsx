/** What cards of rooms and videos share: the picture, the words under it, the grid they lie in. */

import type { CSSProperties, ReactNode } from "react";
import { hue, initial, ownPicture } from "../../looks";
import { Avatar } from "../Avatar/Avatar";
import styles from "./Card.module.css";

export { styles as cardStyles };

/** The picture, or a colour and a letter; what lies over it are its children. */
export function Cover({ title, picture, children }: { title: string; picture: string; children?: ReactNode }) {
  const own = ownPicture(picture);
  return (
    <div className={styles.cover} style={{ "--hue": hue(title) } as CSSProperties}>
      {own === undefined ? (
        <span className={styles.letter} aria-hidden="true">
          {initial(title)}
        </span>
      ) : (
        <img src={own} alt="" loading="lazy" />
      )}
      {children}
    </div>
  );
}

export function Words({ title, level, who, facts }: { title: string; level: 2 | 3; who: { name: string; avatar: string }; facts: readonly string[] }) {
  const Title = level === 2 ? "h2" : "h3";
  return (
    <div className={styles.text}>
      <Avatar user={who} />
      <div>
        <Title className={styles.title}>{title}</Title>
        <p className={styles.who}>{facts.filter((fact) => fact !== "").join(" · ")}</p>
      </div>
    </div>
  );
}

export function Grid<T>({ items, keyOf, children }: { items: readonly T[]; keyOf: (item: T) => string | number; children: (item: T) => ReactNode }) {
  return (
    <ul className={styles.grid}>
      {items.map((item) => (
        <li key={keyOf(item)}>{children(item)}</li>
      ))}
    </ul>
  );
}
