-- Subscriptions to pushed messages (WebDAV-Push over RFC 8030).

-- A client that wants to be told when a collection changes.
CREATE TABLE push (
	account_id BIGINT NOT NULL,
	-- Random; with the account's number it is the registration's URL.
	token TEXT NOT NULL,
	collection BIGINT NOT NULL,
	-- The account that registered: the owner, or one he shares with.
	who BIGINT NOT NULL,
	-- Where messages go, and for whom they are encrypted (RFC 8291).
	url TEXT NOT NULL,
	key BLOB NOT NULL,
	secret BLOB NOT NULL,
	-- Set of enum push_trigger.
	triggers BIGINT NOT NULL,
	-- Seconds since 1970.
	expires BIGINT NOT NULL,
	-- The change number that has been told, and a hash of the collection's
	-- properties at that time.
	told BIGINT NOT NULL,
	properties BLOB NOT NULL,
	-- No message before then, after so many in a row that failed.
	due BIGINT NOT NULL DEFAULT 0,
	failures BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (account_id, token)
) WITHOUT ROWID;
CREATE UNIQUE INDEX push_url ON push (account_id, collection, who, url);
