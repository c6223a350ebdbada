-- People who have an account.
CREATE TABLE users (
    id {{id}},
    -- Name for signing in and addresses: 3-32 of a-z 0-9 _ -, lower case.
    username TEXT NOT NULL UNIQUE CHECK (length(username) BETWEEN 3 AND 32),
    -- Name that is shown; empty: the username.
    nickname TEXT NOT NULL DEFAULT '' CHECK (length(nickname) <= 64),
    -- Address of the picture under /media/images/, or empty.
    avatar TEXT NOT NULL DEFAULT '',
    -- A few words about oneself.
    bio TEXT NOT NULL DEFAULT '' CHECK (length(bio) <= 2000),
    -- Argon2id in PHC form; empty: nobody can sign in with a password.
    password_hash TEXT NOT NULL,
    -- user | admin. Hosts and moderators are such by room.
    role TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
    -- An admin closed the account: no sign-in, no publishing.
    is_disabled BOOLEAN NOT NULL DEFAULT FALSE,
    -- Secret of the one-time passwords (base32), or NULL; only in force with totp_confirmed_at.
    totp_secret TEXT,
    -- When the owner proved to have the secret, unix ms.
    totp_confirmed_at BIGINT,
    -- Number of the last time step whose one-time password was used: none works twice.
    totp_last_step BIGINT NOT NULL DEFAULT 0,
    -- Unix ms.
    created_at BIGINT NOT NULL,
    -- Unix ms.
    updated_at BIGINT NOT NULL
);

-- Who is signed in, and where: one row per sign-in.
CREATE TABLE sessions (
    id {{id}},
    -- SHA-256 of the token, in hexadecimal. The token itself is nowhere.
    token_digest TEXT NOT NULL UNIQUE,
    -- Whose session it is.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- What the browser said it is, cut to 200 characters.
    user_agent TEXT NOT NULL DEFAULT '',
    -- The address it was opened from.
    address TEXT NOT NULL DEFAULT '',
    -- Unix ms.
    created_at BIGINT NOT NULL,
    -- When it was last used, unix ms, to the minute.
    used_at BIGINT NOT NULL,
    -- When it ends, unix ms.
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);
