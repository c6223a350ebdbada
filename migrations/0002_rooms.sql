-- Rooms: where somebody goes live.
CREATE TABLE rooms (
    id {{id}},
    -- The host.
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- Public stream name: 20 random letters and digits; the stream's path is live/{name}. Not a secret.
    name TEXT NOT NULL UNIQUE,
    -- 1-80 characters.
    title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 80),
    -- Address of the picture: one of ours (/media/images/...), or http(s), or empty.
    cover TEXT NOT NULL DEFAULT '',
    -- Category by its word, or empty.
    category TEXT NOT NULL DEFAULT '',
    -- Labels, as a JSON array of texts.
    labels TEXT NOT NULL DEFAULT '[]',
    -- public: in lists; unlisted: whoever has the name; private: members and who knows the password.
    privacy TEXT NOT NULL DEFAULT 'public' CHECK (privacy IN ('public', 'unlisted', 'private')),
    -- Argon2id in PHC form of a private room's password, or NULL.
    password_hash TEXT,
    -- When it is planned to begin, unix ms, or NULL.
    scheduled_at BIGINT,
    -- 0 idle, 1 live, 2 paused, 3 ended (for good).
    status BIGINT NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 3),
    -- Users who came at least once.
    look_count BIGINT NOT NULL DEFAULT 0,
    -- Coins of all gifts.
    coin BIGINT NOT NULL DEFAULT 0 CHECK (coin >= 0),
    -- Unix ms.
    created_at BIGINT NOT NULL,
    -- Unix ms.
    updated_at BIGINT NOT NULL
);
CREATE INDEX rooms_by_user ON rooms (user_id, id);
CREATE INDEX rooms_by_status ON rooms (privacy, status, id);

-- One on-air period of a room.
CREATE TABLE broadcasts (
    id {{id}},
    -- The room.
    room_id BIGINT NOT NULL REFERENCES rooms (id),
    -- Unix ms.
    started_at BIGINT NOT NULL,
    -- Unix ms; NULL while it is on.
    ended_at BIGINT,
    -- Most viewers at once.
    viewers_peak BIGINT NOT NULL DEFAULT 0,
    -- Different people who watched.
    viewers_total BIGINT NOT NULL DEFAULT 0,
    -- Coins of its gifts.
    coin BIGINT NOT NULL DEFAULT 0 CHECK (coin >= 0)
);
-- A room is on air once at a time.
CREATE UNIQUE INDEX broadcasts_on_air ON broadcasts (room_id) WHERE ended_at IS NULL;
CREATE INDEX broadcasts_by_room ON broadcasts (room_id, id);
