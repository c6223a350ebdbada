-- Videos: uploads, imports, recordings of broadcasts, clips.
CREATE TABLE videos (
    id {{id}},
    -- 12 random letters and digits; what addresses name. Not a secret by itself.
    public_id TEXT NOT NULL UNIQUE,
    -- The owner.
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- The room it came from (recordings and clips), or NULL.
    room_id BIGINT REFERENCES rooms (id),
    -- The broadcast it came from, or NULL.
    broadcast_id BIGINT REFERENCES broadcasts (id),
    -- How it came in.
    origin TEXT NOT NULL CHECK (origin IN ('upload', 'import', 'added', 'recording', 'clip')),
    -- Name for the flat address /streams/{name}.m3u8, or NULL.
    name TEXT UNIQUE,
    -- 1-120 characters.
    title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 120),
    -- What it is about; up to 5 000 characters.
    description TEXT NOT NULL DEFAULT '',
    -- Category by its word, or empty.
    category TEXT NOT NULL DEFAULT '',
    -- Labels, as a JSON array of texts.
    labels TEXT NOT NULL DEFAULT '[]',
    -- Chapters, as a JSON array of {start_ms, title} from the first on.
    chapters TEXT NOT NULL DEFAULT '[]',
    -- public: in lists; unlisted: whoever has the address; private: the owner and, of a private room, its members;
    -- password: who knows it.
    privacy TEXT NOT NULL DEFAULT 'public' CHECK (privacy IN ('public', 'unlisted', 'private', 'password')),
    -- Argon2id in PHC form of the password, or NULL.
    password_hash TEXT,
    -- waiting: its bytes are not complete; probing: being looked at; recording: being written; ready: it can be played;
    -- failed: it never will be.
    state TEXT NOT NULL CHECK (state IN ('waiting', 'probing', 'recording', 'ready', 'failed')),
    -- Why it failed, in plain words, or empty.
    failure TEXT NOT NULL DEFAULT '',
    -- How long it is, milliseconds; 0 while that is not known.
    duration_ms BIGINT NOT NULL DEFAULT 0,
    -- Of the picture, pixels; 0 when there is none or it is not known.
    width BIGINT NOT NULL DEFAULT 0,
    -- Of the picture, pixels; 0 when there is none or it is not known.
    height BIGINT NOT NULL DEFAULT 0,
    -- Bytes of all its objects.
    bytes BIGINT NOT NULL DEFAULT 0,
    -- Address of the picture, or empty.
    cover TEXT NOT NULL DEFAULT '',
    -- Whether there are pictures for the seek bar.
    has_storyboard BOOLEAN NOT NULL DEFAULT FALSE,
    -- Views, as docs/videos.md defines them.
    view_count BIGINT NOT NULL DEFAULT 0 CHECK (view_count >= 0),
    -- People who like it.
    like_count BIGINT NOT NULL DEFAULT 0 CHECK (like_count >= 0),
    -- Comments and replies.
    comment_count BIGINT NOT NULL DEFAULT 0 CHECK (comment_count >= 0),
    -- Wall time of its first moment, unix ms (recordings and clips), or NULL.
    starts_at BIGINT,
    -- Unix ms.
    created_at BIGINT NOT NULL,
    -- When it became ready first, unix ms, or NULL.
    published_at BIGINT,
    -- Unix ms.
    updated_at BIGINT NOT NULL,
    -- When it was deleted, unix ms, or NULL. Its objects go soon after.
    deleted_at BIGINT
);
CREATE INDEX videos_by_user ON videos (user_id, id);
CREATE INDEX videos_by_room ON videos (room_id, id);
CREATE INDEX videos_by_state ON videos (state, privacy, id);

-- The forms a video is kept in.
CREATE TABLE video_files (
    id {{id}},
    -- The video.
    video_id BIGINT NOT NULL REFERENCES videos (id),
    -- source, 1080p, 720p, ..., tutorial, log.
    name TEXT NOT NULL,
    -- source: as it came; rendition: an MP4 file of ours; list: a playlist and its segments; log: a recording.
    kind TEXT NOT NULL CHECK (kind IN ('source', 'rendition', 'list', 'log')),
    -- The object, or what the paths of its objects begin with.
    path TEXT NOT NULL,
    -- Container, by the name ffprobe gives it; empty while it is not known.
    container TEXT NOT NULL DEFAULT '',
    -- RFC 6381 codec strings, with commas between them.
    codecs TEXT NOT NULL DEFAULT '',
    -- Whether it can be packaged for players as it is.
    is_playable BOOLEAN NOT NULL DEFAULT FALSE,
    -- Pixels.
    width BIGINT NOT NULL DEFAULT 0,
    -- Pixels.
    height BIGINT NOT NULL DEFAULT 0,
    -- Pictures per 1 000 seconds.
    frame_rate_milli BIGINT NOT NULL DEFAULT 0,
    -- Of all tracks together.
    bits_per_second BIGINT NOT NULL DEFAULT 0,
    -- Bytes.
    bytes BIGINT NOT NULL DEFAULT 0,
    -- Unix ms.
    created_at BIGINT NOT NULL,
    UNIQUE (video_id, name)
);

-- Work on videos, done by the server or by workers beside it.
CREATE TABLE jobs (
    id {{id}},
    -- The video.
    video_id BIGINT NOT NULL REFERENCES videos (id),
    -- probe, transcode, thumbnails, import, ...
    kind TEXT NOT NULL,
    -- What is wanted, as JSON.
    detail TEXT NOT NULL DEFAULT '{}',
    -- Higher ones first.
    priority BIGINT NOT NULL DEFAULT 0,
    -- waiting, running, done, failed (for good), cancelled.
    state TEXT NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    -- How often it was begun.
    attempts BIGINT NOT NULL DEFAULT 0,
    -- Not before this, unix ms.
    run_after BIGINT NOT NULL DEFAULT 0,
    -- Who runs it, or empty.
    worker TEXT NOT NULL DEFAULT '',
    -- Until when the worker has it unless it says so again, unix ms.
    lease_until BIGINT NOT NULL DEFAULT 0,
    -- How far it is, 0-1000.
    progress_milli BIGINT NOT NULL DEFAULT 0,
    -- How long it will take still, milliseconds, or NULL.
    eta_ms BIGINT,
    -- Why it failed, or the last attempt did, in plain words, or empty.
    failure TEXT NOT NULL DEFAULT '',
    -- Unix ms.
    created_at BIGINT NOT NULL,
    -- When it was begun last, unix ms, or NULL.
    started_at BIGINT,
    -- Unix ms, or NULL.
    finished_at BIGINT
);
CREATE INDEX jobs_to_do ON jobs (state, priority, id);
CREATE INDEX jobs_by_video ON jobs (video_id, id);
