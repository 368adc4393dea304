-- posthaste.db: domains, accounts, addresses, and mail on its way out.

-- One row, of account 0: where the house stands (see account_0001.sql).
CREATE TABLE state (
	account_id BIGINT NOT NULL PRIMARY KEY,
	seq BIGINT NOT NULL DEFAULT 0,
	writer BIGINT NOT NULL DEFAULT 0,
	previous BIGINT NOT NULL DEFAULT 0,
	-- Grows with every start after an unclean stop.
	epoch BIGINT NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- The next numbers to be given out, by what they number.
CREATE TABLE counter (
	name TEXT NOT NULL PRIMARY KEY,
	next BIGINT NOT NULL
) WITHOUT ROWID;

-- Small named values: keys, the name of the house.
CREATE TABLE setting (
	name TEXT NOT NULL PRIMARY KEY,
	value BLOB NOT NULL
) WITHOUT ROWID;

-- A domain whose mail and calendars are kept here.
CREATE TABLE domain (
	id BIGINT NOT NULL PRIMARY KEY,
	-- A-labels in lower case.
	name TEXT NOT NULL,
	display_name TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX domain_name ON domain (name);

-- A person (or another owner of a mailbox).
CREATE TABLE account (
	id BIGINT NOT NULL PRIMARY KEY,
	domain BIGINT NOT NULL,
	-- The primary address, in lower case.
	address TEXT NOT NULL,
	name TEXT NOT NULL,
	-- "{SCHEME}hash".
	password TEXT NOT NULL,
	-- Grows with each new password: what was proven by the old one ends.
	password_version BIGINT NOT NULL DEFAULT 1,
	enabled BIGINT NOT NULL DEFAULT 1,
	-- Bytes, 0: no bound; the account's own database decides by a copy.
	quota BIGINT NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX account_domain ON account (domain, address);

-- Each address leads to one account: the primary ones and the aliases.
CREATE TABLE address (
	address TEXT NOT NULL PRIMARY KEY,
	account_id BIGINT NOT NULL,
	-- 1: the account's primary address.
	is_primary BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX address_account ON address (account_id);

-- Failed logins, by network or account.
CREATE TABLE throttle (
	key TEXT NOT NULL PRIMARY KEY,
	count BIGINT NOT NULL,
	-- Seconds since 1970: from then on the row means nothing.
	until BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX throttle_until ON throttle (until);

-- A message on its way out.
CREATE TABLE queue_message (
	id INTEGER PRIMARY KEY,
	-- The reverse-path; empty for <>.
	sender TEXT NOT NULL,
	-- Who sent it; 0: nobody here.
	account_id BIGINT NOT NULL,
	created BIGINT NOT NULL,
	size BIGINT NOT NULL,
	smtputf8 BIGINT NOT NULL,
	eightbit BIGINT NOT NULL,
	-- RFC 3461 ENVID.
	envelope_id TEXT NOT NULL,
	-- Empty, or the file below queue/ that holds it instead of `data`.
	file TEXT NOT NULL,
	data BLOB NOT NULL
);
CREATE UNIQUE INDEX queue_file ON queue_message (file) WHERE file <> '';

-- One recipient of it that is not settled yet.
CREATE TABLE queue_recipient (
	message BIGINT NOT NULL,
	id BIGINT NOT NULL,
	address TEXT NOT NULL,
	-- The domain of the address, in lower case: one lease, one server.
	domain TEXT NOT NULL,
	attempts BIGINT NOT NULL DEFAULT 0,
	-- When it is due (seconds since 1970); a lease moves it ahead.
	next BIGINT NOT NULL,
	-- What the last attempt ended with.
	error TEXT NOT NULL,
	PRIMARY KEY (message, id)
) WITHOUT ROWID;
CREATE INDEX queue_due ON queue_recipient (next, message);
