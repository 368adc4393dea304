#include "profiles/identity.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/buf.h"

#include <openssl/evp.h>
#include <stdio.h>

enum { NAME_LETTERS = 26, HASHED = 65536 };

static const char no_digest[] = "no such digest in OpenSSL";

/* 26 letters of base32 (RFC 4648 6) in lower case: 130 bits of `digest`. */
static void
to_letters(const unsigned char *digest, char to[NAME_LETTERS + 1])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

	for (size_t i = 0; i < NAME_LETTERS; i++) {
		size_t bit = 5 * i;
		unsigned two = (unsigned)digest[bit / 8] << 8
		    | digest[bit / 8 + 1];

		to[i] = letters[two >> (11 - bit % 8) & 31];
	}
	to[NAME_LETTERS] = '\0';
}

/* RFC 9562 5.5: SHA-1 over the name space and the name. */
static result
uuid_make(char to[PROFILE_UUID], const unsigned char space[PROFILE_HOUSE],
    const char *name)
{
	struct buf in = buf_new(PROFILE_HOUSE + PROFILE_IDENTIFIER);
	unsigned char d[EVP_MAX_MD_SIZE];
	result r;

	buf_add(&in, (view){ (const char *)space, PROFILE_HOUSE });
	buf_add_text(&in, name);
	r = buf_result(&in);
	if (r.is == OK
	    && EVP_Digest(in.p, in.n, d, NULL, EVP_sha1(), NULL) != 1)
		r = fail(FAILED, no_digest);
	buf_free(&in);
	TRY(r);
	d[6] = (unsigned char)((d[6] & 0x0f) | 0x50);
	d[8] = (unsigned char)((d[8] & 0x3f) | 0x80);
	(void)snprintf(to, PROFILE_UUID,
	    "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-"
	    "%02X%02X%02X%02X%02X%02X",
	    d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10],
	    d[11], d[12], d[13], d[14], d[15]);
	return done();
}

result
profile_name_make(struct profile_name *out,
    const unsigned char house[PROFILE_HOUSE], view address, const char *part)
{
	struct buf in = buf_new(HASHED);
	unsigned char digest[EVP_MAX_MD_SIZE];
	char letters[NAME_LETTERS + 1];
	result r;

	buf_add(&in, (view){ (const char *)house, PROFILE_HOUSE });
	for (size_t i = 0; i < address.n; i++)
		buf_add_byte(&in, ascii_lower(address.p[i]));
	r = buf_result(&in);
	if (r.is == OK
	    && EVP_Digest(in.p, in.n, digest, NULL, EVP_sha256(), NULL) != 1)
		r = fail(FAILED, no_digest);
	buf_free(&in);
	TRY(r);
	to_letters(digest, letters);
	if (snprintf(out->identifier, sizeof out->identifier,
	        "net.posthaste.%s%s", letters, part)
	    >= (int)sizeof out->identifier)
		return fail(FAILED, "a payload's name is too long");
	return uuid_make(out->uuid, house, out->identifier);
}
