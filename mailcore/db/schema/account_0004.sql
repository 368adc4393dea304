-- What happens to mail that comes: scripts, forwarding, automatic replies.

-- A Sieve script (RFC 5228), as the person wrote it.
CREATE TABLE script (
	account_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	-- 1: it is run; at most one is.
	active BIGINT NOT NULL DEFAULT 0,
	text BLOB NOT NULL,
	PRIMARY KEY (account_id, name)
) WITHOUT ROWID;

-- Beside the script; no row: mail goes to INBOX and nothing else happens.
CREATE TABLE handling (
	account_id BIGINT NOT NULL PRIMARY KEY,
	-- Addresses, one a line; and whether the mailbox gets the mail too.
	forward TEXT NOT NULL DEFAULT '',
	forward_keep BIGINT NOT NULL DEFAULT 1,
	-- An automatic reply, from `vacation_from` to before `vacation_until`
	-- (seconds since 1970; 0: no bound); one in so many seconds to each
	-- sender.
	vacation BIGINT NOT NULL DEFAULT 0,
	vacation_subject TEXT NOT NULL DEFAULT '',
	vacation_text TEXT NOT NULL DEFAULT '',
	vacation_from BIGINT NOT NULL DEFAULT 0,
	vacation_until BIGINT NOT NULL DEFAULT 0,
	vacation_every BIGINT NOT NULL DEFAULT 86400
) WITHOUT ROWID;

-- What is remembered for a time: who was replied to, what has been seen.
CREATE TABLE remembered (
	account_id BIGINT NOT NULL,
	-- SHA-256 of what it is about.
	hash BLOB NOT NULL,
	-- Seconds since 1970.
	until BIGINT NOT NULL,
	PRIMARY KEY (account_id, hash)
) WITHOUT ROWID;
CREATE INDEX remembered_until ON remembered (account_id, until);

-- What the person's scripts have cost of late.
CREATE TABLE script_cost (
	account_id BIGINT NOT NULL PRIMARY KEY,
	-- When counting began (seconds since 1970), and steps since.
	since BIGINT NOT NULL,
	steps BIGINT NOT NULL
) WITHOUT ROWID;
