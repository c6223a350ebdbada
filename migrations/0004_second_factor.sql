-- Codes that stand in for the second factor, each once.
CREATE TABLE recovery_codes (
    -- Whose.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- SHA-256 of the code, in hexadecimal.
    code_digest TEXT NOT NULL,
    PRIMARY KEY (user_id, code_digest)
);

-- What admins did. Only ever added to.
CREATE TABLE audit_log (
    id {{id}},
    -- The admin.
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- What was done, a stable word.
    action TEXT NOT NULL,
    -- To what, such as user 7.
    object TEXT NOT NULL,
    -- How it was, JSON or empty.
    before TEXT NOT NULL DEFAULT '',
    -- How it is now, JSON or empty.
    after TEXT NOT NULL DEFAULT '',
    -- Unix ms.
    created_at BIGINT NOT NULL
);
