/** Written by scripts/api-types.mjs from the server's OpenAPI document; do not edit. */

export interface Page<T> {
  items: T[];
  /** Pass as `cursor` for the next page; nothing on the last. */
  next?: number | null;
}

/** What is to be changed; what is not named stays. */
export type AccountChange = {
  /** Makes it an admin's, or no longer. */
  is_admin?: boolean | null;
  /** Closes or opens the account. */
  is_disabled?: boolean | null;
};

/** An account as admins see it. */
export type AccountView = {
  /** Unix ms. */
  created_at: number;
  /** Its number. */
  id: number;
  /** Whether the account is closed. */
  is_disabled: boolean;
  /** The name that is shown; empty: the user name. */
  nickname: string;
  /** `user` or `admin`. */
  role: string;
  /** The name it signs in with. */
  username: string;
};

/** What happens to a room. */
export type Act = "play" | "pause" | "stop";

/** An on-air period in one of a host's rooms. */
export type Aired = {
  /** Coins of its gifts. */
  coin: number;
  /** Unix ms; nothing while it is on. */
  ended_at?: number | null;
  /** Its number. */
  id: number;
  /** The room. */
  room_id: number;
  /** Unix ms. */
  started_at: number;
  /** The room's title now. */
  title: string;
  /** Most viewers at once. */
  viewers_peak: number;
  /** People who were signed in and came to the room. */
  viewers_total: number;
};

/** Figures of a host. */
export type Analytics = {
  /** The last broadcasts that began on these days, the newest first. */
  broadcasts: Aired[];
  /** All days, from the first to today. */
  days: Day[];
  /** The videos that were watched longest on these days. Their days are those of UTC. */
  videos: Played[];
};

/** A ban or timeout. */
export type Ban = {
  /** The broadcast it holds for. */
  broadcast_id?: number | null;
  /** The moderator. */
  by_user_id: number;
  /** Unix ms. */
  created_at: number;
  /** Its number. */
  id: number;
  /** `timeout` or `ban`. */
  kind: string;
  /** When it was taken back, unix ms. */
  lifted_at?: number | null;
  /** Why. */
  reason: string;
  /** When it ends, unix ms. */
  until_at?: number | null;
  /** Whom it hits. */
  user_id: number;
};

/** All whom one blocks. */
export type Blocked = {
  items: PublicUser[];
};

/** One on-air period. */
export type Broadcast = {
  /** Coins of its gifts. */
  coin: number;
  /** Unix ms; nothing while it is on. */
  ended_at?: number | null;
  /** Its number. */
  id: number;
  /** Unix ms. */
  started_at: number;
  /** Most viewers at once. */
  viewers_peak: number;
  /** People who were signed in and came to the room. */
  viewers_total: number;
};

/** Captions in one language. */
export type Caption = {
  /** Bytes. */
  bytes: number;
  /** BCP 47: `en`, `zh-Hant-TW`. */
  language: string;
  /** Unix ms. */
  updated_at: number;
};

/** What changes; what is left out stays. */
export type Change = {
  /** Up to 32 characters. */
  category?: string | null;
  /** Who may cut clips out of its broadcasts and recordings: `all` who are signed in, the `host`, or `off`. */
  clips?: string | null;
  /** One of our pictures (`/media/images/…`), a web address, which is fetched and becomes one, or empty. */
  cover?: string | null;
  /** Whether its broadcasts are recorded, from the next one on. */
  is_recorded?: boolean | null;
  /** Days its recordings are kept; null: as long as the site keeps them. */
  keep_days?: number | null;
  /** The labels. */
  labels?: string[] | null;
  /** Of a private room; null takes it away. */
  password?: string | null;
  /** `public`, `unlisted` or `private`. */
  privacy?: string | null;
  /** When it is planned to begin, unix ms; null takes it away. */
  scheduled_at?: number | null;
  /** The title. */
  title?: string | null;
};

/** Where a part of a video begins. */
export type Chapter = {
  /** Ms. */
  start_ms: number;
  /** 1-100 characters. */
  title: string;
};

/** The kinds of news, and whether one is told. */
export type Choices = {
  /** Somebody one follows published a video. */
  video_published: boolean;
  /** Somebody one follows went live. */
  went_live: boolean;
};

/** What is to change; what is left out stays. */
export type ChoicesChange = {
  video_published?: boolean | null;
  went_live?: boolean | null;
};

/** How a report is closed. */
export type Closing = {
  /** `resolved` or `dismissed`. */
  status: string;
};

/** A one-time password, or a recovery code. */
export type Code = {
  /** As the authenticator shows it. */
  code: string;
};

/** Codes, which are shown this once. */
export type Codes = {
  /** The codes. */
  codes: string[];
};

/** Something that was said. */
export type Comment = {
  /** `#rrggbb`. */
  colour: string;
  /** Plain text. */
  content: string;
  /** Unix ms. */
  created_at: number;
  /** Its number. */
  id: number;
  /** Whether a moderator or its author took it away. */
  is_deleted: boolean;
  /** The room. */
  live_id: number;
  /** `scroll`, `top` or `bottom`. */
  mode: string;
  /** Position on the stream's timeline, ms. */
  stream_ms?: number | null;
  /** Who said it. */
  user: PublicUser;
};

/** How many follow a user, and how many it follows. */
export type Counts = {
  /** Who follow the user. */
  followers: number;
  /** Whom the user follows. */
  following: number;
  /** Whether the caller follows the user. */
  is_followed: boolean;
  /** Whether the caller is told what the user does: went live, published a video. */
  is_told: boolean;
};

/** Who wants in. */
export type Credentials = {
  /** The password. */
  password: string;
  /** The code of the second factor, when it is on. */
  totp?: string | null;
  /** The name. */
  username: string;
};

/** Whether a payment was new. */
export type Credited = {
  /** False: it was credited before. */
  is_new: boolean;
};

/** What was said in a part of a video. */
export type Danmaku = {
  /** In the order it was said. */
  items: Shot[];
  /** `from_ms` of the rest, when there is more than one answer holds. */
  next_ms?: number | null;
};

/** What happened on a day. */
export type Day = {
  /** Broadcasts that began. */
  broadcasts: number;
  /** Coins of gifts. */
  coin: number;
  /** Who followed and still does. */
  followers: number;
  /** How long they were, ms; of one that is on, up to now. */
  live_ms: number;
  /** When it began, unix ms. */
  starts_at: number;
  /** Views of videos, as docs/videos.md defines them. */
  views: number;
  /** Videos played, ms. */
  watched_ms: number;
};

/** An event on its way to a webhook. */
export type Delivery = {
  /** Times it was sent. */
  attempts: number;
  /** When it happened, unix ms. */
  created_at: number;
  /** When it was delivered or given up, unix ms. */
  done_at?: number | null;
  /** When it is sent next, unix ms; of one that is done: when its last attempt had to be over. */
  due_at: number;
  /** Why the last attempt failed; empty when it did not. */
  error: string;
  /** The event: `id` in what is posted. */
  event: string;
  /** Its number, `X-Weir-Delivery`. */
  id: number;
  /** `went_live`, `ended`, `follow`, `gift` or `ping`. */
  kind: string;
  /** `waiting`, `delivered` or `failed` (given up). */
  state: string;
  /** Status of the last answer; nothing when none came. */
  status?: number | null;
};

/** A video with what its page needs. */
export type Detail = VideoView & {
  /** Its captions: each is at `/api/v1/videos/{id}/captions/{language}`. Only for those who may watch. */
  captions: Caption[];
  /** Where its parts begin; also as `/api/v1/videos/{id}/chapters.vtt`. Only for those who may watch. */
  chapters: Chapter[];
  /** What of it can be had as an MP4 file (`download.mp4`). Only for those who may watch. */
  downloads: Download[];
  /** Whether its room's chat comes with it (`/api/v1/videos/{id}/danmaku`). */
  has_danmaku: boolean;
  /** Whether the caller put it aside for later. */
  is_for_later: boolean;
  /** Whether the caller likes it. */
  is_liked: boolean;
  /** Whether the caller may change it. */
  may_edit: boolean;
  /** Whether the caller may take away what others say under it. */
  may_moderate: boolean;
  /** Where the caller stopped, ms; nothing when it was watched to its end, or never. */
  position_ms?: number | null;
  /** Addresses of the pictures that can be its cover (`cover` of a change: `thumb-0` and so on); for whom may change it. */
  thumbs: string[];
};

