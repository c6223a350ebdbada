/** Somebody's picture, or the first letter of the name on a colour of its own. */

import type { CSSProperties } from "react";
import { hue, initial, ownPicture } from "../../looks";
import styles from "./Avatar.module.css";

export function Avatar({ user, size = 36 }: { user: { name: string; avatar?: string }; size?: number }) {
  const picture = ownPicture(user.avatar);
  return (
    <span className={styles.avatar} style={{ "--size": `${size}px`, "--hue": hue(user.name) } as CSSProperties} aria-hidden="true">
      {picture === undefined ? initial(user.name) : <img src={picture} alt="" loading="lazy" />}
    </span>
  );
}
