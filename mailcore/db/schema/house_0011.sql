-- How much somebody may send, where it is not what the configuration says.
CREATE TABLE send_limit (
	account_id BIGINT NOT NULL PRIMARY KEY,
	-- Recipients in an hour and in a day; 0: none at all, -1: as many as
	-- they like.
	hour BIGINT NOT NULL,
	day BIGINT NOT NULL
) WITHOUT ROWID;

-- To how many recipients somebody has sent.
CREATE TABLE sent (
	account_id BIGINT NOT NULL PRIMARY KEY,
	-- Hours and days since 1970 that the counts are of.
	hour BIGINT NOT NULL,
	hour_count BIGINT NOT NULL,
	day BIGINT NOT NULL,
	day_count BIGINT NOT NULL,
	-- The day on which they were last told that it was too much.
	warned BIGINT NOT NULL DEFAULT 0
) WITHOUT ROWID;
