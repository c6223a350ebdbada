-- What admins set while the server runs. What is not here is as in the configuration.
CREATE TABLE settings (
    -- The name, as in GET /api/v1/admin/settings.
    name TEXT PRIMARY KEY,
    -- JSON.
    value TEXT NOT NULL,
    -- Unix ms.
    updated_at BIGINT NOT NULL
);

-- Codes that let somebody register while registration is by invitation; each once.
CREATE TABLE invitations (
    id {{id}},
    -- SHA-256 of the code, in hexadecimal. The code itself is nowhere.
    code_digest TEXT NOT NULL UNIQUE,
    -- The admin who made it.
    created_by BIGINT NOT NULL REFERENCES users (id),
    -- Unix ms.
    created_at BIGINT NOT NULL,
    -- Until when it is good, unix ms.
    expires_at BIGINT NOT NULL,
    -- Who registered with it, or NULL.
    used_by BIGINT REFERENCES users (id)
);

-- Tokens with which programs act for somebody.
CREATE TABLE api_tokens (
    id {{id}},
    -- Whose.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- What it is for, in the owner's words.
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    -- SHA-256 of the token, in hexadecimal. The token itself is nowhere.
    token_digest TEXT NOT NULL UNIQUE,
    -- What it may do, as a JSON array of words.
    scopes TEXT NOT NULL,
    -- Unix ms.
    created_at BIGINT NOT NULL,
    -- When it was last used, unix ms, to the minute; NULL: never.
    used_at BIGINT,
    -- When it ends, unix ms, or NULL.
    expires_at BIGINT
);
CREATE INDEX api_tokens_by_user ON api_tokens (user_id, id);
CREATE INDEX users_admins ON users (id) WHERE role = 'admin';
