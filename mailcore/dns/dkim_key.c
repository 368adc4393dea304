/* Keys in the DNS: RFC 6376 3.6, RFC 8463. */
#include "mailcore/dns/dkim_inside.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum {
	ED25519_KEY = 32,
	/* RFC 8301 3.2: shorter ones prove nothing; longer ones cost us. */
	RSA_LEAST = 1024,
	RSA_MOST = 8192,
	/* RFC 6376 3.6.2.2: several records at a name are undefined. */
	RECORDS_MOST = 4
};

struct key {
	EVP_PKEY *public;
	bool ed25519;
	bool testing;
	bool weak;
};

static EVP_PKEY *
read_rsa(view bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.p;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)bytes.n);

	if (key != NULL)
		return key;
	/* RFC 6376 3.6.1 says RSAPublicKey, its examples and everybody say
	 * SubjectPublicKeyInfo (erratum 3017). */
	at = (const unsigned char *)bytes.p;
	return d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)bytes.n);
}

static result
read_public(view bytes, struct key *out)
{
	int bits;

	if (out->ed25519) {
		if (bytes.n == ED25519_KEY)
			out->public = EVP_PKEY_new_raw_public_key(
			    EVP_PKEY_ED25519, NULL,
			    (const unsigned char *)bytes.p, bytes.n);
		return out->public != NULL ? done()
			: fail(MALFORMED, "RFC 8463 4.2: a bad key");
	}
	out->public = read_rsa(bytes);
	if (out->public == NULL
	    || EVP_PKEY_get_base_id(out->public) != EVP_PKEY_RSA)
		return fail(MALFORMED, "RFC 6376 3.6.1: a bad key");
	bits = EVP_PKEY_get_bits(out->public);
	out->weak = bits < RSA_LEAST;
	return bits <= RSA_MOST ? done()
		: fail(OVER_LIMIT, "RFC 8301 3.2: the key is too long");
}

/* On a failure `out` holds nothing. */
static result
read_record(view text, const struct dkim_signature *s, struct arena *arena,
    struct key *out)
{
	struct tag_list tags;
	view k, v, p;

	*out = (struct key){ .public = NULL };
	TRY(tag_list_read(text, &tags));
	v = tag_list_value(&tags, "v");
	k = tag_list_value(&tags, "k");
	p = tag_list_value(&tags, "p");
	if (tag_list_find(&tags, "v") != NULL && (!view_eq(v, VIEW("DKIM1"))
	        || !view_eq(tags.tag[0].name, VIEW("v"))))
		return fail(MALFORMED, "RFC 6376 3.6.1: not a DKIM1 record");
	if (tag_list_find(&tags, "p") == NULL)
		return fail(MALFORMED, "RFC 6376 3.6.1: p= is missing");
	if (p.n == 0)
		return fail(DENIED, "RFC 6376 6.1.2: the key is revoked");
	out->ed25519 = view_same(k, VIEW("ed25519"));
	if (k.n > 0 && !out->ed25519 && !view_same(k, VIEW("rsa")))
		return fail(MALFORMED, "RFC 6376 3.6.1: an unknown k=");
	if (out->ed25519 != view_starts(s->algorithm, VIEW("ed25519")))
		return fail(MALFORMED, "RFC 6376 6.1.2: k= is not a='s");
	if (!tag_list_has(&tags, "h", VIEW("sha256")))
		return fail(MALFORMED, "RFC 6376 6.1.2: h= has no sha256");
	if (!tag_list_has(&tags, "s", VIEW("email")))
		return fail(MALFORMED, "RFC 6376 3.6.1: not for mail");
	if (tag_list_find(&tags, "t") != NULL) {
		out->testing = tag_list_has(&tags, "t", VIEW("y"));
		if (tag_list_has(&tags, "t", VIEW("s"))
		    && !view_same(s->identity, s->domain))
			return fail(MALFORMED,
			    "RFC 6376 3.6.1: i= is not d=");
	}
	return read_public(tag_list_bytes(p, arena), out);
}

static bool
fits(const struct key *k, view b, const unsigned char hash[DKIM_HASH])
{
	const unsigned char *sig = (const unsigned char *)b.p;
	EVP_PKEY_CTX *ctx;
	EVP_MD_CTX *digest;
	int good;

	if (k->ed25519) {
		digest = EVP_MD_CTX_new();
		good = digest != NULL
		    && EVP_DigestVerifyInit(digest, NULL, NULL, NULL,
		           k->public) == 1
		    && EVP_DigestVerify(digest, sig, b.n, hash, DKIM_HASH)
		        == 1;
		EVP_MD_CTX_free(digest);
		return good;
	}
	ctx = EVP_PKEY_CTX_new(k->public, NULL);
	good = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1
	    && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1
	    && EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1
	    && EVP_PKEY_verify(ctx, sig, b.n, hash, DKIM_HASH) == 1;
	EVP_PKEY_CTX_free(ctx);
	return good;
}

static enum dkim_result
use_record(view text, const struct dkim_signature *s, struct arena *arena,
    const unsigned char hash[DKIM_HASH], bool *testing, const char **why)
{
	struct key key;
	result r = read_record(text, s, arena, &key);
	enum dkim_result out = DKIM_PERMERROR;

	*why = r.why;
	*testing = key.testing;
	if (r.is == OK) {
		out = fits(&key, s->b, hash) ? DKIM_PASS : DKIM_FAIL;
		*why = out == DKIM_PASS ? ""
			: "RFC 6376 6.1.3: the signature does not fit";
	}
	if (out == DKIM_PASS && key.weak) {
		out = DKIM_POLICY;
		*why = "RFC 8301 3.2: the key is too short";
	}
	EVP_PKEY_free(key.public);
	return out;
}

enum dkim_result
dkim_key_check(const struct lookup *lookup, struct arena *arena,
    const struct dkim_signature *s, const unsigned char hash[DKIM_HASH],
    bool *testing, const char **why)
{
	struct lookup_answer a;
	enum dkim_result r = DKIM_PERMERROR;

	*testing = false;
	*why = "RFC 6376 6.1.2: there is no key";
	lookup_ask(lookup, arena, arena_print(arena, "%.*s._domainkey.%.*s",
	    (int)s->selector.n, s->selector.p, (int)s->domain.n,
	    s->domain.p), LOOKUP_TXT, &a);
	if (a.kind == LOOKUP_FAILED) {
		*why = "RFC 6376 6.1.2: the name server gives no answer";
		return DKIM_TEMPERROR;
	}
	for (size_t i = 0; i < a.count && i < RECORDS_MOST
	     && r == DKIM_PERMERROR;
	     i++)
		r = use_record(a.values[i], s, arena, hash, testing, why);
	return r;
}
