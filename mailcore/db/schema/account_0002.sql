-- Scheduling: what was sent and what came in.

-- Messages (RFC 5546) that a change has caused and that are not yet all
-- delivered: written in the transaction of that change, removed when every
-- recipient has taken them in.
CREATE TABLE schedule_outbox (
	account_id BIGINT NOT NULL,
	-- A modseq: ascending, never given out again.
	id BIGINT NOT NULL,
	-- enum itip_method.
	method BIGINT NOT NULL,
	-- 1: nobody need look, so not by mail and not into an inbox.
	quiet BIGINT NOT NULL,
	-- The address that speaks, and those that are spoken to, one a line.
	sender TEXT NOT NULL,
	recipients TEXT NOT NULL,
	text BLOB NOT NULL,
	PRIMARY KEY (account_id, id)
) WITHOUT ROWID;

-- Up to which message of another account all have been taken in here, in the
-- transaction that did so.
CREATE TABLE schedule_seen (
	account_id BIGINT NOT NULL,
	sender BIGINT NOT NULL,
	id BIGINT NOT NULL,
	PRIMARY KEY (account_id, sender)
) WITHOUT ROWID;

-- One row when the account is not a person: enum schedule_kind.
CREATE TABLE schedule_owner (
	account_id BIGINT NOT NULL PRIMARY KEY,
	kind BIGINT NOT NULL
) WITHOUT ROWID;