/** A line of the log. */
export type Done = {
  /** ban, lift, delete, restore, rules, pin, moderator_add or moderator_remove. */
  action: string;
  /** Unix ms. */
  created_at: number;
  /** Its number. */
  id: number;
  /** Number of the ban, message or user. */
  target_id: number;
  /** When it was undone, unix ms. */
  undone_at?: number | null;
  /** Who did it. */
  user_id: number;
};

/** An MP4 file. */
export type Download = {
  /** Its address, without `sign`. */
  address: string;
  /** Bytes; of a recording that is being made, those there were lately. */
  bytes: number;
  /** Ms. */
  duration_ms: number;
  /** `source`, `720p`…; of a recording `log`. */
  file: string;
  /** Pixels. */
  height: number;
  /** Of a recording whose encoder changed its tracks: which of its parts, from 1 on. A file has only one of them. */
  part?: number | null;
  /** Position in the video at which it begins, ms. */
  start_ms: number;
  /** Pixels. */
  width: number;
};

/** How coins came or went. */
export type Entry = {
  /** `user` (to spend) or `earned`. */
  account: string;
  /** Coins; negative: spent. */
  amount: number;
  /** Unix ms. */
  created_at: number;
  /** Its number. */
  id: number;
  /** `gift`, `grant`, `code` or `payment`. */
  kind: string;
  /** What it was for. */
  reference: string;
};

/** A refusal or a failure. */
export type ErrorAnswer = {
  /** What was wrong. */
  error: ErrorBody;
};

/** What was wrong. */
export type ErrorBody = {
  /** Stable; what a client translates. */
  code: string;
  /** For people, in English. */
  message: string;
};

/** What is to be changed of how one follows. */
export type FollowChange = {
  /** Whether one is told when the user goes live or publishes a video. */
  is_told: boolean;
};

/** A gift of the catalogue. */
export type Gift = {
  /** Coins it costs. */
  coin: number;
  /** Its number. */
  id: number;
  /** Address of its picture. */
  image: string;
  /** Whether it can be given now. */
  is_active: boolean;
  /** The name. */
  name: string;
};

/** A gift as an admin describes it. */
export type GiftInput = {
  /** Coins it costs. */
  coin: number;
  /** Address of its picture. */
  image?: string;
  /** Whether it can be given now. */
  is_active?: boolean;
  /** 1 to 40 characters. */
  name: string;
};

/** What is given. */
export type GiftWish = {
  /** Number of the gift. */
  gift_id: number;
  /** How many; 1 when not said. */
  num?: number;
};

/** Coins for somebody. */
export type Grant = {
  /** Coins. */
  coin: number;
  /** Why; it stands in the ledger. */
  reason: string;
};

/** How a stream comes in. */
export type Health = {
  /** What is wrong, and what to change. */
  advice: string[];
  /** Whether there is a stream. */
  is_there: boolean;
  /** The last minutes, the oldest first. */
  samples: Sample[];
};

/** A picture. */
export type Image = {
  /** Bytes. */
  bytes: number;
  /** Unix ms. */
  created_at: number;
  /** Pixels. */
  height: number;
  /** Its number. */
  id: number;
  /** What it is for. */
  kind: string;
  /** Where it is. */
  url: string;
  /** Pixels. */
  width: number;
};

/** A file to be fetched. */
export type Import = {
  /** `public`, `unlisted` or `private`, which it is when nothing is said. */
  privacy?: string;
  /** Nothing: as the file is called. */
  title?: string;
  /** `http://` or `https://`, on one of the hosts this server imports from (`uploads.import_hosts`). */
  url: string;
};

/** A file that is being fetched. */
export type Imported = {
  /** The job that fetches it: `GET /api/v1/videos/{id}/jobs` says how far it is. */
  job_id: number;
  /** The video that it becomes. */
  video_id: string;
};

/** An invitation; its code is not kept. */
export type Invitation = {
  /** Unix ms. */
  created_at: number;
  /** The admin who made it. */
  created_by: number;
  /** Until when it is good, unix ms. */
  expires_at: number;
  /** Its number. */
  id: number;
  /** Who registered with it. */
  used_by?: number | null;
};

/** Work on a video, as its owner sees it. */
export type JobView = {
  /** How often it was begun. */
  attempts: number;
  /** Unix ms. */
  created_at: number;
  /** How long it will take still, milliseconds; nothing when that is not known. */
  eta_ms?: number | null;
  /** Why it failed, or the last attempt did, in plain words; or empty. */
  failure: string;
  /** Unix ms. */
  finished_at?: number | null;
  /** Its number. */
  id: number;
  /** `probe`, `transcode`, `thumbnails` or `clip`. */
  kind: string;
  /** Of one that waits: how many are begun before it, with itself. */
  place?: number | null;
  /** Of a `transcode`: `ladder` or `tutorial`; else empty. */
  profile: string;
  /** How far it is, 0 to 1000. */
  progress_milli: number;
  /** When it was begun last, unix ms. */
  started_at?: number | null;
  /** `waiting`, `running`, `done`, `failed` or `cancelled`. */
  state: string;
  /** The video, as addresses name it. */
  video_id: string;
  /** Of one that waits while nobody can work: why, in plain words; else empty. */
  waits_for: string;
};

/** What is to be made of a video. */
export type JobWish = {
  /** The forms to make. */
  profile: Profile;
};

/** A page of jobs, and who does them. */
export type Jobs = Page<JobView> & {
  /** How many wait, on all pages. */
  waiting: number;
  /** Who does jobs, of those heard of lately. */
  workers: Worker[];
};

/** Whether there is a key. */
export type KeyState = {
  /** When it was made, unix ms. */
  made_at?: number | null;
};

/** A stream to be ended. */
export type Kick = {
  /** Why; it stands in the log. */
  reason: string;
  /** Where it is, such as `live/mark`. */
  stream: string;
};

/** One who gave. */
export type Leader = {
  /** Address of the picture, or empty. */
  avatar: string;
  /** Coins given. */
  coin: number;
  /** The name that is shown; empty: the username. */
  nickname: string;
  /** Who. */
  user_id: number;
  /** The name in addresses. */
  username: string;
};

/** How a video is liked. */
export type Likes = {
  /** Whether the caller does. */
  is_liked: boolean;
  /** People who like it. */
  like_count: number;
};

/** What an admin did. */
export type LogEntry = {
  /** What was done. */
  action: string;
  /** How it is now, or why. */
  after: string;
  /** How it was. */
  before: string;
  /** Unix ms. */
  created_at: number;
  /** Its number. */
  id: number;
  /** To what. */
  object: string;
  /** The admin. */
  user_id: number;
};

/** A token, which is shown this once. */
export type MadeToken = {
  /** Its number. */
  id: number;
  /** To show as `Authorization: Bearer …`. */
  token: string;
};

/** Oneself. */
export type Me = PublicUser & {
  /** A few words about oneself. */
  bio: string;
  /** Since when, unix ms. */
  created_at: number;
  /** Whether one may do everything. */
  is_admin: boolean;
  /** `user` or `admin`. */
  role: string;
};

/** Who wants an account. */
export type NewAccount = {
  /** The code of an invitation, while registration is by invitation. */
  invitation?: string;
  /** The name that is shown. */
  nickname?: string;
  /** The password. */
  password: string;
  /** 3 to 32 of a-z 0-9 _ -. */
  username: string;
};

