/**
 * What the server says of videos and the work on them, written by hand where one name in its document stands for
 * several things (`Change`, `Storage`, `Wish`): here each has its own. These come before the document's.
 */

import type { NewTarget, Page, PublicUser, RoomView, Target } from "./schema";

export interface VideoView {
  id: string;
  name?: string | null;
  origin: string;
  room_id?: number | null;
  title: string;
  description: string;
  category: string;
  labels: string[];
  privacy: string;
  state: string;
  failure: string;
  duration_ms: number;
  width: number;
  height: number;
  bytes: number;
  cover: string;
  has_storyboard: boolean;
  view_count: number;
  like_count: number;
  comment_count: number;
  starts_at?: number | null;
  created_at: number;
  published_at?: number | null;
  public_at?: number | null;
  taken_down_at?: number | null;
  taken_down_reason?: string | null;
  user?: PublicUser | null;
  stream: string;
  play_sign?: string | null;
  viewer: string;
}

export interface Chapter {
  start_ms: number;
  title: string;
}

export interface Caption {
  language: string;
  bytes: number;
  updated_at: number;
}

/** Work on a video, as its owner sees it. */
export interface JobView {
  id: number;
  video_id: string;
  kind: string;
  profile: string;
  state: string;
  attempts: number;
  progress_milli: number;
  eta_ms?: number | null;
  place?: number | null;
  waits_for: string;
  failure: string;
  created_at: number;
  started_at?: number | null;
  finished_at?: number | null;
}

export interface Worker {
  name: string;
  version: string;
  at_once: number;
  problem: string;
  seen_at: number;
}

export interface StorageOf {
  user_id: number;
  username: string;
  videos: number;
  bytes: number;
}

/** What happened on a day. */
export interface AnalyticsDay {
  starts_at: number;
  views: number;
  watched_ms: number;
  followers: number;
  coin: number;
  broadcasts: number;
  live_ms: number;
}

export interface Aired {
  id: number;
  room_id: number;
  title: string;
  started_at: number;
  ended_at?: number | null;
  viewers_peak: number;
  viewers_total: number;
  coin: number;
}

export interface Played {
  id: string;
  title: string;
  cover: string;
  views: number;
  watched_ms: number;
}

/** What a room says of its recordings; nothing where the server makes none. */
export interface Recorded {
  is_recorded?: boolean;
  keep_days?: number | null;
  clips?: string | undefined;
}

export interface VideoId {
  id: string;
  starts_at?: number | null;
}

export type VideoDetail = VideoView & {
  chapters: Chapter[];
  captions: Caption[];
  has_danmaku: boolean;
  is_liked: boolean;
  position_ms?: number | null;
  may_edit: boolean;
  may_moderate: boolean;
  thumbs: string[];
};

export interface VideoChange {
  title?: string;
  description?: string;
  category?: string;
  labels?: string[];
  privacy?: string;
  password?: string | null;
  chapters?: Chapter[];
  cover?: string;
}

export interface VideoComment {
  id: number;
  parent_id?: number | null;
  user?: PublicUser | null;
  content: string;
  reply_count: number;
  created_at: number;
  is_deleted: boolean;
}

export interface Shot {
  id: number;
  at_ms: number;
  user_id: number;
  content: string;
  colour: string;
  mode: string;
}

export interface Watched {
  video: VideoView;
  position_ms: number;
  is_finished: boolean;
  last_at: number;
}

export interface OwnStorage {
  videos_bytes: number;
  under_way_bytes: number;
  quota_bytes: number;
  left_bytes: number;
  under_way: number;
  under_way_max: number;
  upload_bytes_max: number;
  chunk_bytes_max: number;
  /** Nothing: imports are off. */
  import_hosts: string[];
}

export interface UploadView {
  id: string;
  video_id: string;
  title: string;
  filename: string;
  bytes?: number | null;
  received_bytes: number;
  is_import: boolean;
  created_at: number;
  expires_at: number;
}

type Query = { cursor?: number; limit?: number };
type Signed = { sign?: string };
interface Op<P, Q, B, A> {
  path: P;
  query: Q;
  body: B;
  answer: A;
}
type Id = { id: string };

/** What changes of a room; what is left out stays. */
export interface RoomChange extends Recorded {
  title?: string | undefined;
  category?: string | undefined;
  cover?: string | undefined;
  labels?: string[];
  privacy?: string | undefined;
  password?: string | null;
  scheduled_at?: number | null | undefined;
}

/** A webhook to be. */
export interface WebhookWish {
  url: string;
  /** Nothing: all. */
  events: string[];
}

