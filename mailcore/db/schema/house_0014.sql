-- What the operator has switched off: a whole domain,
ALTER TABLE domain ADD COLUMN enabled BIGINT NOT NULL DEFAULT 1;
-- and an account, which who administers its domain cannot switch on again.
ALTER TABLE account ADD COLUMN withheld BIGINT NOT NULL DEFAULT 0;