/** Whom to keep out or quiet, and how long. */
export type NewBan = {
  /** `timeout` (may watch, not write) or `ban` (may not come in). */
  kind: string;
  /** Minutes, 1 to 525600; nothing: for good, unless `this_show`. */
  minutes?: number | null;
  /** For the other moderators. */
  reason?: string;
  /** Only until the broadcast that is on ends. */
  this_show?: boolean;
  /** Whom. */
  user_id: number;
};

/** Codes to be made. */
export type NewCodes = {
  /** Coins each is worth. */
  coin: number;
  /** How many. */
  count: number;
};

/** A comment to be written. */
export type NewComment = {
  /** Plain text with line breaks; 2 000 characters at most (`videos.comment_chars_max`). */
  content: string;
  /** The comment it replies to. A reply to a reply stands beside it. */
  parent_id?: number | null;
};

/** Invitations to be made. */
export type NewInvitations = {
  /** How many. */
  count: number;
  /** For how many days they are good, 1 to 365; 14 when not said. */
  days?: number;
};

/** A stream key, which is shown this once. */
export type NewKey = {
  /** What to put into the encoder. */
  key: string;
  /** Number of the room it publishes to. */
  room_id: number;
};

/** What is reported. */
export type NewReport = {
  /** `user`, `comment`, `room`, `video` or `video_comment`. */
  kind: string;
  /** Why, 1 to 1000 characters. */
  reason: string;
  /** Its number; of a video nothing. */
  target_id?: number;
  /** What addresses name the video by, when that is what is reported. */
  video?: string;
};

/** A room to be made. */
export type NewRoom = {
  /** Up to 32 characters. */
  category?: string;
  /** One of our pictures (`/media/images/…`), a web address, which is fetched and becomes one, or empty. */
  cover?: string;
  /** The labels. */
  labels?: string[];
  /** Of a private room. */
  password?: string | null;
  /** `public`, `unlisted` or `private`; public when not said. */
  privacy?: string | null;
  /** When it is planned to begin, unix ms. */
  scheduled_at?: number | null;
  /** The title. */
  title: string;
};

/** A webhook that was just made. */
export type NewTarget = Target & {
  /** Key of its signatures. Shown this once. */
  secret: string;
};

/** A token to be made. */
export type NewToken = {
  /** For how many days it is good, 1 to 3650; nothing: until it is taken back. */
  days?: number | null;
  /** What it is for, 1 to 80 characters. */
  name: string;
  /** What it may do. */
  scopes: Scope[];
};

/** Something one was told. */
export type Notification = {
  /** Unix ms. */
  created_at: number;
  /** User name of the room's host or the video's owner. */
  host: string;
  /** Its number. */
  id: number;
  /** What happened: `went_live` or `video_published`. */
  kind: string;
  /** Unix ms; nothing: not read yet. */
  read_at?: number | null;
  /** The room it happened in; nothing for a video. */
  room_id?: number | null;
  /** The room's or video's title now. */
  title: string;
  /** What addresses name the video by; nothing for a room. */
  video?: string | null;
};

/** A page of notifications. */
export type Notifications = Page<Notification> & {
  /** Not read yet, on all pages. */
  unread: number;
};

/** What to cut out of a live stream: the last seconds, or from one wall time to another. */
export type OfRoom = {
  /** Wall time, unix ms. */
  end_ms?: number | null;
  /** So much of what was live up to now. */
  last_seconds?: number | null;
  /** Wall time, unix ms. */
  start_ms?: number | null;
  /** 1-120 characters; that of the room when left out. */
  title?: string | null;
};

/** What to cut out of a video. */
export type OfVideo = {
  /** Position, milliseconds. */
  end_ms: number;
  /** Position, milliseconds. */
  start_ms: number;
  /** 1-120 characters; that of the video when left out. */
  title?: string | null;
};

/** A session that begins. Browsers get the token as a cookie as well. */
export type Opened = {
  /** To show as `Authorization: Bearer …` or in a `token` header. */
  token: string;
  /** Who is signed in. */
  user: PublicUser;
};

/** The room somebody's videos take. */
export type OwnerStorage = {
  /** Bytes of their files. */
  bytes: number;
  /** Whose. */
  user_id: number;
  /** The name in addresses. */
  username: string;
  /** Videos. */
  videos: number;
};

/** What opens a private room. */
export type Password = {
  /** The room's password. */
  password: string;
};

/** A change of password. */
export type PasswordChange = {
  /** The new one. */
  new: string;
  /** The one in force. */
  old: string;
};

/** A payment that came in. */
export type Payment = {
  /** Coins to be credited. */
  coin: number;
  /** The provider's name of this event: the same one counts once. */
  event_id: string;
  /** Who paid. */
  user_id: number;
};

/** What to pin. */
export type Pin = {
  /** The message; nothing: none is pinned any more. */
  comment_id?: number | null;
};

/** What was put on its way. */
export type Pinged = {
  /** The event: `id` in what is posted. */
  event: string;
};

/** How a video was watched. */
export type Played = {
  /** Address of the picture, or empty. */
  cover: string;
  /** What addresses name it by. */
  id: string;
  /** The title. */
  title: string;
  /** Views. */
  views: number;
  /** Played, ms. */
  watched_ms: number;
};

/** What everybody may read of somebody. */
export type Profile = PublicUser & {
  /** A few words about oneself. */
  bio: string;
  /** Since when, unix ms. */
  created_at: number;
};

/** What is to be changed; what is not named stays. */
export type ProfileChange = {
  /** One of our pictures (`/media/images/…`), or a web address, which is fetched and becomes one. */
  avatar?: string | null;
  /** A few words about oneself, up to 1000 characters. */
  bio?: string | null;
  /** The name that is shown, up to 32 characters; empty: the user name. */
  nickname?: string | null;
};

/** How far a player is. */
export type Progress = {
  /** Played since the report before, ms; 0 at the start. */
  played_ms: number;
  /** Where playback is, ms. */
  position_ms: number;
  /** Of who is not signed in: `viewer` as the API gave it. */
  viewer?: string | null;
};

/** What everybody may see of a user. */
export type PublicUser = {
  /** Address of its picture, or empty. */
  avatar: string;
  /** Its number. */
  id: number;
  /** The name that is shown. */
  name: string;
  /** The name in addresses. */
  username: string;
};

/** A token to publish with. */
export type PublishToken = {
  /** The token. */
  sign: string;
  /** Where to publish: `rtmp://host/{stream}?sign={sign}`. */
  stream: string;
};

/** How much somebody may have. */
export type Quota = {
  /** Bytes of videos and uploads under way together; nothing: as everybody (`uploads.quota_bytes`). */
  quota_bytes?: number | null;
};

/** Recovery codes, which are shown this once. */
export type RecoveryCodes = {
  /** Each is good once, instead of a one-time password. */
  recovery_codes: string[];
};

/** Who may register. */
export type Registration = "open" | "invite" | "closed";

/** A report. */
export type Report = {
  /** Unix ms. */
  created_at: number;
  /** Its number. */
  id: number;
  /** `user`, `comment`, `room`, `video` or `video_comment`. */
  kind: string;
  /** In the reporter's words. */
  reason: string;
  /** `open`, `resolved` or `dismissed`. */
  status: string;
  /** Number of the reported one. */
  target_id: number;
  /** Who reports. */
  user_id: number;
  /** What addresses name the video by, or the video the comment is under. */
  video?: string | null;
};

