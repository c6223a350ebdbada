-- Pictures people uploaded, as they were made anew.
CREATE TABLE images (
    id {{id}},
    -- Random letters and an ending: the file's name, and the address /media/images/{name}.
    name TEXT NOT NULL UNIQUE,
    -- Who uploaded it.
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- What it is for, which says how large it is.
    kind TEXT NOT NULL CHECK (kind IN ('avatar', 'cover', 'gift')),
    -- Pixels.
    width BIGINT NOT NULL CHECK (width > 0),
    -- Pixels.
    height BIGINT NOT NULL CHECK (height > 0),
    -- Bytes of the file.
    bytes BIGINT NOT NULL CHECK (bytes > 0),
    -- Unix ms.
    created_at BIGINT NOT NULL
);
CREATE INDEX images_by_user ON images (user_id, id);
