/*
 * scram_client.h - the client's side of SCRAM (RFC 5802), for tests: it
 * answers the server's first message.
 */
#ifndef TESTS_SCRAM_CLIENT_H
#define TESTS_SCRAM_CLIENT_H

#include "mailcore/auth/scram.h"
#include "mailcore/base/encode.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scram_client {
	enum scram_hash hash;
	const char *header; /* "n,,", "p=tls-exporter,," */
	view binding;       /* behind it in c= */
	const char *user, *nonce;
	const char *password;
	char server[64];    /* "v=...", as it should be */
};

static inline void
scram_client_first(const struct scram_client *c, struct buf *out)
{
	buf_print(out, "%sn=%s,r=%s", c->header, c->user, c->nonce);
}

static inline view
scram_client_field(view message, const char *name)
{
	size_t at = view_find(message, view_of(name));

	if (at == SIZE_MAX)
		abort();
	message = view_from(message, at + 2);
	return view_cut(&message, ',');
}

static inline void
scram_client_mac(const struct scram_client *c, const unsigned char *key,
    view data, unsigned char *out)
{
	unsigned n;

	if (HMAC(c->hash == SCRAM_SHA1 ? EVP_sha1() : EVP_sha256(), key,
	        (int)scram_size(c->hash), (const unsigned char *)data.p,
	        data.n, out, &n)
	    == NULL)
		abort();
}

static inline void
scram_client_prove(struct scram_client *c, view salt, int iterations,
    view said, struct buf *out)
{
	const EVP_MD *md = c->hash == SCRAM_SHA1 ? EVP_sha1() : EVP_sha256();
	unsigned char salted[32], key[32], stored[32], proof[32];
	size_t n = scram_size(c->hash);
	struct buf text = buf_new(64);

	if (PKCS5_PBKDF2_HMAC(c->password, (int)strlen(c->password),
	        (const unsigned char *)salt.p, (int)salt.n, iterations, md,
	        (int)n, salted)
	    != 1)
		abort();
	scram_client_mac(c, salted, VIEW("Client Key"), key);
	(void)EVP_Digest(key, n, stored, NULL, md, NULL);
	scram_client_mac(c, stored, said, proof);
	for (size_t i = 0; i < n; i++)
		proof[i] ^= key[i];
	buf_add(out, VIEW(",p="));
	encode_base64(out, (view){ (const char *)proof, n });
	scram_client_mac(c, salted, VIEW("Server Key"), key);
	scram_client_mac(c, key, said, proof);
	encode_base64(&text, (view){ (const char *)proof, n });
	(void)snprintf(c->server, sizeof c->server, "v=%s", buf_text(&text));
	buf_free(&text);
}

/* The answer to `challenge`. */
static inline void
scram_client_final(struct scram_client *c, view challenge, struct buf *out)
{
	struct buf said = buf_new(4096), salt = buf_new(64);
	struct buf bound = buf_new(256);
	view nonce = scram_client_field(challenge, "r=");
	view count = scram_client_field(challenge, "i=");
	uint64_t iterations = 0;

	if (!view_number(count, 1000000, &iterations)
	    || decode_base64_strict(&salt,
	           scram_client_field(challenge, "s="))
	            .is
	        != OK)
		abort();
	buf_add_text(&bound, c->header);
	buf_add(&bound, c->binding);
	buf_add(out, VIEW("c="));
	encode_base64(out, buf_view(&bound));
	buf_print(out, ",r=%.*s", (int)nonce.n, nonce.p);
	buf_print(&said, "n=%s,r=%s,%.*s,%s", c->user, c->nonce,
	    (int)challenge.n, challenge.p, buf_text(out));
	scram_client_prove(c, buf_view(&salt), (int)iterations,
	    buf_view(&said), out);
	buf_free(&said);
	buf_free(&salt);
	buf_free(&bound);
}

#endif
