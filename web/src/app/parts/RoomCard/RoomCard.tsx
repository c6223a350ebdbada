/** A room in a list: picture, state, how many watch, title and host. */

import { compact } from "../../../i18n/app";
import type { RoomView } from "../../api/schema";
import { Link } from "../../routing";
import { cardStyles, Cover, Grid, Words } from "../Card/Card";
import { Icon } from "../Icon/Icon";
import { Status } from "../Status/Status";
import styles from "./RoomCard.module.css";

export function RoomCard({ room, level = 3 }: { room: RoomView; level?: 2 | 3 }) {
  const host = room.host?.name ?? "";
  return (
    <Link to="/live/$id" params={{ id: String(room.id) }} className={cardStyles.card}>
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
      <Words title={room.title} level={level} who={{ name: host, avatar: room.host?.avatar ?? "" }} facts={[host, room.category, ...room.labels]} />
    </Link>
  );
}

export function RoomGrid({ rooms, level = 3 }: { rooms: readonly RoomView[]; level?: 2 | 3 }) {
  return (
    <Grid items={rooms} keyOf={({ id }) => id}>
      {(room) => <RoomCard room={room} level={level} />}
    </Grid>
  );
}
