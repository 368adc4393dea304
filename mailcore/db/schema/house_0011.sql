-- How much somebody may send, where it is not what the configuration says.
CREATE TABLE send_limit (
	account_id BIGINT NOT NULL PRIMARY KEY,
	-- Recipients in an hour and in a day; 0: none at all, -1: as many as
	-- they like.
	hour BIGINT NOT NULL,
	day BIGINT NOT NULL
) WITHOUT ROWID;
