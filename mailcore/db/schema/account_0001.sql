-- account.db: all that one person owns, but for bodies of more than 64 KiB,
-- which are files beside it.
--
-- Every key begins with account_id, and every statement asks for it, so that
-- the same statements run over one database that holds all accounts.  Numbers
-- that are given out (uid, modseq, ids) are columns that a write takes and
-- raises, never sequences: they roll back with it, and the order of numbers
-- is the order in which changes become visible.

-- One row: where the account stands.
CREATE TABLE state (
	account_id BIGINT NOT NULL PRIMARY KEY,
	-- Grows by one with each write transaction; the journal's order.
	seq BIGINT NOT NULL DEFAULT 0,
	-- The journal that the last write transaction went to, and the one
	-- before it (store/journal.h).
	writer BIGINT NOT NULL DEFAULT 0,
	previous BIGINT NOT NULL DEFAULT 0,
	-- The house's epoch that this account has followed: behind it, all
	-- numbers jump ahead, as some that were seen may have been lost.
	epoch BIGINT NOT NULL DEFAULT 0,
	-- The number of the last change.
	modseq BIGINT NOT NULL DEFAULT 0,
	-- Sum of the sizes of all items, and its bound (0: none).
	used BIGINT NOT NULL DEFAULT 0,
	quota BIGINT NOT NULL DEFAULT 0,
	-- The next ones to be given out.
	next_collection BIGINT NOT NULL DEFAULT 1,
	next_uid_validity BIGINT NOT NULL DEFAULT 1,
	next_body BIGINT NOT NULL DEFAULT 1
) WITHOUT ROWID;

-- A mailbox, calendar or address book.
CREATE TABLE collection (
	account_id BIGINT NOT NULL,
	id BIGINT NOT NULL,
	-- enum collection_kind.
	kind BIGINT NOT NULL,
	-- UTF-8; '/' between the levels of a mailbox; the path segment of DAV.
	name TEXT NOT NULL,
	display_name TEXT NOT NULL,
	-- enum special_use.
	special_use BIGINT NOT NULL DEFAULT 0,
	subscribed BIGINT NOT NULL DEFAULT 0,
	-- Ascending in the account, so a new mailbox of an old name never has
	-- the value of the old one.
	uid_validity BIGINT NOT NULL,
	uid_next BIGINT NOT NULL DEFAULT 1,
	-- Of the last change to it or in it.
	modseq BIGINT NOT NULL,
	-- Tombstones up to here are no longer kept.
	pruned BIGINT NOT NULL DEFAULT 0,
	-- The modseq of its making.
	created BIGINT NOT NULL,
	-- Counts of its items, of those without \Seen, and of their bytes.
	items BIGINT NOT NULL DEFAULT 0,
	unseen BIGINT NOT NULL DEFAULT 0,
	bytes BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (account_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX collection_name ON collection (account_id, kind, name);

-- A collection that was removed or has lost its name, for those who ask what
-- changed.
CREATE TABLE collection_gone (
	account_id BIGINT NOT NULL,
	kind BIGINT NOT NULL,
	modseq BIGINT NOT NULL,
	id BIGINT NOT NULL,
	name TEXT NOT NULL,
	PRIMARY KEY (account_id, kind, modseq, id)
) WITHOUT ROWID;

-- What clients keep with a collection (RFC 4918 dead properties): the inner
-- XML, by "namespace name".
CREATE TABLE property (
	account_id BIGINT NOT NULL,
	collection BIGINT NOT NULL,
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (account_id, collection, name)
) WITHOUT ROWID;

-- A message, event, task or contact.  Rows are small and lie in the order of
-- their uids: the flags of a whole mailbox are one short walk.
CREATE TABLE item (
	account_id BIGINT NOT NULL,
	collection BIGINT NOT NULL,
	uid BIGINT NOT NULL,
	-- Of its last change.
	modseq BIGINT NOT NULL,
	-- DAV: the last path segment, and the UID inside; mail: empty.
	name TEXT NOT NULL,
	key TEXT NOT NULL,
	-- Seconds since 1970: INTERNALDATE; DAV: last modified.
	received BIGINT NOT NULL,
	-- enum item_flag, and keywords between single spaces.
	flags BIGINT NOT NULL,
	keywords TEXT NOT NULL,
	size BIGINT NOT NULL,
	-- DAV: a hash of the bytes.
	etag TEXT NOT NULL,
	-- DAV: "VEVENT", "VTODO" ...; mail: empty.
	component TEXT NOT NULL,
	-- Seconds since 1970, from the begin of the first instance to the end
	-- of the last one (calendars).
	span_from BIGINT NOT NULL,
	span_to BIGINT NOT NULL,
	body BIGINT NOT NULL,
	PRIMARY KEY (account_id, collection, uid)
) WITHOUT ROWID;
CREATE INDEX item_changed ON item (account_id, collection, modseq);
CREATE UNIQUE INDEX item_name ON item (account_id, collection, name)
    WHERE name <> '';
CREATE UNIQUE INDEX item_key ON item (account_id, collection, key)
    WHERE key <> '';
CREATE INDEX item_span ON item (account_id, collection, span_from, span_to)
    WHERE component <> '';

-- The tombstone of an item.  A name that is used again loses its tombstone:
-- who asks what changed is told of a name once.
CREATE TABLE item_gone (
	account_id BIGINT NOT NULL,
	collection BIGINT NOT NULL,
	modseq BIGINT NOT NULL,
	uid BIGINT NOT NULL,
	name TEXT NOT NULL,
	PRIMARY KEY (account_id, collection, modseq, uid)
) WITHOUT ROWID;
CREATE INDEX item_gone_name ON item_gone (account_id, collection, name)
    WHERE name <> '';

-- The bytes of one or more items; never changed.  (An account.db holds one
-- account, so here the id alone can be the key, which is the row's place in
-- SQLite and saves an index; elsewhere it is account_id with id.)
CREATE TABLE body (
	id INTEGER PRIMARY KEY,
	account_id BIGINT NOT NULL,
	size BIGINT NOT NULL,
	-- SHA-256 of the bytes.
	hash BLOB NOT NULL,
	-- Empty, or the file below bodies/ that holds them instead of `data`.
	file TEXT NOT NULL,
	data BLOB NOT NULL
);
CREATE UNIQUE INDEX body_file ON body (account_id, file) WHERE file <> '';

-- How many items beyond the first share a body.  A row stands here only once
-- a message was copied: counting in `body` would write all its bytes again.
CREATE TABLE body_share (
	account_id BIGINT NOT NULL,
	body BIGINT NOT NULL,
	extra BIGINT NOT NULL,
	PRIMARY KEY (account_id, body)
) WITHOUT ROWID;

-- What was computed of a message at its delivery, ready to send.
CREATE TABLE summary (
	body INTEGER PRIMARY KEY,
	account_id BIGINT NOT NULL,
	-- The Date field, in seconds since 1970; 0 without.
	sent BIGINT NOT NULL,
	-- RFC 9051 values of these names.
	envelope BLOB NOT NULL,
	structure BLOB NOT NULL,
	bodystructure BLOB NOT NULL,
	-- The header block with its blank line; empty when too large.
	header BLOB NOT NULL
);
