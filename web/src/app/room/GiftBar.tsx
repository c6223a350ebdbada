/** Gifts one can give: choose one, say how many, give again and again. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, navigate } from "../routing";
import { useState } from "react";
import { number, t } from "../../i18n/app";
import { codeText } from "../api/errors";
import { giftsQuery, walletQuery } from "../api/queries";
import type { Gift, PublicUser, RoomView } from "../api/schema";
import { ownPicture } from "../looks";
import { Button } from "../parts/Button/Button";
import { Dialog } from "../parts/Dialog/Dialog";
import { Actions, SelectField } from "../parts/Field/Field";
import { Icon } from "../parts/Icon/Icon";
import styles from "./Room.module.css";
import type { RoomNow } from "./use-room";

const COUNTS = [1, 5, 10, 66, 188, 520] as const;

export function GiftBar({ room, me, now }: { room: RoomView; me: PublicUser | null | undefined; now: RoomNow }) {
  const { data: gifts } = useQuery(giftsQuery);
  const isIn = me !== null && me !== undefined;
  const { data: wallet } = useQuery({ ...walletQuery, enabled: isIn });
  const [chosen, setChosen] = useState<Gift>();
  // Its place is kept while nobody knows what there is to give, so that nothing jumps.
  if (gifts === undefined) return <div className={styles.gifts} aria-hidden />;
  const offered = gifts.filter((gift) => gift.is_active);
  if (offered.length === 0 || me?.id === room.host?.id) return null;
  return (
    <div className={styles.gifts}>
      <div className={styles.giftRow} role="group" aria-label={t("gift.title")}>
        {offered.map((gift) => (
          <button
            key={gift.id}
            type="button"
            className={styles.gift}
            onClick={() => (isIn ? setChosen(gift) : void navigate({ to: "/login", search: { next: location.pathname } }))}
          >
            <GiftPicture gift={gift} />
            <span>{gift.name}</span>
            <span className={styles.price}>{number(gift.coin)}</span>
          </button>
        ))}
      </div>
      {wallet !== undefined && isIn && (
        <Link to="/me/wallet" className={styles.balance}>
          <Icon name="coin" />
          {number(wallet.coin)}
        </Link>
      )}
      {chosen !== undefined && <Give gift={chosen} balance={wallet?.coin ?? 0} now={now} onClose={() => setChosen(undefined)} />}
    </div>
  );
}

function Give({ gift, balance, now, onClose }: { gift: Gift; balance: number; now: RoomNow; onClose: () => void }) {
  const cache = useQueryClient();
  const [count, setCount] = useState(1);
  const [told, setTold] = useState<string>();
  const [combo, setCombo] = useState(0);
  const [isSending, setIsSending] = useState(false);
  const price = gift.coin * count;
  const isShort = price > balance;
  const give = async () => {
    if (now.room === undefined) {
      setTold(t("chat.joining"));
      return;
    }
    setIsSending(true);
    // The same wish sent again by the network counts once.
    const answer = await now.room.give(gift.id, count, crypto.getRandomValues(new Uint32Array(4)).join("-"));
    setIsSending(false);
    if ("code" in answer) {
      setTold(codeText(answer.code, answer.message));
      return;
    }
    setTold(undefined);
    setCombo(answer.combo);
    cache.setQueryData(walletQuery.queryKey, (before) => (before === undefined ? before : { ...before, coin: answer.balance }));
  };
  return (
    <Dialog title={t("gift.give", { gift: gift.name })} onClose={onClose}>
      <div className={styles.giving}>
        <GiftPicture gift={gift} />
        <SelectField label={t("gift.count")} value={count} onChange={(event) => setCount(Number(event.target.value))}>
          {COUNTS.map((each) => (
            <option key={each} value={each}>
              ×{each}
            </option>
          ))}
        </SelectField>
      </div>
      <p className="hint">
        {t("gift.price", { coins: number(price) })} · {t("wallet.balance", { coins: number(balance) })}
      </p>
      <p role="alert" className={styles.told} hidden={told === undefined && !isShort}>
        {isShort ? t("error.not_enough_coins") : told}
      </p>
      <Actions>
        {isShort ? (
          <Link to="/me/wallet" className="button button-main">
            {t("wallet.topUp")}
          </Link>
        ) : (
          <Button kind="main" icon="gift" busy={isSending} onClick={() => void give()}>
            {combo > 0 ? t("gift.again", { combo }) : t("gift.send")}
          </Button>
        )}
      </Actions>
    </Dialog>
  );
}

function GiftPicture({ gift }: { gift: Gift }) {
  const picture = ownPicture(gift.image);
  return picture === undefined ? <Icon name="gift" /> : <img src={picture} alt="" width="32" height="32" loading="lazy" />;
}
