-- When everybody could watch it first, unix ms, or NULL: what lists of the newest go by, and when followers were told.
ALTER TABLE videos ADD COLUMN public_at BIGINT;
-- When an admin took it down, unix ms, or NULL.
ALTER TABLE videos ADD COLUMN taken_down_at BIGINT;
-- Why an admin took it down, for its owner, or empty.
ALTER TABLE videos ADD COLUMN taken_down_reason TEXT NOT NULL DEFAULT '';
-- What lists are made of. Each holds what everybody may find, and nothing else; an index of all videos by state would be
-- taken for them by mistake, to sort thousands.
DROP INDEX videos_by_state;
CREATE INDEX videos_newest ON videos (public_at, id)
    WHERE privacy = 'public' AND state = 'ready' AND deleted_at IS NULL AND taken_down_at IS NULL;
CREATE INDEX videos_most_viewed ON videos (view_count, id)
    WHERE privacy = 'public' AND state = 'ready' AND deleted_at IS NULL AND taken_down_at IS NULL;
CREATE INDEX videos_most_liked ON videos (like_count, id)
    WHERE privacy = 'public' AND state = 'ready' AND deleted_at IS NULL AND taken_down_at IS NULL;
CREATE INDEX videos_of_category ON videos (category, public_at, id)
    WHERE privacy = 'public' AND state = 'ready' AND deleted_at IS NULL AND taken_down_at IS NULL;
CREATE INDEX videos_of_user ON videos (user_id, public_at, id)
    WHERE privacy = 'public' AND state = 'ready' AND deleted_at IS NULL AND taken_down_at IS NULL;
CREATE INDEX videos_of_room ON videos (room_id, public_at, id)
    WHERE privacy = 'public' AND state = 'ready' AND deleted_at IS NULL AND taken_down_at IS NULL;

-- Every character, and every two that stand together, in a video's title and labels, for search.
CREATE TABLE video_grams (
    -- The video.
    video_id BIGINT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    -- One or two characters, lower case.
    gram TEXT NOT NULL,
    PRIMARY KEY (gram, video_id)
);
CREATE INDEX video_grams_by_video ON video_grams (video_id);

-- The same of the names of people who have videos, once for all their videos.
CREATE TABLE video_owner_grams (
    -- The owner.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- One or two characters, lower case.
    gram TEXT NOT NULL,
    PRIMARY KEY (gram, user_id)
);
CREATE INDEX video_owner_grams_by_user ON video_owner_grams (user_id);

-- The labels of videos one by one, lower case, for lists by label.
CREATE TABLE video_labels (
    -- The video.
    video_id BIGINT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    -- The label.
    label TEXT NOT NULL,
    PRIMARY KEY (label, video_id)
);
CREATE INDEX video_labels_by_video ON video_labels (video_id);

-- Who showed the password of a video. A new password is for all.
CREATE TABLE video_guests (
    -- The video.
    video_id BIGINT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    -- Who.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (video_id, user_id)
);

-- What people say under videos: comments, and replies to them.
CREATE TABLE video_comments (
    id {{id}},
    -- Under which.
    video_id BIGINT NOT NULL REFERENCES videos (id),
    -- The comment it replies to; NULL: to none. Never a reply itself.
    parent_id BIGINT REFERENCES video_comments (id),
    -- Who.
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- Plain text with line breaks.
    content TEXT NOT NULL CHECK (length(content) BETWEEN 1 AND 4000),
    -- Replies that are not taken away.
    reply_count BIGINT NOT NULL DEFAULT 0 CHECK (reply_count >= 0),
    -- Unix ms.
    created_at BIGINT NOT NULL,
    -- When it was taken away, unix ms, or NULL.
    deleted_at BIGINT
);
CREATE INDEX video_comments_by_video ON video_comments (video_id, id) WHERE parent_id IS NULL;
CREATE INDEX video_comments_by_parent ON video_comments (parent_id, id);
CREATE INDEX video_comments_by_user ON video_comments (user_id, id);

-- Who likes which video.
CREATE TABLE video_likes (
    -- The video.
    video_id BIGINT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    -- Who.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Unix ms.
    created_at BIGINT NOT NULL,
    PRIMARY KEY (video_id, user_id)
);
CREATE INDEX video_likes_by_user ON video_likes (user_id, created_at);

-- Who watched which video how far: one row per user and video.
CREATE TABLE video_visits (
    -- The video.
    video_id BIGINT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    -- Who.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Where playback was last, milliseconds.
    position_ms BIGINT NOT NULL,
    -- Whether it was watched to its end.
    is_finished BOOLEAN NOT NULL DEFAULT FALSE,
    -- Last time, unix ms.
    last_at BIGINT NOT NULL,
    PRIMARY KEY (video_id, user_id)
);
CREATE INDEX video_visits_by_user ON video_visits (user_id, last_at);

