-- Who may see what of whose collections.

-- What an owner lets somebody do.
CREATE TABLE access (
	-- The owner.
	account_id BIGINT NOT NULL,
	-- enum collection_kind, and which of them; 0: all of that kind, also
	-- those that are still to be made.
	kind BIGINT NOT NULL,
	collection BIGINT NOT NULL,
	-- enum right_whom, and which account or domain that is.
	whom BIGINT NOT NULL,
	grantee BIGINT NOT NULL,
	-- Set of enum right; never 0.
	rights BIGINT NOT NULL,
	PRIMARY KEY (account_id, kind, collection, whom, grantee)
) WITHOUT ROWID;
CREATE INDEX access_grantee ON access (whom, grantee, account_id);
