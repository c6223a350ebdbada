/** `/studio/broadcasts`: the shows of the room, and how they went. */

import { compact, dateTime, number, t } from "../../i18n/app";
import { call } from "../api/client";
import { pagesQuery } from "../api/queries";
import type { Broadcast } from "../api/schema";
import { More } from "../parts/More/More";
import { Notice } from "../parts/Notice/Notice";
import { Table } from "../parts/Table/Table";
import { WithRoom } from ".";

export function BroadcastList() {
  return (
    <WithRoom>
      {(room) => (
        <More
          query={pagesQuery<Broadcast>(["broadcasts", room.id], (cursor) =>
            call("GET /api/v1/rooms/{id}/broadcasts", { path: { id: room.id }, query: { cursor, limit: 30 } }),
          )}
          empty={<Notice icon="signal" title={t("broadcasts.empty.title")} text={t("broadcasts.empty.text")} />}
        >
          {(items) => (
            <Table
              caption={t("studio.broadcasts")}
              heads={[t("broadcasts.began"), t("broadcasts.length"), t("broadcasts.viewers"), t("broadcasts.peak"), t("broadcasts.coins")]}
              rows={items.map((item) => ({
                key: item.id,
                cells: [dateTime(item.started_at), lengthText(item), compact(item.viewers_total), compact(item.viewers_peak), number(item.coin)],
              }))}
            />
          )}
        </More>
      )}
    </WithRoom>
  );
}

function lengthText({ started_at, ended_at }: Broadcast): string {
  if (ended_at === null || ended_at === undefined) return t("status.live");
  const minutes = Math.round((ended_at - started_at) / 60_000);
  return t("minutes", { minutes });
}
