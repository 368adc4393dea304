/* Passwords against stored hashes of every scheme that we take over. */
#include "mailcore/auth/auth.h"

#include "mailcore/base/encode.h"
#include "mailcore/base/scan.h"
#include "mailcore/base/secret.h"

#include <argon2.h>
#include <crypt.h>
#include <openssl/evp.h>
#include <stdlib.h>

enum {
	HASH_TEXT = 512, /* longest stored form that we read */

	/* What an imported argon2 hash may ask of this machine; above it one
	 * login would be an attack on all others. */
	ARGON2_MEMORY_KIB_MAX = 262144,
	ARGON2_PASSES_MAX = 16,
	ARGON2_LANES_MAX = 8
};

static const char wrong[] = "the password does not fit";
static const char unknown[] = "the stored password has an unknown scheme";

/* $argon2id$v=19$m=19456,t=2,p=1$salt$digest */
static bool
argon2_is_affordable(view hash)
{
	struct scan s = scan_over(hash);

	(void)scan_try(&s, VIEW("$argon2id$"));
	(void)scan_try(&s, VIEW("$argon2i$"));
	scan_word(&s, VIEW("v=19$m="), unknown);
	(void)scan_number(&s, ARGON2_MEMORY_KIB_MAX, unknown);
	scan_word(&s, VIEW(",t="), unknown);
	(void)scan_number(&s, ARGON2_PASSES_MAX, unknown);
	scan_word(&s, VIEW(",p="), unknown);
	(void)scan_number(&s, ARGON2_LANES_MAX, unknown);
	scan_byte(&s, '$', unknown);
	return scan_ok(&s);
}

static result
verify_argon2(view hash, view password)
{
	argon2_type type =
	    view_starts(hash, VIEW("$argon2id$")) ? Argon2_id : Argon2_i;
	char encoded[HASH_TEXT];
	int error;

	if (!view_copy(hash, encoded, sizeof encoded)
	    || !argon2_is_affordable(hash))
		return fail(MALFORMED, unknown);
	error = argon2_verify(encoded, password.p, password.n, type);
	if (error == ARGON2_OK)
		return done();
	if (error == ARGON2_VERIFY_MISMATCH)
		return fail(DENIED, wrong);
	if (error == ARGON2_MEMORY_ALLOCATION_ERROR)
		return fail(FAILED, "argon2 found no memory");
	return fail(MALFORMED, unknown);
}

/* bcrypt, SHA-crypt, yescrypt: whatever libcrypt does. */
static result
verify_crypt(view hash, view password)
{
	char setting[HASH_TEXT];
	char phrase[LIMIT_PASSWORD + 1];
	struct crypt_data *data;
	const char *made;
	result r = fail(DENIED, wrong);

	if (!view_copy(hash, setting, sizeof setting))
		return fail(MALFORMED, unknown);
	if (!view_copy(password, phrase, sizeof phrase))
		return r;
	data = calloc(1, sizeof *data);
	if (data == NULL)
		abort();
	made = crypt_rn(phrase, setting, data, sizeof *data);
	if (made == NULL)
		r = fail(MALFORMED, unknown);
	else if (secret_eq(view_of(made), hash))
		r = done();
	secret_wipe(phrase, sizeof phrase);
	secret_wipe(data, sizeof *data);
	free(data);
	return r;
}

/* Base64 of digest(password salt) salt, as OpenLDAP and Dovecot have it. */
static result
verify_salted(view text, view password, const EVP_MD *digest)
{
	size_t size = (size_t)EVP_MD_get_size(digest);
	struct buf stored = buf_new(HASH_TEXT);
	struct buf input = buf_new(LIMIT_PASSWORD + HASH_TEXT);
	unsigned char made[EVP_MAX_MD_SIZE];
	result r = decode_base64_strict(&stored, text);

	(void)buf_reserve(&input, password.n + HASH_TEXT);
	if (r.is != OK || stored.n <= size)
		r = fail(MALFORMED, unknown);
	if (r.is == OK) {
		buf_add(&input, password);
		buf_add(&input, view_from(buf_view(&stored), size));
		r = buf_result(&input);
	}
	if (r.is == OK
	    && EVP_Digest(input.p, input.n, made, NULL, digest, NULL) != 1)
		r = fail(FAILED, "no such digest in OpenSSL");
	if (r.is == OK
	    && !secret_eq((view){ (const char *)made, size },
	        view_first(buf_view(&stored), size)))
		r = fail(DENIED, wrong);
	secret_wipe(input.p, input.n);
	buf_free(&input);
	buf_free(&stored);
	return r;
}

static result
verify_ssha(view hash, view password)
{
	return verify_salted(hash, password, EVP_sha1());
}

static result
verify_ssha256(view hash, view password)
{
	return verify_salted(hash, password, EVP_sha256());
}

static result
verify_ssha512(view hash, view password)
{
	return verify_salted(hash, password, EVP_sha512());
}

/* A stored password is a scheme in braces (Dovecot's names) and a hash, or a
 * hash in modular form alone.  What stands behind the braces must begin as
 * its scheme does: libcrypt would also run what is too weak to keep. */
static const struct scheme {
	const char *name; /* NULL: only without braces */
	const char *begin;
	result (*verify)(view hash, view password);
} schemes[] = {
	{ "{ARGON2ID}", "$argon2id$", verify_argon2 },
	{ "{ARGON2I}", "$argon2i$", verify_argon2 },
	{ "{BLF-CRYPT}", "$2a$", verify_crypt },
	{ "{BLF-CRYPT}", "$2b$", verify_crypt },
	{ "{BLF-CRYPT}", "$2y$", verify_crypt },
	{ "{SHA512-CRYPT}", "$6$", verify_crypt },
	{ "{SHA256-CRYPT}", "$5$", verify_crypt },
	{ NULL, "$y$", verify_crypt },
	{ "{SSHA}", "", verify_ssha },
	{ "{SSHA256}", "", verify_ssha256 },
	{ "{SSHA512}", "", verify_ssha512 },
};

/* {CRYPT} stands for every scheme that libcrypt runs. */
static bool
scheme_fits(const struct scheme *scheme, view name, view hash)
{
	if (!view_starts(hash, view_of(scheme->begin)))
		return false;
	if (name.n == 0)
		return scheme->begin[0] != '\0';
	if (view_same(name, VIEW("{CRYPT}")))
		return scheme->verify == verify_crypt;
	return scheme->name != NULL && view_same(name, view_of(scheme->name));
}

result
auth_verify(view hash, view password)
{
	view name = VIEW("");

	if (view_at(hash, 0) == '{' && view_find_byte(hash, '}') < hash.n) {
		name = view_first(hash, view_find_byte(hash, '}') + 1);
		hash = view_from(hash, name.n);
	}
	if (password.n > LIMIT_PASSWORD)
		return fail(DENIED, wrong);
	for (size_t i = 0; i < COUNT(schemes); i++)
		if (scheme_fits(&schemes[i], name, hash))
			return schemes[i].verify(hash, password);
	return fail(MALFORMED, unknown);
}
