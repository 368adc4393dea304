-- What a process that was stopped has left to others.

-- Of a recipient that is being tried: by whom, as in state.writer of
-- account_0001.sql; 0: nobody.
ALTER TABLE queue_recipient ADD COLUMN lease BIGINT NOT NULL DEFAULT 0;

-- An account that is being made or removed: its folder means nothing.
CREATE TABLE account_leaving (
	id BIGINT NOT NULL PRIMARY KEY
) WITHOUT ROWID;
