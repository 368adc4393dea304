-- Domains that somebody administers beside the operator.

CREATE TABLE administrator (
	account_id BIGINT NOT NULL,
	domain BIGINT NOT NULL,
	PRIMARY KEY (account_id, domain)
) WITHOUT ROWID;
CREATE INDEX administrator_domain ON administrator (domain, account_id);

-- What they may give out; 0: no bound.  The operator is not held to it.
ALTER TABLE domain ADD COLUMN mailbox_limit BIGINT NOT NULL DEFAULT 0;
-- Bytes: all quotas of the domain together.
ALTER TABLE domain ADD COLUMN quota_limit BIGINT NOT NULL DEFAULT 0;
