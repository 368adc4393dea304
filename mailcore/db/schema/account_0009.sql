-- Properties of objects, and the language of properties.

-- RFC 4918 4.3: the xml:lang in whose scope a value was set; empty: none.
ALTER TABLE property ADD COLUMN language TEXT NOT NULL DEFAULT '';

-- Octets of the item's properties below; 0: it has none, so nobody looks.
ALTER TABLE item ADD COLUMN properties BIGINT NOT NULL DEFAULT 0;

-- What clients keep with an event, a contact or a file: the inner XML, by
-- "namespace name".
CREATE TABLE item_property (
	account_id BIGINT NOT NULL,
	collection BIGINT NOT NULL,
	uid BIGINT NOT NULL,
	name TEXT NOT NULL,
	language TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (account_id, collection, uid, name)
) WITHOUT ROWID;
