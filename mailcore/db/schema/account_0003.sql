-- What others share with this account, as its owner wants to see it.

-- A collection of another account that is shown beside the own ones.  Whether
-- it may be seen is decided each time (store/right.h).
CREATE TABLE subscription (
	account_id BIGINT NOT NULL,
	-- The modseq of its making.
	id BIGINT NOT NULL,
	-- enum collection_kind.
	kind BIGINT NOT NULL,
	-- The path segment here.
	name TEXT NOT NULL,
	-- Whose it is, and which.
	owner BIGINT NOT NULL,
	collection BIGINT NOT NULL,
	PRIMARY KEY (account_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX subscription_name ON subscription
    (account_id, kind, name);
CREATE UNIQUE INDEX subscription_of ON subscription
    (account_id, owner, collection);
