-- Passwords made for one device each, and links that work once.

-- A password for one device.  It is random enough that a keyed hash keeps it,
-- and that hash finds it.
CREATE TABLE app_password (
	id BIGINT NOT NULL PRIMARY KEY,
	account_id BIGINT NOT NULL,
	-- HMAC-SHA-256 under the setting "app-password-key".
	hash BLOB NOT NULL,
	-- What the person calls the device.
	label TEXT NOT NULL,
	-- Set of enum app_right.
	rights BIGINT NOT NULL,
	-- "192.0.2.0/24,2001:db8::/32"; empty: from anywhere.
	networks TEXT NOT NULL,
	-- Seconds since 1970; expires 0: never, used 0: not yet.
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	used BIGINT NOT NULL DEFAULT 0,
	-- The last login with it, written at most once a minute.
	used_peer TEXT NOT NULL DEFAULT '',
	used_protocol TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE UNIQUE INDEX app_password_hash ON app_password (hash);
CREATE INDEX app_password_account ON app_password (account_id, id);

-- A document behind a link that works once.
CREATE TABLE one_time (
	-- SHA-256 of the link's token.
	hash BLOB NOT NULL PRIMARY KEY,
	-- Seconds since 1970.
	expires BIGINT NOT NULL,
	-- 1: fetched; the row stays for a while to say so.
	taken BIGINT NOT NULL DEFAULT 0,
	-- Of the file, as the person sees it.
	name TEXT NOT NULL,
	-- Sealed by the token, so that who reads this table reads nothing.
	body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX one_time_expires ON one_time (expires);
