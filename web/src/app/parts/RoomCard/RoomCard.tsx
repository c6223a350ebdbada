/** A room in a list: picture, state, how many watch, title and host. */

import { Link } from "../../routing";
import type { CSSProperties, ReactNode } from "react";
import { compact } from "../../../i18n/app";
import type { RoomView } from "../../api/schema";
import { hue, initial, ownPicture } from "../../looks";
import { Avatar } from "../Avatar/Avatar";
import { Icon } from "../Icon/Icon";
import { Status } from "../Status/Status";
import styles from "./RoomCard.module.css";

export function RoomCard({ room, level = 3 }: { room: RoomView; level?: 2 | 3 }) {
  const Title = level === 2 ? "h2" : "h3";
  const host = room.host?.name ?? "";
  return (
    <Link to="/live/$id" params={{ id: String(room.id) }} className={styles.card}>
      <Cover title={room.title} picture={room.cover}>
        <span className={styles.mark}>
          <Status status={room.status} />
        </span>
        {room.status === "live" && (
          <span className={styles.count}>
            <Icon name="eye" />
            {compact(room.viewer_count)}
          </span>
        )}
      </Cover>
      <div className={styles.text}>
        <Avatar user={{ name: host, avatar: room.host?.avatar }} />
        <div>
          <Title className={styles.title}>{room.title}</Title>
          <p className={styles.who}>{[host, room.category, ...room.labels].filter((word) => word !== "").join(" · ")}</p>
        </div>
      </div>
    </Link>
  );
}

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

export function RoomGrid({ rooms, level = 3 }: { rooms: readonly RoomView[]; level?: 2 | 3 }) {
  return (
    <ul className={styles.grid}>
      {rooms.map((room) => (
        <li key={room.id}>
          <RoomCard room={room} level={level} />
        </li>
      ))}
    </ul>
  );
}
