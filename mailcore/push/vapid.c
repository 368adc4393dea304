#include "mailcore/push/vapid.h"

#include "mailcore/base/encode.h"

#include <openssl/evp.h>

enum { GOOD_SECONDS = 43200, TOKEN = 4096 };

/* RFC 7515 3.1: the header and the claims, as they are signed. */
static void
write_claims(struct buf *to, view audience, view host, int64_t now)
{
	struct buf claims = buf_new(TOKEN);
	long long expires = now + GOOD_SECONDS;

	buf_add(&claims, VIEW("{\"aud\":\""));
	buf_add(&claims, audience);
	buf_print(&claims, "\",\"exp\":%lld,\"sub\":\"https://",
	    expires);
	buf_add(&claims, host);
	buf_add(&claims, VIEW("/\"}"));
	encode_base64url(to, VIEW("{\"typ\":\"JWT\",\"alg\":\"ES256\"}"));
	buf_add_byte(to, '.');
	encode_base64url(to, buf_view(&claims));
	if (buf_result(&claims).is != OK)
		buf_fail(to, OVER_LIMIT, "a token is too long");
	buf_free(&claims);
}

static result
sign(struct signer *s, view text, struct buf *out)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned char signature[SIGNER_PUSH_SIGNATURE];

	if (EVP_Digest(text.p, text.n, hash, NULL, EVP_sha256(), NULL) != 1)
		return fail(FAILED, "no SHA-256");
	TRY(signer_push(s, hash, signature));
	encode_base64url(out,
	    (view){ (const char *)signature, sizeof signature });
	return done();
}

result
vapid_write(struct signer *s, view audience, view host, int64_t now,
    struct buf *out)
{
	struct buf text = buf_new(TOKEN);
	struct signer_point key;
	result r;

	write_claims(&text, audience, host, now);
	r = buf_result(&text);
	if (r.is == OK)
		r = signer_push_key(s, &key);
	if (r.is == OK) {
		buf_add(out, VIEW("vapid t="));
		buf_add(out, buf_view(&text));
		buf_add_byte(out, '.');
		r = sign(s, buf_view(&text), out);
	}
	buf_free(&text);
	TRY(r);
	buf_add(out, VIEW(", k="));
	encode_base64url(out, (view){ (const char *)key.bytes,
				  sizeof key.bytes });
	return buf_result(out);
}