/** The calls, as `Operations` has those of the document. */
export interface VideoOperations {
  "PATCH /api/v1/rooms/{id}": Op<{ id: number }, undefined, RoomChange, RoomView>;
  "POST /api/v1/admin/webhooks": Op<undefined, undefined, WebhookWish, NewTarget>;
  "PATCH /api/v1/admin/webhooks/{id}": Op<{ id: number }, undefined, Partial<WebhookWish> & { is_active?: boolean }, Target>;
  "GET /api/v1/videos": Op<undefined, VideoFilter & Query, undefined, Page<VideoView>>;
  "GET /api/v1/videos/{id}": Op<Id, undefined, undefined, VideoDetail>;
  "PATCH /api/v1/videos/{id}": Op<Id, undefined, VideoChange, VideoDetail>;
  "DELETE /api/v1/videos/{id}": Op<Id, undefined, undefined, undefined>;
  "POST /api/v1/videos/{id}/enter": Op<Id, undefined, { password: string }, VideoDetail>;
  "GET /api/v1/videos/{id}/comments": Op<Id, { order?: "newest" | "oldest" } & Signed & Query, undefined, Page<VideoComment>>;
  "GET /api/v1/videos/{id}/comments/{comment_id}/replies": Op<Id & { comment_id: number }, Signed & Query, undefined, Page<VideoComment>>;
  "POST /api/v1/videos/{id}/comments": Op<Id, undefined, { content: string; parent_id?: number }, VideoComment>;
  "DELETE /api/v1/videos/{id}/comments/{comment_id}": Op<Id & { comment_id: number }, undefined, undefined, undefined>;
  "PUT /api/v1/videos/{id}/like": Op<Id, undefined, undefined, { like_count: number; is_liked: boolean }>;
  "DELETE /api/v1/videos/{id}/like": Op<Id, undefined, undefined, { like_count: number; is_liked: boolean }>;
  "POST /api/v1/videos/{id}/progress": Op<Id, Signed, { position_ms: number; played_ms: number; viewer?: string }, undefined>;
  "GET /api/v1/videos/{id}/danmaku": Op<Id, { from_ms: number; to_ms: number } & Signed, undefined, { items: Shot[]; next_ms?: number | null }>;
  "DELETE /api/v1/videos/{id}/captions/{language}": Op<Id & { language: string }, undefined, undefined, undefined>;
  "GET /api/v1/me/videos/history": Op<undefined, Query, undefined, Page<Watched>>;
  "GET /api/v1/me/videos/continue": Op<undefined, Query, undefined, Page<Watched>>;
  "DELETE /api/v1/me/videos/history": Op<undefined, undefined, undefined, undefined>;
  "DELETE /api/v1/me/videos/history/{id}": Op<Id, undefined, undefined, undefined>;
  "GET /api/v1/me/analytics": Op<undefined, { days?: number; utc_offset_minutes?: number }, undefined, { days: AnalyticsDay[]; broadcasts: Aired[]; videos: Played[] }>;
  "GET /api/v1/rooms/{id}/recording": Op<{ id: number }, undefined, undefined, VideoId>;
  "POST /api/v1/rooms/{id}/clips": Op<{ id: number }, undefined, { last_seconds?: number; start_ms?: number; end_ms?: number; title?: string }, VideoId>;
  "POST /api/v1/videos/{id}/clips": Op<Id, undefined, { start_ms: number; end_ms: number; title?: string }, VideoId>;
  "GET /api/v1/videos/{id}/jobs": Op<Id, undefined, undefined, JobView[]>;
  "DELETE /api/v1/videos/{id}/jobs/{job_id}": Op<Id & { job_id: number }, undefined, undefined, undefined>;
  "GET /api/v1/admin/jobs": Op<undefined, { state?: string } & Query, undefined, Page<JobView> & { workers: Worker[]; waiting: number }>;
  "DELETE /api/v1/admin/jobs/{id}": Op<{ id: number }, undefined, undefined, undefined>;
  "POST /api/v1/admin/jobs/{id}/retry": Op<{ id: number }, undefined, undefined, undefined>;
  "GET /api/v1/admin/videos": Op<undefined, VideoFilter & { state?: string; privacy?: string; taken_down?: boolean } & Query, undefined, Page<VideoView>>;
  "POST /api/v1/admin/videos/{id}/take-down": Op<Id, undefined, { reason: string }, undefined>;
  "DELETE /api/v1/admin/videos/{id}/take-down": Op<Id, undefined, undefined, undefined>;
  "GET /api/v1/admin/storage": Op<undefined, Query, undefined, Page<StorageOf>>;
  "GET /api/v1/me/storage": Op<undefined, undefined, undefined, OwnStorage>;
  "GET /api/v1/uploads": Op<undefined, Query, undefined, Page<UploadView>>;
  "POST /api/v1/videos/import": Op<undefined, undefined, { url: string; title?: string; privacy?: string }, { video_id: string }>;
}

export interface VideoFilter {
  q?: string;
  user_id?: number;
  room_id?: number;
  category?: string;
  label?: string;
  origin?: string;
  following?: boolean;
  mine?: boolean;
  sort?: "newest" | "views" | "likes";
}