/** A room as people see it. */
export type RoomView = {
  /** The category, or empty. */
  category: string;
  /** Who may cut clips: `all` who are signed in, the `host`, or `off`. */
  clips: string;
  /** Coins of all gifts. */
  coin: number;
  /** Address of the picture, or empty. */
  cover: string;
  /** Unix ms. */
  created_at: number;
  host?: PublicUser | null;
  /** Its number. */
  id: number;
  /** Whether its broadcasts are recorded. */
  is_recorded: boolean;
  /** Days its recordings are kept; nothing: as long as the site keeps them. */
  keep_days?: number | null;
  /** The labels. */
  labels: string[];
  /** People who came at least once. */
  look_count: number;
  /** The public stream name: the stream is at `live/{name}`. */
  name: string;
  /** For `?sign=` when watching; only for those who may. */
  play_sign?: string | null;
  /** `public`, `unlisted` or `private`. */
  privacy: string;
  /** When it is planned to begin, unix ms. */
  scheduled_at?: number | null;
  /** `idle`, `live`, `paused` or `ended`. */
  status: string;
  /** Where its stream is. */
  stream: string;
  /** The title. */
  title: string;
  /** For `&viewer=` when watching, so that a person counts once. */
  viewer: string;
  /** People and players that watch now, on all servers. */
  viewer_count: number;
};

/** Rules of a room's chat. */
export type Rules = {
  /** Words that are refused: 100 of 40 characters at most. */
  blocked_words: string[];
  /** Whether only followers of the host may write. */
  followers_only?: boolean;
  /** Whether messages with links are refused. */
  links_off: boolean;
  /** Seconds between two messages of one person, 0 to 3600; 0: as fast as they like. */
  slow_seconds: number;
};

/** One look at a stream. */
export type Sample = {
  /** Unix ms. */
  at_ms: number;
  /** Bits per second of sound. */
  audio_bps: number;
  /** Codec of the sound (RFC 6381), if there is any. */
  audio_codec?: string | null;
  /** Time of the newest sound minus time of the newest picture, in milliseconds. */
  av_skew_ms: number;
  /** Packets dropped since the look before. */
  dropped: number;
  /** Pictures per second since the look before. */
  frame_rate: number;
  /** Between the last two keyframes, in milliseconds. */
  keyframe_interval_ms?: number | null;
  /** Bits per second of pictures. */
  video_bps: number;
  /** Codec of the pictures (RFC 6381), if there are any. */
  video_codec?: string | null;
};

/** What a token may do. */
export type Scope = "read" | "profile" | "rooms" | "chat" | "videos" | "gifts" | "admin";

/** What to put into an authenticator. */
export type SecondFactor = {
  /** The secret, base32. */
  secret: string;
  /** The same as an address, for a QR code. */
  url: string;
};

/** A gift that was given. */
export type Sent = {
  /** What is left to spend. */
  balance: number;
  /** Coins it cost in all. */
  coin: number;
  /** How many in a row, with these. */
  combo: number;
  /** Its number. */
  id: number;
  /** How many of it. */
  num: number;
};

/** Where somebody is signed in. */
export type SessionView = {
  /** The address it was opened from. */
  address: string;
  /** Unix ms. */
  created_at: number;
  /** Its number. */
  id: number;
  /** When it was last used, unix ms, to the minute. */
  used_at: number;
  /** What the program said it is. */
  user_agent: string;
};

/** Where one is signed in. */
export type Sessions = {
  /** The one that asks. */
  current?: number | null;
  /** All, the newest first. */
  sessions: SessionView[];
};

/** What can be set. */
export type Settings = {
  /** People one user may follow, 1 to 100000. */
  following_max: number;
  /** Of one gift at once, 1 to 100000. */
  gift_num_max: number;
  /** Characters of a chat message, 1 to 2000. */
  message_chars_max: number;
  /** Who may register. */
  registration: Registration;
  /** Rooms of one user that have not ended, 1 to 1000. */
  rooms_per_user_max: number;
  /** What the site is called, 1 to 40 characters. */
  site_name: string;
};

/** The first admin. */
export type Setup = {
  /** The password. */
  password: string;
  /** What the server printed when it started. */
  token: string;
  /** 3 to 32 of a-z 0-9 _ -. */
  username: string;
};

/** A message at its moment in the video. */
export type Shot = {
  /** When it was said, ms after the video's first moment by the wall clock: where players of HLS have the time of day (`EXT-X-PROGRAM-DATE-TIME`), that less `starts_at` is the moment also behind a gap. */
  at_ms: number;
  /** `#rrggbb`. */
  colour: string;
  /** Plain text. */
  content: string;
  /** Its number, as in the room's chat. */
  id: number;
  /** `scroll`, `top` or `bottom`. */
  mode: string;
  /** Where players are then, ms: as `at_ms`, less the time for which the encoder was away or the recording paused. */
  position_ms: number;
  /** Who said it. */
  user_id: number;
};

/** What pages need to know of the site. */
export type Site = {
  /** Of one gift at once, at most. */
  gift_num_max: number;
  /** Characters of a chat message at most. */
  message_chars_max: number;
  /** What it is called. */
  name: string;
  /** Whether it waits for its first admin (`POST /api/v1/setup`). */
  needs_setup: boolean;
  /** Who may register. */
  registration: Registration;
};

/** What the host does. */
export type StatusChange = {
  /** `play`, `pause` or `stop`. */
  type: Act;
};

/** How much somebody has, may have, and may send at once. */
export type Storage = {
  /** Bytes of one request of an upload at most. Proxies on the way often take less; 8 MiB get through most. */
  chunk_bytes_max: number;
  /** Where files can be fetched from; nothing: imports are off. */
  import_hosts: string[];
  /** Bytes that are left. */
  left_bytes: number;
  /** Bytes of both together at most. */
  quota_bytes: number;
  /** Uploads under way. */
  under_way: number;
  /** Bytes that uploads under way will have. */
  under_way_bytes: number;
  /** Uploads under way at most. */
  under_way_max: number;
  /** Bytes of a file at most. */
  upload_bytes_max: number;
  /** Bytes of all videos, with their renditions. */
  videos_bytes: number;
};

/** A stream as admins see it. */
export type StreamView = {
  /** Where the publisher calls from. */
  address?: string | null;
  /** Codecs of its tracks (RFC 6381). */
  codecs: string[];
  /** Whether somebody publishes now; else it waits for its publisher. */
  is_live: boolean;
  /** What the publisher speaks. */
  protocol?: string | null;
  /** Bytes that came in. */
  received_bytes: number;
  /** Number of its room, when it is of one. */
  room_id?: number | null;
  /** Unix ms. */
  started_at: number;
  /** Where it is. */
  stream: string;
  /** Connections that watch. */
  viewer_count: number;
};

/** Why a video is taken down. */
export type TakeDown = {
  /** For its owner and the log, 1 to 1000 characters. */
  reason: string;
};

/** A webhook as admins see it. */
export type Target = {
  /** Unix ms. */
  created_at: number;
  /** What it is told: `went_live`, `ended`, `follow`, `gift`, `video_ready`, `video_published`; nothing: all. */
  events: string[];
  /** Its number. */
  id: number;
  /** Whether it is told anything now. */
  is_active: boolean;
  /** Why the server switched it off; empty when it did not. */
  off_reason: string;
  /** Where events are posted. */
  url: string;
};

/** An API token; the token itself is not kept. */
export type TokenView = {
  /** Unix ms. */
  created_at: number;
  /** When it ends, unix ms; nothing: when it is taken back. */
  expires_at?: number | null;
  /** Its number. */
  id: number;
  /** What it is for. */
  name: string;
  /** What it may do. */
  scopes: Scope[];
  /** When it was last used, unix ms, to the minute. */
  used_at?: number | null;
};

/** An upload under way. */
export type UploadView = {
  /** Bytes of the whole file; nothing while that is not known. */
  bytes?: number | null;
  /** Unix ms. */
  created_at: number;
  /** When it is given up unless more comes, unix ms. */
  expires_at: number;
  /** What the file is called, or empty. */
  filename: string;
  /** Its address is `/api/v1/uploads/{id}`. */
  id: string;
  /** Whether this server fetches it from an address. */
  is_import: boolean;
  /** Bytes that are safe here. */
  received_bytes: number;
  /** The title of the video. */
  title: string;
  /** The video that it becomes. */
  video_id: string;
};

