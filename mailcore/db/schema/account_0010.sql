-- What was there before a change of a calendar or an address book.

-- A version of an event or a contact that a change has replaced or removed.
-- It lies here with its body for a time, and counts in no quota.
CREATE TABLE history (
	account_id BIGINT NOT NULL,
	-- The change, and where.
	modseq BIGINT NOT NULL,
	collection BIGINT NOT NULL,
	uid BIGINT NOT NULL,
	-- enum history_what, and when (seconds since 1970).
	what BIGINT NOT NULL,
	at BIGINT NOT NULL,
	-- The version: its own change number, and the columns of its item.
	before BIGINT NOT NULL,
	name TEXT NOT NULL,
	key TEXT NOT NULL,
	size BIGINT NOT NULL,
	etag TEXT NOT NULL,
	component TEXT NOT NULL,
	span_from BIGINT NOT NULL,
	span_to BIGINT NOT NULL,
	saved BIGINT NOT NULL,
	body BIGINT NOT NULL,
	PRIMARY KEY (account_id, modseq, collection, uid)
) WITHOUT ROWID;
CREATE INDEX history_item ON history (account_id, collection, uid, modseq);

-- A calendar or address book that was removed; its properties stay where they
-- are, its items are above.
CREATE TABLE history_collection (
	account_id BIGINT NOT NULL,
	modseq BIGINT NOT NULL,
	at BIGINT NOT NULL,
	id BIGINT NOT NULL,
	-- enum collection_kind.
	kind BIGINT NOT NULL,
	name TEXT NOT NULL,
	display_name TEXT NOT NULL,
	items BIGINT NOT NULL,
	bytes BIGINT NOT NULL,
	uid_next BIGINT NOT NULL,
	PRIMARY KEY (account_id, modseq)
) WITHOUT ROWID;
