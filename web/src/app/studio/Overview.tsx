/** `/studio`: how the room stands, and what is missing before going live. */

import { useQuery } from "@tanstack/react-query";
import { compact, number, t } from "../../i18n/app";
import { call } from "../api/client";
import type { PublicUser, RoomView } from "../api/schema";
import { followQuery, walletQuery } from "../api/queries";
import { ButtonLink } from "../parts/Button/Button";
import { Icon } from "../parts/Icon/Icon";
import { Box } from "../parts/Page/Page";
import { Cover } from "../parts/Card/Card";
import { Status } from "../parts/Status/Status";
import { WithRoom } from ".";
import styles from "./Studio.module.css";

export function Overview() {
  return <WithRoom>{(room, me) => <Today room={room} me={me} />}</WithRoom>;
}

function Today({ room, me }: { room: RoomView; me: PublicUser }) {
  const { data: key } = useQuery({ queryKey: ["stream-key"], queryFn: () => call("GET /api/v1/me/stream-key") });
  const { data: counts } = useQuery(followQuery(me.id));
  const { data: wallet } = useQuery(walletQuery);
  const hasKey = key?.made_at !== null && key?.made_at !== undefined;
  const list = [
    { done: room.title !== "", text: t("check.title"), to: "/studio/room" as const },
    { done: room.category !== "", text: t("check.category"), to: "/studio/room" as const },
    { done: hasKey, text: t("check.key"), to: "/studio/live" as const },
  ];
  return (
    <div className={styles.overview}>
      <Box>
        <Cover title={room.title} picture={room.cover}>
          <span className={styles.coverMark}>
            <Status status={room.status} />
          </span>
        </Cover>
        <h2>{room.title}</h2>
        <ButtonLink to="/studio/live" kind="main" icon="camera">
          {room.status === "live" ? t("studio.toDashboard") : t("nav.goLive")}
        </ButtonLink>
        <ButtonLink to="/live/$id" params={{ id: room.privacy === "public" ? String(room.id) : room.name }} icon="eye">
          {t("studio.asViewer")}
        </ButtonLink>
      </Box>
      <div className={styles.column}>
        <Box>
          <h2>{t("check.heading")}</h2>
          <ul className={styles.checks}>
            {list.map(({ done, text, to }) => (
              <li key={text} data-done={done}>
                <Icon name={done ? "check" : "alert"} />
                <span>{text}</span>
                {!done && <ButtonLink to={to}>{t("check.do")}</ButtonLink>}
              </li>
            ))}
          </ul>
        </Box>
        <Box>
          <h2>{t("studio.numbers")}</h2>
          <dl className={styles.numbers}>
            <Figure label={t("studio.followers")} value={compact(counts?.followers ?? 0)} />
            <Figure label={t("studio.visitors")} value={compact(room.look_count)} />
            <Figure label={t("studio.roomCoins")} value={number(room.coin)} />
            <Figure label={t("wallet.earned")} value={number(wallet?.earned ?? 0)} />
          </dl>
        </Box>
      </div>
    </div>
  );
}

export function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}
