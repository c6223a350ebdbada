-- Who does jobs: the servers themselves and workers beside them.
CREATE TABLE workers (
    -- Machine and process, made up at its start.
    name TEXT PRIMARY KEY,
    -- Version of Weir.
    version TEXT NOT NULL,
    -- Jobs it does at the same time.
    at_once BIGINT NOT NULL,
    -- Why it cannot do any, in plain words, or empty.
    problem TEXT NOT NULL DEFAULT '',
    -- When it was heard of last, unix ms.
    seen_at BIGINT NOT NULL
);
-- What is under way, for leases that ended.
CREATE INDEX jobs_running ON jobs (lease_until) WHERE state = 'running';
