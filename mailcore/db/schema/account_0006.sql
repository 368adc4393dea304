-- Annotations of mailboxes.

-- What clients keep with a mailbox, or with the account itself (RFC 5464).
CREATE TABLE annotation (
	account_id BIGINT NOT NULL,
	-- 0: the account.
	collection BIGINT NOT NULL,
	-- 0: shared; otherwise the account of the person whose own it is.
	whose BIGINT NOT NULL,
	-- In small letters, without /private or /shared: "/comment".
	name TEXT NOT NULL,
	value BLOB NOT NULL,
	PRIMARY KEY (account_id, collection, whose, name)
) WITHOUT ROWID;
