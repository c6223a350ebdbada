-- Files that are on their way to become videos, sent by people or fetched from an address.
CREATE TABLE uploads (
    id {{id}},
    -- 24 random letters and digits: its address /api/v1/uploads/{public_id}, and the file's name.
    public_id TEXT NOT NULL UNIQUE,
    -- Who sends it.
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- What it becomes.
    video_id BIGINT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    -- Bytes of the whole file; NULL while that is not known (imports).
    bytes BIGINT CHECK (bytes > 0),
    -- Bytes that are on the disk for certain.
    received_bytes BIGINT NOT NULL DEFAULT 0 CHECK (received_bytes >= 0),
    -- What the client said of the file, as it said it (Upload-Metadata of tus).
    metadata TEXT NOT NULL DEFAULT '',
    -- The file's name, or empty.
    filename TEXT NOT NULL DEFAULT '',
    -- Where an import is fetched from, or empty.
    source TEXT NOT NULL DEFAULT '',
    -- What says that the file at the source is still the same (ETag or Last-Modified), or empty.
    validator TEXT NOT NULL DEFAULT '',
    -- Unix ms.
    created_at BIGINT NOT NULL,
    -- When it is given up unless more comes, unix ms; of a complete one, when it is forgotten.
    expires_at BIGINT NOT NULL,
    -- When the video had all its bytes, unix ms, or NULL.
    finished_at BIGINT
);
CREATE INDEX uploads_by_user ON uploads (user_id, id);
CREATE INDEX uploads_by_video ON uploads (video_id);
CREATE INDEX uploads_by_end ON uploads (expires_at);

-- How much somebody may keep, where it is other than uploads.quota_bytes.
CREATE TABLE user_quotas (
    -- Who.
    user_id BIGINT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- Bytes of videos and uploads under way together.
    bytes BIGINT NOT NULL CHECK (bytes >= 0)
);
