-- Whom admins want told of what happens here.
CREATE TABLE webhooks (
    id {{id}},
    -- Where events are posted, http or https.
    url TEXT NOT NULL,
    -- What it is told: JSON array of went_live | ended | follow | gift; [] is all.
    events TEXT NOT NULL DEFAULT '[]',
    -- Key of the signatures. As it is, not hashed: every delivery is signed with it.
    secret TEXT NOT NULL,
    -- Whether it is told anything now.
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    -- Why the server switched it off, for people; empty when it did not.
    off_reason TEXT NOT NULL DEFAULT '',
    -- Unix ms.
    created_at BIGINT NOT NULL
);

-- What happened, as it is told. Written in the transaction of what happened, and only when somebody is to be told.
CREATE TABLE webhook_events (
    id {{id}},
    -- What receivers know it by. Random, since a number would be given again after a back-up was restored, and who drops
    -- repeats would drop another event.
    name TEXT NOT NULL UNIQUE,
    -- went_live | ended | follow | gift | ping.
    kind TEXT NOT NULL,
    -- JSON object.
    data TEXT NOT NULL,
    -- Unix ms.
    created_at BIGINT NOT NULL
);
CREATE INDEX webhook_events_by_age ON webhook_events (created_at);

-- Who is told of it, and how far that is.
CREATE TABLE webhook_deliveries (
    id {{id}},
    -- To whom.
    webhook_id BIGINT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    -- What.
    event_id BIGINT NOT NULL REFERENCES webhook_events (id) ON DELETE CASCADE,
    -- waiting, until delivered or failed (given up).
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
    -- Times it was sent.
    attempts BIGINT NOT NULL DEFAULT 0,
    -- Not to be sent before this, unix ms; a server that sends it moves this behind the end of its attempt, so that no
    -- other does, and so that it is sent again when the server dies meanwhile.
    due_at BIGINT NOT NULL,
    -- Status of the last answer, or NULL when none came.
    status BIGINT,
    -- Why the last attempt failed, for people; empty when it did not.
    error TEXT NOT NULL DEFAULT '',
    -- Delivered or given up, unix ms.
    done_at BIGINT
);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (webhook_id, due_at) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_by_event ON webhook_deliveries (event_id);
