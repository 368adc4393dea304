-- Keys for SCRAM (RFC 5802 3): StoredKey, then ServerKey.  Empty: none yet.

-- They fit the password of that password_version, and no other.
ALTER TABLE account ADD COLUMN scram_version BIGINT NOT NULL DEFAULT -1;
ALTER TABLE account ADD COLUMN scram_sha256 BLOB NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN scram_sha1 BLOB NOT NULL DEFAULT '';

ALTER TABLE app_password ADD COLUMN scram_sha256 BLOB NOT NULL DEFAULT '';
ALTER TABLE app_password ADD COLUMN scram_sha1 BLOB NOT NULL DEFAULT '';
