-- When a version happens, too, so that what is undone is found by time.

-- As item.times (account_0011.sql); empty: only the object itself can tell.
ALTER TABLE history ADD COLUMN times BLOB NOT NULL DEFAULT '';
