-- Which messages are \Recent (RFC 3501 2.3.2).

-- The first uid that no session was told of that may keep what it saw.
ALTER TABLE collection ADD COLUMN recent_from BIGINT NOT NULL DEFAULT 1;
-- What is there by now has been seen.
UPDATE collection SET recent_from = uid_next;
