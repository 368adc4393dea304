-- When messages were saved (RFC 8514).

-- Seconds since 1970; 0: before this was kept.
ALTER TABLE item ADD COLUMN saved BIGINT NOT NULL DEFAULT 0;
