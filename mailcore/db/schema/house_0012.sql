-- What was seen of TLS at other servers.

-- A domain's word of how its servers are reached safely (RFC 8461).
CREATE TABLE sts_policy (
	-- A-labels in lower case.
	domain TEXT NOT NULL PRIMARY KEY,
	-- Of the record in the DNS with which it came.
	id TEXT NOT NULL,
	-- Seconds since 1970: the last try to get it, and its end.
	tried BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	-- The policy's text; empty: it could not be had.
	text TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sts_policy_expires ON sts_policy (expires);

-- Sessions with the servers of one domain on one day (RFC 8460).
CREATE TABLE tls_session (
	-- Days since 1970, UTC.
	day BIGINT NOT NULL,
	domain TEXT NOT NULL,
	-- "sts", "tlsa" or "no-policy-found".
	policy TEXT NOT NULL,
	-- "successful", or what failed, in the words of RFC 8460 4.3.
	outcome TEXT NOT NULL,
	-- The server; empty where it does not matter.
	host TEXT NOT NULL,
	address TEXT NOT NULL,
	count BIGINT NOT NULL,
	PRIMARY KEY (day, domain, policy, outcome, host, address)
) WITHOUT ROWID;

-- What somebody has sent and is on its way.
CREATE INDEX queue_account ON queue_message (account_id, id)
	WHERE account_id <> 0;
