-- What people said in rooms.
CREATE TABLE comments (
    id {{id}},
    -- Where.
    room_id BIGINT NOT NULL REFERENCES rooms (id),
    -- During which broadcast; NULL between two.
    broadcast_id BIGINT REFERENCES broadcasts (id),
    -- Who.
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- Plain text, one line.
    content TEXT NOT NULL CHECK (length(content) BETWEEN 1 AND 2000),
    -- #rrggbb of the text over the picture.
    colour TEXT NOT NULL CHECK (length(colour) = 7),
    -- How it goes over the picture.
    mode TEXT NOT NULL CHECK (mode IN ('scroll', 'top', 'bottom')),
    -- Position on the stream's own timeline, ms; NULL when nothing was on.
    stream_ms BIGINT,
    -- Unix ms.
    created_at BIGINT NOT NULL,
    -- When it was taken away, unix ms, or NULL.
    deleted_at BIGINT
);
CREATE INDEX comments_by_room ON comments (room_id, id);
CREATE INDEX comments_by_user ON comments (user_id, id);
