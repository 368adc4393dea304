-- Aliases of every kind and domains that stand for another.

-- A domain whose every address means the same local part in another one.
CREATE TABLE domain_alias (
	-- A-labels in lower case.
	name TEXT NOT NULL PRIMARY KEY,
	-- The hosted domain that it means.
	domain BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX domain_alias_domain ON domain_alias (domain, name);

-- Until when (seconds since 1970) an alias of a mailbox is good; 0: for ever.
-- The row stays, so that nobody else gets the address.
ALTER TABLE address ADD COLUMN expires BIGINT NOT NULL DEFAULT 0;

-- An address (or "@domain") that leads to something else than one mailbox.
CREATE TABLE route (
	address TEXT NOT NULL PRIMARY KEY,
	-- enum alias_kind.
	kind BIGINT NOT NULL,
	expires BIGINT NOT NULL DEFAULT 0,
	-- Addresses, one a line; or what senders are told.
	text TEXT NOT NULL
) WITHOUT ROWID;
