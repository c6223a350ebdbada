/** Gifts as they come, over the corner of the picture: a few at once, each for a moment, repeats as a growing number. */

import { useEffect, useState } from "react";
import { t } from "../../i18n/app";
import type { GiftGiven } from "../socket/room-socket";
import styles from "./Room.module.css";

const SHOWN_MS = 4_500;
const SHOWN_MAX = 3;

export function GiftBanners({ gifts }: { gifts: readonly GiftGiven[] }) {
  const [, tick] = useState(0);
  const [seen] = useState(() => new Map<number, number>());
  const now = performance.now();
  for (const gift of gifts) if (!seen.has(gift.id)) seen.set(gift.id, now);
  const rows = new Map<string, GiftGiven>();
  // Of one person's row of one gift only the newest is shown.
  for (const gift of gifts) {
    if (now - (seen.get(gift.id) ?? 0) < SHOWN_MS) rows.set(`${gift.user_id} ${gift.gift_id}`, gift);
  }
  const isShowing = rows.size > 0;
  useEffect(() => {
    if (!isShowing) return undefined;
    const timer = setTimeout(() => tick((n) => n + 1), SHOWN_MS + 50);
    return () => clearTimeout(timer);
  }, [isShowing, gifts]);
  return (
    <div className={styles.banners} aria-hidden="true">
      {[...rows.entries()].slice(-SHOWN_MAX).map(([key, gift]) => (
        <div key={key} className={styles.banner}>
          <strong>{gift.username}</strong> {t("gift.gave", { gift: gift.gift_name })}
          <b key={gift.combo}>×{gift.combo}</b>
        </div>
      ))}
    </div>
  );
}
