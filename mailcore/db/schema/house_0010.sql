-- What a sender asked the queue to do.

-- RFC 3461 4.3 RET: 0 not said, 1 the headers, 2 all (enum queue_ret).
ALTER TABLE queue_message ADD COLUMN ret BIGINT NOT NULL DEFAULT 0;
-- RFC 8689: only over TLS that is verified, or not at all.
ALTER TABLE queue_message ADD COLUMN requiretls BIGINT NOT NULL DEFAULT 0;
-- RFC 4865: held until then (seconds since 1970); 0: not held.
ALTER TABLE queue_message ADD COLUMN released BIGINT NOT NULL DEFAULT 0;

-- RFC 3461 4.1 NOTIFY: set of enum queue_notify; 0: not said.
ALTER TABLE queue_recipient ADD COLUMN notify BIGINT NOT NULL DEFAULT 0;
-- RFC 3461 4.2 ORCPT as it was said, "rfc822;in+20xtext"; empty: not said.
ALTER TABLE queue_recipient ADD COLUMN original TEXT NOT NULL DEFAULT '';
-- When its sender was told that it is late; 0: not yet.
ALTER TABLE queue_recipient ADD COLUMN warned BIGINT NOT NULL DEFAULT 0;
