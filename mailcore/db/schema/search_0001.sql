-- search.db: what makes searching and listing quick, beside account.db.  All
-- of it can be made again from there, and is when the file is missing or
-- damaged; so it is in no journal and in no backup.

-- One row: how far it goes.
CREATE TABLE progress (
	account_id BIGINT NOT NULL PRIMARY KEY,
	-- Of the code that reads text: another version begins anew.
	version BIGINT NOT NULL,
	-- Bodies up to this id are in segments, and the last one's hash: an
	-- account.db that was put back does not have it.
	body BIGINT NOT NULL,
	hash BLOB NOT NULL,
	-- The next one to be given out.
	next_segment BIGINT NOT NULL
) WITHOUT ROWID;

-- Some bodies in a row, of which all runs of three bytes are known.
CREATE TABLE segment (
	id INTEGER PRIMARY KEY,
	account_id BIGINT NOT NULL,
	-- 0: of 64 bodies; 1: of 1,024, merged from sixteen such.
	large BIGINT NOT NULL,
	-- Their ids, eight bytes each.
	bodies BLOB NOT NULL,
	-- A bit for each that has to be looked at in any case.
	direct BLOB NOT NULL
);

-- One in 64 (1,024) of the terms of a segment (store/posting.h): its id is
-- the segment's times 1,024, plus the bucket's number.
CREATE TABLE posting (
	id INTEGER PRIMARY KEY,
	account_id BIGINT NOT NULL,
	terms BLOB NOT NULL
);

-- Messages of a mailbox in a row, as FETCH tells of them: which never
-- changes.
CREATE TABLE digest (
	id INTEGER PRIMARY KEY,
	account_id BIGINT NOT NULL,
	collection BIGINT NOT NULL,
	-- The highest uid, and how many.
	last BIGINT NOT NULL,
	count BIGINT NOT NULL,
	-- Their uids and bodies; all else that is short (store/search_digest.h).
	map BLOB NOT NULL,
	facts BLOB NOT NULL
);
CREATE UNIQUE INDEX digest_last ON digest (account_id, collection, last);

-- The texts of a digest, those that are asked for together in a row of their
-- own, so that the others are not read along: its id is the digest's times
-- four, plus 0 for envelopes, 1 for structures, 2 for the header fields that
-- programs ask for in lists.
CREATE TABLE digest_text (
	id INTEGER PRIMARY KEY,
	account_id BIGINT NOT NULL,
	texts BLOB NOT NULL
);
