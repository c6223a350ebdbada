-- What somebody does not want to be told about. What is not here is told.
CREATE TABLE unwanted_notifications (
    -- Who.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The kind, as notifications have it.
    kind TEXT NOT NULL CHECK (kind IN ('went_live', 'video_published')),
    PRIMARY KEY (user_id, kind)
);
-- Whether the follower is told what the one followed does.
ALTER TABLE follows ADD COLUMN is_told BOOLEAN NOT NULL DEFAULT TRUE;

-- Whom somebody does not want to hear of.
CREATE TABLE blocks (
    -- Who blocks.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Who is blocked.
    blocked_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Unix ms.
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
);

-- Videos somebody wants to watch another time.
CREATE TABLE videos_for_later (
    -- Who.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The video.
    video_id BIGINT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    -- When it was put on the list, unix ms; the list goes by it.
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, video_id)
);
CREATE INDEX videos_for_later_by_time ON videos_for_later (user_id, created_at);
