-- Who keeps order in a room besides its host.
CREATE TABLE room_moderators (
    -- The room.
    room_id BIGINT NOT NULL REFERENCES rooms (id),
    -- The moderator.
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- Unix ms.
    created_at BIGINT NOT NULL,
    PRIMARY KEY (room_id, user_id)
);

-- Rules of a room's chat; a room without a row has none.
CREATE TABLE room_rules (
    -- The room.
    room_id BIGINT PRIMARY KEY REFERENCES rooms (id),
    -- Seconds between two messages of one person; 0: no slow mode.
    slow_seconds BIGINT NOT NULL DEFAULT 0 CHECK (slow_seconds BETWEEN 0 AND 3600),
    -- Whether messages with links are refused.
    links_off BOOLEAN NOT NULL DEFAULT FALSE,
    -- Words that are refused, small letters, as a JSON array of texts.
    blocked_words TEXT NOT NULL DEFAULT '[]',
    -- The message shown above all others, or NULL.
    pinned_comment_id BIGINT REFERENCES comments (id),
    -- Unix ms.
    updated_at BIGINT NOT NULL
);

-- Who may not write in a room, or not come in.
CREATE TABLE room_bans (
    id {{id}},
    -- The room.
    room_id BIGINT NOT NULL REFERENCES rooms (id),
    -- Whom it hits.
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- timeout: may watch, not write; ban: may not come in.
    kind TEXT NOT NULL CHECK (kind IN ('timeout', 'ban')),
    -- The broadcast it holds for, or NULL.
    broadcast_id BIGINT REFERENCES broadcasts (id),
    -- When it ends, unix ms, or NULL. With neither it holds for good.
    until_at BIGINT,
    -- Why, for the moderators.
    reason TEXT NOT NULL DEFAULT '' CHECK (length(reason) <= 800),
    -- The moderator.
    by_user_id BIGINT NOT NULL REFERENCES users (id),
    -- Unix ms.
    created_at BIGINT NOT NULL,
    -- When it was taken back, unix ms, or NULL.
    lifted_at BIGINT
);
CREATE INDEX room_bans_by_user ON room_bans (room_id, user_id) WHERE lifted_at IS NULL;

-- What moderators did; only ever added to, but for the undoing.
CREATE TABLE moderation_log (
    id {{id}},
    -- The room.
    room_id BIGINT NOT NULL REFERENCES rooms (id),
    -- Who did it.
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- What, in a word: ban, lift, delete, restore, rules, pin, moderator_add, moderator_remove.
    action TEXT NOT NULL,
    -- Number of what it was done to: a ban, a message or a user, as the action says; 0 for none.
    target_id BIGINT NOT NULL,
    -- Unix ms.
    created_at BIGINT NOT NULL,
    -- When it was undone, unix ms, or NULL.
    undone_at BIGINT
);
CREATE INDEX moderation_log_by_room ON moderation_log (room_id, id);

-- What people reported.
CREATE TABLE reports (
    id {{id}},
    -- Who reports.
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- What target_id is a number of.
    kind TEXT NOT NULL CHECK (kind IN ('user', 'comment', 'room')),
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
CREATE INDEX reports_by_status ON reports (status, id);
