/* New passwords: argon2id with the first of OWASP's recommended settings
 * (Password Storage Cheat Sheet: 19 MiB, two passes, one lane). */
#include "mailcore/auth/auth.h"

#include "mailcore/base/encode.h"
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

static const char scheme[] = "{ARGON2ID}";

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
	buf_add_text(out, scheme);
	buf_add_text(out, encoded);
	return buf_result(out);
}

/* Random bytes in base64 without padding, as argon2 writes them. */
static void
add_random(struct buf *out, size_t n)
{
	unsigned char bytes[ARGON2_DIGEST];
	struct buf text = buf_new(2 * sizeof bytes);
	view v;

	random_bytes(bytes, n);
	encode_base64(&text, (view){ (const char *)bytes, n });
	v = buf_view(&text);
	while (v.n > 0 && v.p[v.n - 1] == '=')
		v.n--;
	buf_add(out, v);
	buf_free(&text);
}

/* A digest that is random belongs to no password, and need not be computed:
 * every role makes one when it starts. */
result
auth_hash_nobody(struct buf *out)
{
	buf_print(out, "%s$argon2id$v=%d$m=%d,t=%d,p=%d$", scheme,
	    (int)ARGON2_VERSION_NUMBER, (int)ARGON2_MEMORY_KIB,
	    (int)ARGON2_PASSES, (int)ARGON2_LANES);
	add_random(out, ARGON2_SALT);
	buf_add_byte(out, '$');
	add_random(out, ARGON2_DIGEST);
	return buf_result(out);
}
