-- Whether broadcasts of the room are recorded.
ALTER TABLE rooms ADD COLUMN is_recorded BOOLEAN NOT NULL DEFAULT TRUE;
-- Days its recordings are kept, or NULL: as long as the site keeps them.
ALTER TABLE rooms ADD COLUMN keep_days BIGINT;
-- Who may cut clips out of its broadcasts and recordings: all (who are signed in), host, off.
ALTER TABLE rooms ADD COLUMN clips TEXT NOT NULL DEFAULT 'all' CHECK (clips IN ('all', 'host', 'off'));
