/* New passwords: argon2id with the first of OWASP's recommended settings
 * (Password Storage Cheat Sheet: 19 MiB, two passes, one lane). */
#include "mailcore/auth/auth.h"

#include "mailcore/base/secret.h"
#include "mailcore/base/utf8.h"
#include "mailcore/sys/random.h"

#include <argon2.h>

enum {
	ARGON2_MEMORY_KIB = 19456,
	ARGON2_PASSES = 2,
	ARGON2_LANES = 1,
	ARGON2_SALT = 16,
	ARGON2_DIGEST = 32,
	ARGON2_TEXT = 256 /* of the encoded form; about 100 are used */
};

result
auth_hash(view password, struct buf *out)
{
	unsigned char salt[ARGON2_SALT];
	char encoded[ARGON2_TEXT];
	int error;

	if (password.n == 0)
		return fail(MALFORMED, "a password may not be empty");
	if (password.n > LIMIT_PASSWORD)
		return fail(OVER_LIMIT, "a password has at most 1024 bytes");
	if (!utf8_is_valid(password)
	    || view_find_byte(password, '\0') != SIZE_MAX)
		return fail(MALFORMED, "a password is UTF-8 text without NUL");
	random_bytes(salt, sizeof salt);
	error = argon2id_hash_encoded(ARGON2_PASSES, ARGON2_MEMORY_KIB,
	    ARGON2_LANES, password.p, password.n, salt, sizeof salt,
	    ARGON2_DIGEST, encoded, sizeof encoded);
	if (error != ARGON2_OK)
		return fail(FAILED, "argon2 found no memory");
	buf_add(out, VIEW("{ARGON2ID}"));
	buf_add_text(out, encoded);
	return buf_result(out);
}