-- Plays that may become a view, or were one. Forgotten after a day.
CREATE TABLE video_plays (
    -- The video.
    video_id BIGINT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    -- u and the user's number, or v and the SHA-256 of a stranger's viewer id.
    viewer TEXT NOT NULL,
    -- When the player was heard of last, unix ms.
    heard_at BIGINT NOT NULL,
    -- Played since the last view, milliseconds: never more than the clock here saw pass.
    played_ms BIGINT NOT NULL,
    -- When it counted as a view last, unix ms, or NULL.
    counted_at BIGINT,
    PRIMARY KEY (video_id, viewer)
);
CREATE INDEX video_plays_by_age ON video_plays (heard_at);

-- Views and watch time of an owner's videos, by hour.
CREATE TABLE video_hours (
    -- The owner.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Hours since 1970.
    hour BIGINT NOT NULL,
    -- Views.
    views BIGINT NOT NULL,
    -- Played, milliseconds.
    watched_ms BIGINT NOT NULL,
    PRIMARY KEY (user_id, hour)
);

-- Views and watch time of a video, by day (UTC).
CREATE TABLE video_days (
    -- The owner.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Days since 1970.
    day BIGINT NOT NULL,
    -- The video.
    video_id BIGINT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    -- Views.
    views BIGINT NOT NULL,
    -- Played, milliseconds.
    watched_ms BIGINT NOT NULL,
    PRIMARY KEY (user_id, day, video_id)
);

-- Captions of videos; the text is an object.
CREATE TABLE video_captions (
    -- The video.
    video_id BIGINT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    -- BCP 47, in its usual capitals: en, zh-Hant-TW.
    language TEXT NOT NULL,
    -- Bytes of the object.
    bytes BIGINT NOT NULL,
    -- Unix ms.
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (video_id, language)
);

-- What was said while a video was live is found by its time.
CREATE INDEX comments_by_time ON comments (room_id, created_at, id);
-- Figures of hosts.
CREATE INDEX follows_by_time ON follows (user_id, created_at);

-- Reports are also of videos and what is said under them.
ALTER TABLE reports RENAME TO reports_before;
CREATE TABLE reports (
    id {{id}},
    -- Who reports.
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- What target_id is a number of.
    kind TEXT NOT NULL CHECK (kind IN ('user', 'comment', 'room', 'video', 'video_comment')),
    -- The reported one.
    target_id BIGINT NOT NULL,
    -- In the reporter's words.
    reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 4000),
    -- Where it stands.
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'resolved', 'dismissed')),
    -- The admin who closed it, or NULL.
    closed_by BIGINT REFERENCES users (id),
    -- Unix ms.
    created_at BIGINT NOT NULL,
    -- Nobody reports the same thing twice.
    UNIQUE (user_id, kind, target_id)
);
INSERT INTO reports (id, user_id, kind, target_id, reason, status, closed_by, created_at)
    SELECT id, user_id, kind, target_id, reason, status, closed_by, created_at FROM reports_before;
DROP TABLE reports_before;
{{continue_ids reports}}
CREATE INDEX reports_by_status ON reports (status, id);

-- Notifications are also of videos.
ALTER TABLE notifications RENAME TO notifications_before;
CREATE TABLE notifications (
    id {{id}},
    -- Who is told.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- What happened: went_live, video_published.
    kind TEXT NOT NULL CHECK (kind IN ('went_live', 'video_published')),
    -- The room it happened in; NULL for a video.
    room_id BIGINT REFERENCES rooms (id) ON DELETE CASCADE,
    -- The video; NULL for a room.
    video_id BIGINT REFERENCES videos (id) ON DELETE CASCADE,
    -- Unix ms.
    created_at BIGINT NOT NULL,
    -- Unix ms; NULL: not read yet.
    read_at BIGINT,
    CHECK ((room_id IS NULL) <> (video_id IS NULL))
);
INSERT INTO notifications (id, user_id, kind, room_id, created_at, read_at)
    SELECT id, user_id, kind, room_id, created_at, read_at FROM notifications_before;
DROP TABLE notifications_before;
{{continue_ids notifications}}
CREATE INDEX notifications_by_user ON notifications (user_id, id);
CREATE INDEX notifications_by_room ON notifications (room_id, user_id, created_at);
CREATE INDEX notifications_by_video ON notifications (video_id, user_id);