/** What changes; what is left out stays. */
export type VideoChange = {
  /** Up to 32 characters. */
  category?: string | null;
  /** Where the parts of the video begin; 200 at most. */
  chapters?: Chapter[] | null;
  /** `thumb-0`, `thumb-1` or `thumb-2`, one of our pictures (`/media/images/…`), a web address, which is fetched and becomes one, or empty. */
  cover?: string | null;
  /** Up to 5 000 characters. */
  description?: string | null;
  /** The labels. */
  labels?: string[] | null;
  /** Who knows it may watch; null takes it away. A new one is asked of everybody again. */
  password?: string | null;
  /** `public`, `unlisted`, `private` or `password`, which needs one. */
  privacy?: string | null;
  /** 1-120 characters. */
  title?: string | null;
};

/** Something that was said under a video. */
export type VideoComment = {
  /** Plain text with line breaks; empty when it was taken away. */
  content: string;
  /** Unix ms. */
  created_at: number;
  /** Its number. */
  id: number;
  /** Whether it was taken away. It is listed as long as there are replies to it. */
  is_deleted: boolean;
  /** The comment it replies to. */
  parent_id?: number | null;
  /** Replies to it. */
  reply_count: number;
  user?: PublicUser | null;
};

/** A video that was asked for, or is being made. */
export type VideoId = {
  /** What addresses name: `GET /api/v1/videos/{id}` says how far it is. */
  id: string;
  /** Wall time of its first moment, unix ms. */
  starts_at?: number | null;
};

/** What opens a video. */
export type VideoPassword = {
  /** The video's password. */
  password: string;
};

/** A video as people see it. */
export type VideoView = {
  /** Of all its files. */
  bytes: number;
  /** The category, or empty. */
  category: string;
  /** Comments and replies. */
  comment_count: number;
  /** Address of the picture, or empty. */
  cover: string;
  /** Unix ms. */
  created_at: number;
  /** What it is about. */
  description: string;
  /** Milliseconds; 0 while that is not known. */
  duration_ms: number;
  /** Why it failed, or empty. */
  failure: string;
  /** Whether `/streams/{id}/storyboard.vtt` is there. */
  has_storyboard: boolean;
  /** Pixels. */
  height: number;
  /** What addresses name. */
  id: string;
  /** The labels. */
  labels: string[];
  /** People who like it. */
  like_count: number;
  /** Of the flat address `/streams/{name}.m3u8`. */
  name?: string | null;
  /** `upload`, `import`, `added`, `recording` or `clip`. */
  origin: string;
  /** For `?sign=` when watching; only for those who may. */
  play_sign?: string | null;
  /** `public`, `unlisted`, `private` or `password`. */
  privacy: string;
  /** When everybody could watch it first, unix ms. */
  public_at?: number | null;
  /** When it became ready first, unix ms. */
  published_at?: number | null;
  /** The room it came from. */
  room_id?: number | null;
  /** Wall time of its first moment, unix ms. */
  starts_at?: number | null;
  /** `waiting`, `probing`, `recording`, `ready` or `failed`. */
  state: string;
  /** Where players find it: `/streams/{id}/master.m3u8` and the like. */
  stream: string;
  /** When an admin took it down, unix ms. */
  taken_down_at?: number | null;
  /** Why an admin took it down. */
  taken_down_reason?: string | null;
  /** The title. */
  title: string;
  user?: PublicUser | null;
  /** Views. */
  view_count: number;
  /** For `&viewer=` when watching, so that a person counts once. */
  viewer: string;
  /** Pixels. */
  width: number;
};

/** A room one was in. */
export type Visit = {
  /** Address of its picture, or empty. */
  cover: string;
  /** User name of its host. */
  host: string;
  /** The last time, unix ms. */
  last_at: number;
  /** The room. */
  room_id: number;
  /** Its title now. */
  title: string;
};

/** What somebody has. */
export type Wallet = {
  /** Coins to spend. */
  coin: number;
  /** Coins given by others, as a host. */
  earned: number;
};

/** A video somebody watched. */
export type Watched = {
  /** Whether it was watched to its end. */
  is_finished: boolean;
  /** The last time, unix ms. */
  last_at: number;
  /** Where playback was last, ms. */
  position_ms: number;
  /** The video. */
  video: VideoView;
};

/** What is to be changed; what is not named stays. */
export type WebhookChange = {
  /** What it is told; an empty list: all. */
  events?: string[] | null;
  /** Whether it is told anything now. What waited while it was off is told when it is on again. */
  is_active?: boolean | null;
  /** Where events are posted. */
  url?: string | null;
};

/** A webhook as an admin wishes it. */
export type WebhookWish = {
  /** What it is told: `went_live`, `ended`, `follow`, `gift`, `video_ready`, `video_published`; nothing: all. */
  events?: string[];
  /** Whether it is told anything now. */
  is_active?: boolean;
  /** Where events are posted: http or https, on the public internet. */
  url: string;
};

/** A server or a worker beside it that does jobs. */
export type Worker = {
  /** Jobs it does at the same time. */
  at_once: number;
  /** Machine and process. */
  name: string;
  /** Why it cannot do any, or empty. */
  problem: string;
  /** When it was heard of last, unix ms. */
  seen_at: number;
  /** Version of Weir. */
  version: string;
};

