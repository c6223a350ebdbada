/** Beside the player: talk, who is here, who gave most. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "../routing";
import { useState } from "react";
import { count, number, t } from "../../i18n/app";
import { call } from "../api/client";
import type { PublicUser, RoomView } from "../api/schema";
import { Avatar } from "../parts/Avatar/Avatar";
import { Notice } from "../parts/Notice/Notice";
import { TabBar } from "../parts/Tabs/Tabs";
import { Chat } from "./Chat";
import type { DanmakuLook } from "./danmaku";
import { GiftBar } from "./GiftBar";
import styles from "./Room.module.css";
import type { RoomNow } from "./use-room";

type Tab = "chat" | "people" | "leaders";

export interface SideProps {
  room: RoomView;
  me: PublicUser | null | undefined;
  now: RoomNow;
  look: DanmakuLook;
  onLook: (look: DanmakuLook) => void;
}

export function Side(props: SideProps) {
  const [tab, setTab] = useState<Tab>("chat");
  const { room, me, now } = props;
  return (
    <aside className={styles.side} aria-label={t("chat.title")}>
      <TabBar
        id="side"
        label={t("chat.title")}
        current={tab}
        onSelect={setTab}
        tabs={[
          { name: "chat", label: t("chat.tab") },
          { name: "people", label: now.count === undefined ? t("people.tab") : t("people.tabCount", { count: number(now.count) }) },
          { name: "leaders", label: t("leaders.tab") },
        ]}
      />
      <div id="side-panel" role="tabpanel" aria-labelledby={`side-${tab}`} className={styles.panel}>
        {tab === "chat" && <Chat {...props} />}
        {tab === "people" && <People now={now} me={me} />}
        {tab === "leaders" && <Leaders room={room} />}
      </div>
      {(room.status === "live" || room.status === "paused") && <GiftBar room={room} me={me} now={now} />}
    </aside>
  );
}

function People({ now, me }: { now: RoomNow; me: PublicUser | null | undefined }) {
  if (me === null) return <Notice bare icon="users" title={t("people.signIn.title")} text={t("people.signIn.text")} />;
  if (now.people.length === 0) return <Notice bare icon="users" title={t("people.empty")} />;
  return (
    <div className={styles.list}>
      {now.people.map((user) => (
        <Link key={user.id} to="/@$username" params={{ username: user.username }} className={styles.person}>
          <Avatar user={user} size={30} />
          <span>{user.name}</span>
        </Link>
      ))}
    </div>
  );
}

function Leaders({ room }: { room: RoomView }) {
  const { data } = useQuery({
    queryKey: ["leaders", room.id],
    queryFn: () => call("GET /api/v1/rooms/{id}/leaders", { path: { id: room.id } }),
  });
  if (data === undefined) return null;
  if (data.length === 0) return <Notice bare icon="gift" title={t("leaders.empty.title")} text={t("leaders.empty.text")} />;
  return (
    <ol className={styles.list}>
      {data.map((leader, at) => (
        <li key={leader.user_id}>
          <Link to="/@$username" params={{ username: leader.username }} className={styles.person}>
            <b className={styles.place}>{at + 1}</b>
            <Avatar user={{ name: leader.nickname === "" ? leader.username : leader.nickname, avatar: leader.avatar }} size={30} />
            <span>{leader.nickname === "" ? leader.username : leader.nickname}</span>
            <span className={styles.coins}>{count("coins", leader.coin)}</span>
          </Link>
        </li>
      ))}
    </ol>
  );
}
