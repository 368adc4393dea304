-- A recipient that a worker tries just now.

-- Until when (seconds since 1970); 0: nobody does.
ALTER TABLE queue_recipient ADD COLUMN leased BIGINT NOT NULL DEFAULT 0;
