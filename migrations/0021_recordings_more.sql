-- The parts of a recording whose encoder changed its tracks, each of which is a file of its own to download: a JSON array
-- of {start_ms, duration_ms, width, height, bytes}, oldest first; empty when there is one.
ALTER TABLE video_files ADD COLUMN parts TEXT NOT NULL DEFAULT '[]';
-- The stretches of a recording or a clip between which its encoder was away or the recording paused: a JSON array of
-- {position_ms, starts_at, duration_ms}, oldest first; empty when there is one.
ALTER TABLE videos ADD COLUMN stretches TEXT NOT NULL DEFAULT '[]';