/** Every call: method and path, what goes in, what comes out. */
export interface Operations {
  /** Registers and signs in. */
  "POST /api/v1/accounts": {
    path: undefined;
    query: undefined;
    body: NewAccount;
    answer: Opened;
  };
  /** Makes codes that can be turned into coins, each once. For admins. */
  "POST /api/v1/admin/coin-codes": {
    path: undefined;
    query: undefined;
    body: NewCodes;
    answer: Codes;
  };
  /** The whole catalogue. For admins. */
  "GET /api/v1/admin/gifts": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Gift[];
  };
  /** Adds a gift. For admins. */
  "POST /api/v1/admin/gifts": {
    path: undefined;
    query: undefined;
    body: GiftInput;
    answer: Gift;
  };
  /** Changes a gift. For admins. */
  "PUT /api/v1/admin/gifts/{id}": {
    path: { id: number };
    query: undefined;
    body: GiftInput;
    answer: Gift;
  };
  /** Invitations, the newest first. For admins. */
  "GET /api/v1/admin/invitations": {
    path: undefined;
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<Invitation>;
  };
  /** Makes invitations. For admins. */
  "POST /api/v1/admin/invitations": {
    path: undefined;
    query: undefined;
    body: NewInvitations;
    answer: Codes;
  };
  /** Takes an invitation back that nobody used yet. For admins. */
  "DELETE /api/v1/admin/invitations/{id}": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** All jobs, the newest first, and the workers. For admins. */
  "GET /api/v1/admin/jobs": {
    path: undefined;
    query: { state?: string; cursor?: number; limit?: number };
    body: undefined;
    answer: Jobs;
  };
  /** Cancels a job. For admins. */
  "DELETE /api/v1/admin/jobs/{id}": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Puts a job that failed or was cancelled into the queue again. For admins. */
  "POST /api/v1/admin/jobs/{id}/retry": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** What admins did, the newest first. */
  "GET /api/v1/admin/log": {
    path: undefined;
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<LogEntry>;
  };
  /** Reports, newest first, for admins. */
  "GET /api/v1/admin/reports": {
    path: undefined;
    query: { status?: string; cursor?: number; limit?: number };
    body: undefined;
    answer: Page<Report>;
  };
  /** Closes a report, as an admin. */
  "PATCH /api/v1/admin/reports/{report_id}": {
    path: { report_id: number };
    query: undefined;
    body: Closing;
    answer: undefined;
  };
  /** All rooms, also unlisted and private ones, the newest first. For admins. */
  "GET /api/v1/admin/rooms": {
    path: undefined;
    query: { q?: string; category?: string; live?: boolean; following?: boolean; user_id?: number; mine?: boolean; sort?: "newest" | "viewers" | "following"; cursor?: number; limit?: number };
    body: undefined;
    answer: Page<RoomView>;
  };
  /** The settings in force. For admins. */
  "GET /api/v1/admin/settings": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Settings;
  };
  /** Sets what is named; null: as in the configuration. For admins. */
  "PATCH /api/v1/admin/settings": {
    path: undefined;
    query: undefined;
    body: Record<string, unknown>;
    answer: Settings;
  };
  /** How much room the videos of people take, the most first. `cursor` is how many were given before. For admins. */
  "GET /api/v1/admin/storage": {
    path: undefined;
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<OwnerStorage>;
  };
  /** Streams on this server, by path. For admins. */
  "GET /api/v1/admin/streams": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: StreamView[];
  };
  /** Ends a live stream. */
  "POST /api/v1/admin/streams/kick": {
    path: undefined;
    query: undefined;
    body: Kick;
    answer: undefined;
  };
  /** Accounts, the newest first. */
  "GET /api/v1/admin/users": {
    path: undefined;
    query: { q?: string; cursor?: number; limit?: number };
    body: undefined;
    answer: Page<AccountView>;
  };
  /** Closes or opens an account, or makes it an admin's. A closed one is signed out and cut at once. */
  "PATCH /api/v1/admin/users/{id}": {
    path: { id: number };
    query: undefined;
    body: AccountChange;
    answer: undefined;
  };
  /** Gives a user coins. For admins. */
  "POST /api/v1/admin/users/{id}/coins": {
    path: { id: number };
    query: undefined;
    body: Grant;
    answer: undefined;
  };
  /** How much somebody has here, and may have, for admins. */
  "GET /api/v1/admin/users/{id}/storage": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: Storage;
  };
  /** Says how much somebody may have. */
  "PUT /api/v1/admin/users/{id}/storage": {
    path: { id: number };
    query: undefined;
    body: Quota;
    answer: Storage;
  };
  /** All videos, whatever their privacy and however far they are, the newest first. For admins. */
  "GET /api/v1/admin/videos": {
    path: undefined;
    query: { q?: string; user_id?: number; room_id?: number; category?: string; label?: string; origin?: string; following?: boolean; mine?: boolean; sort?: "newest" | "views" | "likes"; state?: string; privacy?: string; taken_down?: boolean; cursor?: number; limit?: number };
    body: undefined;
    answer: Page<VideoView>;
  };
  /** Takes a video down: nobody can watch it, and only its owner and admins know of it. For admins. */
  "POST /api/v1/admin/videos/{id}/take-down": {
    path: { id: string };
    query: undefined;
    body: TakeDown;
    answer: undefined;
  };
  /** Gives a video back that was taken down. For admins. */
  "DELETE /api/v1/admin/videos/{id}/take-down": {
    path: { id: string };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** All webhooks. For admins. */
  "GET /api/v1/admin/webhooks": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Target[];
  };
  /** Adds a webhook; its secret is shown this once. For admins. */
  "POST /api/v1/admin/webhooks": {
    path: undefined;
    query: undefined;
    body: WebhookWish;
    answer: NewTarget;
  };
  /** Changes a webhook, or switches it on or off. For admins. */
  "PATCH /api/v1/admin/webhooks/{id}": {
    path: { id: number };
    query: undefined;
    body: WebhookChange;
    answer: Target;
  };
  /** Takes a webhook away, with what waits for it. For admins. */
  "DELETE /api/v1/admin/webhooks/{id}": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** What a webhook was told and is to be told, the newest first. For admins. */
  "GET /api/v1/admin/webhooks/{id}/deliveries": {
    path: { id: number };
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<Delivery>;
  };
  /** Sends a webhook a `ping`; its deliveries tell what became of it. For admins. */
  "POST /api/v1/admin/webhooks/{id}/test": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: Pinged;
  };
  /** Takes a message away: one's own, or, as a moderator of the room, anybody's. */
  "DELETE /api/v1/comments/{comment_id}": {
    path: { comment_id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** What can be given, the cheapest first. */
  "GET /api/v1/gifts": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Gift[];
  };
  /** Uploads a picture: the body is a JPEG, PNG or WebP file. It is made smaller as its kind needs and encoded anew. */
  "POST /api/v1/images": {
    path: undefined;
    query: { kind: "avatar" | "cover" | "gift" };
    body: undefined;
    answer: Image;
  };
  /** Takes a picture away: one's own, or, as an admin, anybody's. Where it is used, nothing is shown. */
  "DELETE /api/v1/images/{id}": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Who is signed in. */
  "GET /api/v1/me": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Me;
  };
  /** Changes the own profile. */
  "PATCH /api/v1/me": {
    path: undefined;
    query: undefined;
    body: ProfileChange;
    answer: PublicUser;
  };
  /** Figures of the caller's broadcasts, videos and followers. */
  "GET /api/v1/me/analytics": {
    path: undefined;
    query: { days?: number; utc_offset_minutes?: number };
    body: undefined;
    answer: Analytics;
  };
  /** The caller's API tokens, the newest first. */
  "GET /api/v1/me/api-tokens": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: TokenView[];
  };
  /** Makes an API token. */
  "POST /api/v1/me/api-tokens": {
    path: undefined;
    query: undefined;
    body: NewToken;
    answer: MadeToken;
  };
  /** Takes an API token back. */
  "DELETE /api/v1/me/api-tokens/{id}": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Whom the caller blocks, the last one first; all of them, 500 at most. */
  "GET /api/v1/me/blocked": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Blocked;
  };
  /** What the caller said, newest first. */
  "GET /api/v1/me/comments": {
    path: undefined;
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<Comment>;
  };
  /** Who follow the caller, by number from the highest down. */
  "GET /api/v1/me/followers": {
    path: undefined;
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<PublicUser>;
  };
  /** Whom the caller follows, by number from the highest down. */
  "GET /api/v1/me/following": {
    path: undefined;
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<PublicUser>;
  };
  /** The rooms the caller was in, the last one first; `cursor` is a time. */
  "GET /api/v1/me/history": {
    path: undefined;
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<Visit>;
  };
  /** Takes all rooms off the list. */
  "DELETE /api/v1/me/history": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Takes one room off the list. */
  "DELETE /api/v1/me/history/{room_id}": {
    path: { room_id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Pictures the caller uploaded, the newest first. */
  "GET /api/v1/me/images": {
    path: undefined;
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<Image>;
  };
  /** What one was told, the newest first. */
  "GET /api/v1/me/notifications": {
    path: undefined;
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Notifications;
  };
  /** Which kinds of news the caller wants. */
  "GET /api/v1/me/notifications/choices": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Choices;
  };
  /** Says which kinds of news the caller wants. */
  "PATCH /api/v1/me/notifications/choices": {
    path: undefined;
    query: undefined;
    body: ChoicesChange;
    answer: Choices;
  };
  /** Marks all as read, and forgets the oldest beyond the limit. */
  "POST /api/v1/me/notifications/read": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Takes one away. */
  "DELETE /api/v1/me/notifications/{id}": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Changes the own password and ends all other sessions. */
  "PUT /api/v1/me/password": {
    path: undefined;
    query: undefined;
    body: PasswordChange;
    answer: undefined;
  };
  /** Begins a second factor; it is in force when it is confirmed. */
  "POST /api/v1/me/second-factor": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: SecondFactor;
  };
  /** Puts the second factor into force. */
  "PUT /api/v1/me/second-factor": {
    path: undefined;
    query: undefined;
    body: Code;
    answer: RecoveryCodes;
  };
  /** Takes the second factor off. */
  "DELETE /api/v1/me/second-factor": {
    path: undefined;
    query: undefined;
    body: Code;
    answer: undefined;
  };
  /** Where one is signed in. */
  "GET /api/v1/me/sessions": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Sessions;
  };
  /** Signs out everywhere else. */
  "DELETE /api/v1/me/sessions": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Signs out in one place. */
  "DELETE /api/v1/me/sessions/{id}": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** How much the caller has here, and may have and send. */
  "GET /api/v1/me/storage": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Storage;
  };
  /** When the own stream key was made; never the key. */
  "GET /api/v1/me/stream-key": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: KeyState;
  };
  /** Makes a new stream key. The one before is good for nothing, and what publishes with it is cut. */
  "POST /api/v1/me/stream-key": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: NewKey;
  };
  /** Takes the own stream key away. */
  "DELETE /api/v1/me/stream-key": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** The videos the caller began and did not watch to their end, the last one first; `cursor` is a time. */
  "GET /api/v1/me/videos/continue": {
    path: undefined;
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<Watched>;
  };
  /** The videos the caller watched, the last one first; `cursor` is a time. */
  "GET /api/v1/me/videos/history": {
    path: undefined;
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<Watched>;
  };
  /** Forgets all videos the caller watched, and where each was left. */
  "DELETE /api/v1/me/videos/history": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Forgets that the caller watched a video. */
  "DELETE /api/v1/me/videos/history/{id}": {
    path: { id: string };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** The videos the caller put aside for later, the last one first; `cursor` is a time. */
  "GET /api/v1/me/videos/later": {
    path: undefined;
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<VideoView>;
  };
  /** Puts a video aside for later. */
  "PUT /api/v1/me/videos/later/{id}": {
    path: { id: string };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Takes a video off the list, also one that may not be watched any more. */
  "DELETE /api/v1/me/videos/later/{id}": {
    path: { id: string };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** The videos the caller likes, the last one first; `cursor` is a time. */
  "GET /api/v1/me/videos/liked": {
    path: undefined;
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<VideoView>;
  };
  /** The own coins. */
  "GET /api/v1/me/wallet": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Wallet;
  };
  /** How the own coins came and went, the newest first. */
  "GET /api/v1/me/wallet/entries": {
    path: undefined;
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<Entry>;
  };
  /** Turns a code into coins. */
  "POST /api/v1/me/wallet/redeem": {
    path: undefined;
    query: undefined;
    body: Code;
    answer: Wallet;
  };
  /** What a payment provider reports, signed in `Weir-Signature`. */
  "POST /api/v1/payments/webhook": {
    path: undefined;
    query: undefined;
    body: Payment;
    answer: Credited;
  };
  /** Reports a user, a message, a room, a video or a comment to the admins. */
  "POST /api/v1/reports": {
    path: undefined;
    query: undefined;
    body: NewReport;
    answer: Report;
  };
  /** Public rooms, the newest first; or, with `mine`, all of the caller's. */
  "GET /api/v1/rooms": {
    path: undefined;
    query: { q?: string; category?: string; live?: boolean; following?: boolean; user_id?: number; mine?: boolean; sort?: "newest" | "viewers" | "following"; cursor?: number; limit?: number };
    body: undefined;
    answer: Page<RoomView>;
  };
  /** Makes a room. */
  "POST /api/v1/rooms": {
    path: undefined;
    query: undefined;
    body: NewRoom;
    answer: RoomView;
  };
  /** A room by its stream name, which is how unlisted ones are shared. */
  "GET /api/v1/rooms/by-name/{name}": {
    path: { name: string };
    query: undefined;
    body: undefined;
    answer: RoomView;
  };
  /** A room by its number. */
  "GET /api/v1/rooms/{id}": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: RoomView;
  };
  /** Changes a room. */
  "PATCH /api/v1/rooms/{id}": {
    path: { id: number };
    query: undefined;
    body: Change;
    answer: RoomView;
  };
  /** Takes a room away for good: it ends, and nobody finds it any more. For its host and admins. */
  "DELETE /api/v1/rooms/{id}": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Bans and timeouts of a room, newest first. */
  "GET /api/v1/rooms/{id}/bans": {
    path: { id: number };
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<Ban>;
  };
  /** Keeps somebody out of a room, or quiet in it. */
  "POST /api/v1/rooms/{id}/bans": {
    path: { id: number };
    query: undefined;
    body: NewBan;
    answer: Ban;
  };
  /** Takes a ban or timeout back. */
  "DELETE /api/v1/rooms/{id}/bans/{ban_id}": {
    path: { id: number; ban_id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** The on-air periods of a room, the newest first. */
  "GET /api/v1/rooms/{id}/broadcasts": {
    path: { id: number };
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<Broadcast>;
  };
  /** Cuts a clip out of what is live. For those whom the room allows it (`clips`). */
  "POST /api/v1/rooms/{id}/clips": {
    path: { id: number };
    query: undefined;
    body: OfRoom;
    answer: VideoId;
  };
  /** What was said in a room, newest first. Moderators also see what was taken away, and may search. */
  "GET /api/v1/rooms/{id}/comments": {
    path: { id: number };
    query: { q?: string; cursor?: number; limit?: number };
    body: undefined;
    answer: Page<Comment>;
  };
  /** Enters a private room with its password: whoever is right is a member from then on. */
  "POST /api/v1/rooms/{id}/enter": {
    path: { id: number };
    query: undefined;
    body: Password;
    answer: RoomView;
  };
  /** Gives a gift to the host of a room. With the header `Idempotency-Key` a retry is harmless. */
  "POST /api/v1/rooms/{id}/gifts": {
    path: { id: number };
    query: undefined;
    body: GiftWish;
    answer: Sent;
  };
  /** How the room's stream comes in, for its host. */
  "GET /api/v1/rooms/{id}/health": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: Health;
  };
  /** Who gave most in a room. */
  "GET /api/v1/rooms/{id}/leaders": {
    path: { id: number };
    query: { period?: "broadcast" | "day" | "all" };
    body: undefined;
    answer: Leader[];
  };
  /** Members of a room, by number from the highest down. For its host. */
  "GET /api/v1/rooms/{id}/members": {
    path: { id: number };
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<PublicUser>;
  };
  /** Lets somebody in without the password. For the room's host. */
  "PUT /api/v1/rooms/{id}/members/{user_id}": {
    path: { id: number; user_id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Lets somebody in no longer; who is in a private room is put out. For the room's host. */
  "DELETE /api/v1/rooms/{id}/members/{user_id}": {
    path: { id: number; user_id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** What moderators of a room did, newest first. */
  "GET /api/v1/rooms/{id}/moderation-log": {
    path: { id: number };
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<Done>;
  };
  /** Undoes what a line of the log says, once. */
  "POST /api/v1/rooms/{id}/moderation-log/{done_id}/undo": {
    path: { id: number; done_id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** The moderators of a room, for them and its host, the newest account first. */
  "GET /api/v1/rooms/{id}/moderators": {
    path: { id: number };
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<PublicUser>;
  };
  /** Names a moderator. */
  "PUT /api/v1/rooms/{id}/moderators/{user_id}": {
    path: { id: number; user_id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Takes a moderator's office back. */
  "DELETE /api/v1/rooms/{id}/moderators/{user_id}": {
    path: { id: number; user_id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Pins a message above all others. */
  "PUT /api/v1/rooms/{id}/pinned": {
    path: { id: number };
    query: undefined;
    body: Pin;
    answer: undefined;
  };
  /** A token with which an encoder may publish into the room, for its host. */
  "POST /api/v1/rooms/{id}/publish-token": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: PublishToken;
  };
  /** The recording that is being made of a room; 404 when there is none. */
  "GET /api/v1/rooms/{id}/recording": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: VideoId;
  };
  /** The rules of a room's chat, for its moderators. */
  "GET /api/v1/rooms/{id}/rules": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: Rules;
  };
  /** Sets the rules of a room's chat. */
  "PUT /api/v1/rooms/{id}/rules": {
    path: { id: number };
    query: undefined;
    body: Rules;
    answer: Rules;
  };
  /** Goes on, pauses or ends a room. */
  "POST /api/v1/rooms/{id}/status": {
    path: { id: number };
    query: undefined;
    body: StatusChange;
    answer: RoomView;
  };
  /** Signs in. */
  "POST /api/v1/session": {
    path: undefined;
    query: undefined;
    body: Credentials;
    answer: Opened;
  };
  /** Signs out. */
  "DELETE /api/v1/session": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Makes the first admin, with the token the server printed when it started, and signs in. */
  "POST /api/v1/setup": {
    path: undefined;
    query: undefined;
    body: Setup;
    answer: Opened;
  };
  /** What the site is called, and what one may do here. */
  "GET /api/v1/site": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: Site;
  };
  /** The caller's uploads under way, the newest first. */
  "GET /api/v1/uploads": {
    path: undefined;
    query: { cursor?: number; limit?: number };
    body: undefined;
    answer: Page<UploadView>;
  };
  /** Begins an upload (tus 1.0, creation), and its video: `Location` is the upload, `Weir-Video-Id` the video. `Upload-Metadata` may have `filename`, `filetype`, `title` and `privacy` (`public`, `unlisted`, `password` or `private`, which it is when nothing is said). With a body of the type `application/offset+octet-stream` the first bytes come along. */
  "POST /api/v1/uploads": {
    path: undefined;
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** For clients behind what only lets GET and POST through: `X-HTTP-Method-Override` says what is meant, `PATCH`, `DELETE` or `HEAD`. */
  "POST /api/v1/uploads/{id}": {
    path: { id: string };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Brings bytes (tus 1.0): the body goes to `Upload-Offset`, which must be where the upload is. What came of a body that breaks off is kept, unless it was to be checked (`Upload-Checksum`). */
  "PATCH /api/v1/uploads/{id}": {
    path: { id: string };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Ends an upload (tus 1.0, termination) and takes its video away. One that is complete is a video already. */
  "DELETE /api/v1/uploads/{id}": {
    path: { id: string };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Somebody's public profile. */
  "GET /api/v1/users/by-name/{username}": {
    path: { username: string };
    query: undefined;
    body: undefined;
    answer: Profile;
  };
  /** Blocks a user. Neither follows the other any more. */
  "PUT /api/v1/users/{id}/block": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Blocks a user no longer. */
  "DELETE /api/v1/users/{id}/block": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** How many follow a user, and whether the caller does. */
  "GET /api/v1/users/{id}/follow": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: Counts;
  };
  /** Follows a user. */
  "PUT /api/v1/users/{id}/follow": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: Counts;
  };
  /** Says whether the caller is told what a user it follows does. */
  "PATCH /api/v1/users/{id}/follow": {
    path: { id: number };
    query: undefined;
    body: FollowChange;
    answer: Counts;
  };
  /** Follows a user no longer. */
  "DELETE /api/v1/users/{id}/follow": {
    path: { id: number };
    query: undefined;
    body: undefined;
    answer: Counts;
  };
  /** Public videos that can be played, the newest first; or, with `mine`, all of the caller's. */
  "GET /api/v1/videos": {
    path: undefined;
    query: { q?: string; user_id?: number; room_id?: number; category?: string; label?: string; origin?: string; following?: boolean; mine?: boolean; sort?: "newest" | "views" | "likes"; cursor?: number; limit?: number };
    body: undefined;
    answer: Page<VideoView>;
  };
  /** Begins to fetch a file from an address; it becomes a video as if it had been uploaded. */
  "POST /api/v1/videos/import": {
    path: undefined;
    query: undefined;
    body: Import;
    answer: Imported;
  };
  /** A video. */
  "GET /api/v1/videos/{id}": {
    path: { id: string };
    query: undefined;
    body: undefined;
    answer: Detail;
  };
  /** Changes a video. For its owner and admins. */
  "PATCH /api/v1/videos/{id}": {
    path: { id: string };
    query: undefined;
    body: VideoChange;
    answer: Detail;
  };
  /** Takes a video away, with its files. For its owner and admins. */
  "DELETE /api/v1/videos/{id}": {
    path: { id: string };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Captions in one language, as WebVTT. */
  "GET /api/v1/videos/{id}/captions/{language}": {
    path: { id: string; language: string };
    query: { sign?: string };
    body: undefined;
    answer: undefined;
  };
  /** Stores captions, in place of those in this language: the body is WebVTT or SRT. For the video's owner and admins. */
  "PUT /api/v1/videos/{id}/captions/{language}": {
    path: { id: string; language: string };
    query: undefined;
    body: undefined;
    answer: Caption;
  };
  /** Takes captions away. For the video's owner and admins. */
  "DELETE /api/v1/videos/{id}/captions/{language}": {
    path: { id: string; language: string };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** The chapters of a video, as WebVTT. */
  "GET /api/v1/videos/{id}/chapters.vtt": {
    path: { id: string };
    query: { sign?: string };
    body: undefined;
    answer: undefined;
  };
  /** Cuts a clip out of a video. For its owner and, of a recording, those whom the room allows it (`clips`). */
  "POST /api/v1/videos/{id}/clips": {
    path: { id: string };
    query: undefined;
    body: OfVideo;
    answer: VideoId;
  };
  /** Comments under a video, the newest first or the oldest; replies come with each one's own list. */
  "GET /api/v1/videos/{id}/comments": {
    path: { id: string };
    query: { order?: "newest" | "oldest"; sign?: string; cursor?: number; limit?: number };
    body: undefined;
    answer: Page<VideoComment>;
  };
  /** Says something under a video, or replies to a comment. */
  "POST /api/v1/videos/{id}/comments": {
    path: { id: string };
    query: undefined;
    body: NewComment;
    answer: VideoComment;
  };
  /** Takes a comment away: one's own; anybody's as the video's owner, a moderator of the room it came from, or an admin. */
  "DELETE /api/v1/videos/{id}/comments/{comment_id}": {
    path: { id: string; comment_id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Replies to a comment, the oldest first or the newest. */
  "GET /api/v1/videos/{id}/comments/{comment_id}/replies": {
    path: { id: string; comment_id: number };
    query: { order?: "newest" | "oldest"; sign?: string; cursor?: number; limit?: number };
    body: undefined;
    answer: Page<VideoComment>;
  };
  /** What was said in the room while a part of a recording or clip was live, in its order. */
  "GET /api/v1/videos/{id}/danmaku": {
    path: { id: string };
    query: { from_ms: number; to_ms: number; sign?: string };
    body: undefined;
    answer: Danmaku;
  };
  /** Opens a video with its password: the answer has the `play_sign`, and who is signed in may watch from then on. */
  "POST /api/v1/videos/{id}/enter": {
    path: { id: string };
    query: undefined;
    body: VideoPassword;
    answer: Detail;
  };
  /** The work on a video, the newest first, at most 100. For its owner and admins. */
  "GET /api/v1/videos/{id}/jobs": {
    path: { id: string };
    query: undefined;
    body: undefined;
    answer: JobView[];
  };
  /** Asks for further forms of a video. For its owner and admins. */
  "POST /api/v1/videos/{id}/jobs": {
    path: { id: string };
    query: undefined;
    body: JobWish;
    answer: JobView;
  };
  /** Cancels work on a video. For its owner and admins. */
  "DELETE /api/v1/videos/{id}/jobs/{job_id}": {
    path: { id: string; job_id: number };
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Likes a video. */
  "PUT /api/v1/videos/{id}/like": {
    path: { id: string };
    query: undefined;
    body: undefined;
    answer: Likes;
  };
  /** Likes a video no longer. */
  "DELETE /api/v1/videos/{id}/like": {
    path: { id: string };
    query: undefined;
    body: undefined;
    answer: Likes;
  };
  /** Says how far a player is: at the start, every ten seconds, on pauses and at the end. Views come of it. */
  "POST /api/v1/videos/{id}/progress": {
    path: { id: string };
    query: { sign?: string };
    body: Progress;
    answer: undefined;
  };
}
