/** Stored videos: the questions of the pages. */

import { queryOptions } from "@tanstack/react-query";
import { takeEarly } from "../early";
import { call } from "./client";
import { pagesQuery, type Pages } from "./queries";
import type { Change, Day, Detail, Operations, OwnerStorage, Storage, VideoView } from "./schema";

export type { Aired, Caption, Chapter, JobView, Played, Shot, UploadView, VideoChange, VideoComment, VideoId, VideoView, Watched, WebhookWish, Worker } from "./schema";
export type VideoDetail = Detail;
export type VideoFilter = NonNullable<Operations["GET /api/v1/videos"]["query"]>;
export type AnalyticsDay = Day;
export type StorageOf = OwnerStorage;
export type OwnStorage = Storage;
export type RoomChange = Change;

export function videoQuery(id: string) {
  return queryOptions({
    queryKey: ["video", id],
    queryFn: () => takeEarly<VideoDetail>(`video ${id}`) ?? call("GET /api/v1/videos/{id}", { path: { id } }),
  });
}

export function videosQuery(filter: VideoFilter, limit = 24): Pages<VideoView> {
  return pagesQuery(["videos", filter, limit], (cursor) => call("GET /api/v1/videos", { query: { ...filter, limit, cursor } }));
}

export const continueQuery = queryOptions({
  queryKey: ["continue"],
  queryFn: () => call("GET /api/v1/me/videos/continue", { query: { limit: 6 } }),
});
