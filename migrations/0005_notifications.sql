-- What somebody is told while away.
CREATE TABLE notifications (
    id {{id}},
    -- Who is told.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- What happened: went_live.
    kind TEXT NOT NULL CHECK (kind IN ('went_live')),
    -- The room it happened in.
    room_id BIGINT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    -- Unix ms.
    created_at BIGINT NOT NULL,
    -- Unix ms; NULL: not read yet.
    read_at BIGINT
);
CREATE INDEX notifications_by_user ON notifications (user_id, id);
CREATE INDEX notifications_by_room ON notifications (room_id, user_id, created_at);
