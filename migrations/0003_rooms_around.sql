-- Every character, and every two that stand together, in a room's title, host's name and labels, for search.
CREATE TABLE room_grams (
    -- The room.
    room_id BIGINT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    -- One or two characters, lower case.
    gram TEXT NOT NULL,
    PRIMARY KEY (gram, room_id)
);
CREATE INDEX room_grams_by_room ON room_grams (room_id);

-- Who was in which room: one row per user and room.
CREATE TABLE room_visits (
    -- The room.
    room_id BIGINT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    -- Who.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- First time, unix ms.
    first_at BIGINT NOT NULL,
    -- Last time, unix ms.
    last_at BIGINT NOT NULL,
    -- The user took it off the own history; it still counts.
    is_hidden BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (room_id, user_id)
);
CREATE INDEX room_visits_by_user ON room_visits (user_id, last_at);

-- Who may enter a private room without its password.
CREATE TABLE room_members (
    -- The room.
    room_id BIGINT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    -- Who.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (room_id, user_id)
);

-- The secret with which somebody publishes; one per user.
CREATE TABLE stream_keys (
    -- Whose.
    user_id BIGINT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- SHA-256 of the key, in hexadecimal. The key itself is nowhere.
    key_digest TEXT NOT NULL UNIQUE,
    -- Unix ms.
    created_at BIGINT NOT NULL
);

-- Who follows whom.
CREATE TABLE follows (
    -- Who follows.
    follower_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Who is followed.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Unix ms.
    created_at BIGINT NOT NULL,
    PRIMARY KEY (follower_id, user_id),
    CHECK (follower_id <> user_id)
);
CREATE INDEX follows_of_user ON follows (user_id, follower_id);
