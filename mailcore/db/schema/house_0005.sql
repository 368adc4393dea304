-- Who is signed in to the pages, and who came by which way when.

-- Grows with every sign-out everywhere: connections and sessions that are
-- older end.
ALTER TABLE account ADD COLUMN sign_outs BIGINT NOT NULL DEFAULT 0;

-- A browser that somebody is signed in by.
CREATE TABLE session (
	id BIGINT NOT NULL PRIMARY KEY,
	account_id BIGINT NOT NULL,
	-- SHA-256 of the cookie's token.
	hash BLOB NOT NULL,
	-- Seconds since 1970; used is written at most once a minute.
	created BIGINT NOT NULL,
	used BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	-- From where it was used last.
	peer TEXT NOT NULL,
	-- The browser, as it calls itself.
	agent TEXT NOT NULL,
	-- As the account's were: with others it means nothing.
	password_version BIGINT NOT NULL,
	sign_outs BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX session_hash ON session (hash);
CREATE INDEX session_account ON session (account_id, id);
CREATE INDEX session_expires ON session (expires);
CREATE INDEX session_used ON session (used);

-- The last login of an account by one protocol and one password, written at
-- most once a minute.
CREATE TABLE login (
	account_id BIGINT NOT NULL,
	-- app_password.id; 0: the main password.
	app BIGINT NOT NULL,
	protocol TEXT NOT NULL,
	-- Seconds since 1970.
	used BIGINT NOT NULL,
	peer TEXT NOT NULL,
	-- Grows with every row that is written, so that who knows one number
	-- finds what came after it.
	number BIGINT NOT NULL,
	PRIMARY KEY (account_id, app, protocol)
) WITHOUT ROWID;
CREATE INDEX login_number ON login (account_id, number);
