-- Where coins are. The sum of all balances is 0: what people have is what was issued.
CREATE TABLE coin_accounts (
    id {{id}},
    -- user: what somebody can spend; earned: what somebody was given as a host; issued: where coins come from.
    kind TEXT NOT NULL CHECK (kind IN ('user', 'earned', 'issued')),
    -- The user; 0 for issued.
    owner_id BIGINT NOT NULL,
    -- Coins.
    balance BIGINT NOT NULL DEFAULT 0,
    -- Nobody owes coins but the issuer.
    CHECK (kind = 'issued' OR balance >= 0),
    UNIQUE (kind, owner_id)
);

-- Why coins moved. Only ever added to.
CREATE TABLE transfers (
    id {{id}},
    -- gift | grant | code | payment.
    kind TEXT NOT NULL,
    -- What it was for, for people; or the payment provider's event, which counts once.
    reference TEXT NOT NULL DEFAULT '',
    -- Unix ms.
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX transfers_of_payments ON transfers (reference) WHERE kind = 'payment';

-- How coins moved: the entries of a transfer sum to 0. Only ever added to.
CREATE TABLE ledger_entries (
    id {{id}},
    -- The transfer.
    transfer_id BIGINT NOT NULL REFERENCES transfers (id),
    -- The account.
    account_id BIGINT NOT NULL REFERENCES coin_accounts (id),
    -- Coins; negative: taken away.
    amount BIGINT NOT NULL CHECK (amount <> 0)
);
CREATE INDEX ledger_by_account ON ledger_entries (account_id, id);
CREATE INDEX ledger_by_transfer ON ledger_entries (transfer_id);

-- Codes that can be turned into coins once.
CREATE TABLE coin_codes (
    -- SHA-256 of the code, in hexadecimal.
    code_digest TEXT PRIMARY KEY,
    -- Coins it is worth.
    coin BIGINT NOT NULL CHECK (coin > 0),
    -- Who turned it in, or NULL.
    user_id BIGINT REFERENCES users (id),
    -- Unix ms.
    created_at BIGINT NOT NULL
);

-- What can be given.
CREATE TABLE gifts (
    id {{id}},
    -- 1-40 characters.
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    -- Address of its picture.
    image TEXT NOT NULL DEFAULT '',
    -- Coins it costs.
    coin BIGINT NOT NULL CHECK (coin > 0),
    -- Whether it can be given now.
    is_active BOOLEAN NOT NULL DEFAULT TRUE
);

-- What was given.
CREATE TABLE gift_events (
    id {{id}},
    -- Where.
    room_id BIGINT NOT NULL REFERENCES rooms (id),
    -- In which broadcast, or NULL.
    broadcast_id BIGINT REFERENCES broadcasts (id),
    -- By whom.
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- What.
    gift_id BIGINT NOT NULL REFERENCES gifts (id),
    -- How many.
    num BIGINT NOT NULL CHECK (num > 0),
    -- How many in a row, with these.
    combo BIGINT NOT NULL,
    -- Coins in all.
    coin BIGINT NOT NULL CHECK (coin > 0),
    -- The transfer that paid it.
    transfer_id BIGINT NOT NULL UNIQUE REFERENCES transfers (id),
    -- Unix ms.
    created_at BIGINT NOT NULL
);
CREATE INDEX gift_events_by_room ON gift_events (room_id, created_at);
CREATE INDEX gift_events_in_a_row ON gift_events (user_id, room_id, gift_id, id);

-- Answers to requests that may come twice.
CREATE TABLE gift_requests (
    -- Who asked.
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The key the client chose.
    key TEXT NOT NULL,
    -- What was asked: room, gift and number.
    body TEXT NOT NULL,
    -- The answer, JSON.
    answer TEXT NOT NULL DEFAULT '',
    -- Unix ms.
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, key)
);
