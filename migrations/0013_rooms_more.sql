-- People who watch now, as of a few seconds ago: what lists are sorted by.
ALTER TABLE rooms ADD COLUMN viewer_count BIGINT NOT NULL DEFAULT 0;
-- When its host deleted it, unix ms, or NULL. The row stays for the ledger's sake.
ALTER TABLE rooms ADD COLUMN deleted_at BIGINT;
CREATE INDEX rooms_by_viewers ON rooms (privacy, viewer_count, id);
-- Whether the member came in with the password, and so goes when it changes.
ALTER TABLE room_members ADD COLUMN by_password BOOLEAN NOT NULL DEFAULT FALSE;
-- Whether only followers of the host may write.
ALTER TABLE room_rules ADD COLUMN followers_only BOOLEAN NOT NULL DEFAULT FALSE;
-- How it was before, JSON or empty: what undoing goes back to.
ALTER TABLE moderation_log ADD COLUMN before TEXT NOT NULL DEFAULT '';
