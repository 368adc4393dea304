-- What is remembered of those who send us mail.

-- A line of an allow or deny list.
CREATE TABLE sender_rule (
	-- Whose list: a mailbox's, else a domain's, else (both 0) the server's.
	account_id BIGINT NOT NULL,
	domain BIGINT NOT NULL,
	-- "a@example.org"; "@example.org"; ".example.org": all below it.
	pattern TEXT NOT NULL,
	-- 1: always welcome; 0: never.
	allow BIGINT NOT NULL,
	PRIMARY KEY (pattern, account_id, domain)
) WITHOUT ROWID;
CREATE INDEX sender_rule_owner ON sender_rule (account_id, domain, pattern);

-- From which score on mail is marked or refused, and whether strangers have
-- to try twice; by the same owners.
CREATE TABLE spam_level (
	account_id BIGINT NOT NULL,
	domain BIGINT NOT NULL,
	-- Tenths of a point.  NULL here and below: as on the level above.
	mark BIGINT,
	reject BIGINT,
	greylist BIGINT,
	PRIMARY KEY (account_id, domain)
) WITHOUT ROWID;

-- Greylisting: who has tried to send to whom, and from where.
CREATE TABLE greylist (
	-- The client's /24 or /64.
	network TEXT NOT NULL,
	sender TEXT NOT NULL,
	recipient TEXT NOT NULL,
	-- Seconds since 1970.
	first BIGINT NOT NULL,
	last BIGINT NOT NULL,
	-- 1: came again after the delay, and is let in.
	passed BIGINT NOT NULL,
	PRIMARY KEY (network, sender, recipient)
) WITHOUT ROWID;
CREATE INDEX greylist_age ON greylist (passed, last);

-- Networks whose mail keeps coming again.
CREATE TABLE greylist_network (
	network TEXT NOT NULL PRIMARY KEY,
	-- So many rows of greylist have passed.
	good BIGINT NOT NULL,
	last BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX greylist_network_age ON greylist_network (last);
