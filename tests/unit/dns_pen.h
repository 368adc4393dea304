/*
 * dns_pen.h - a letter, and keys to sign it with, for tests.
 */
#ifndef TESTS_DNS_PEN_H
#define TESTS_DNS_PEN_H

#include "mailcore/base/buf.h"
#include "mailcore/dns/dkim.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

enum { NOW = 1750000100, MEMORY = 4 << 20 };

static const char letter[] =
    "From: Joe <joe@example.test>\r\n"
    "To: Sue  <sue@other.test>\r\n"
    "Subject:  two  words\r\n"
    "\tand a fold \r\n"
    "Date: Fri, 11 Jul 2025 21:00:37 -0700\r\n"
    "Message-ID: <1@example.test>\r\n"
    "\r\n"
    "Hi.\r\n"
    "\r\n"
    "We  lost the game.\t \r\n"
    "\r\n"
    "\r\n";

/* `letter` with the first `from` replaced. */
static inline view
changed(struct arena *arena, const char *from, const char *to)
{
	view all = view_of(letter);
	size_t at = view_find(all, view_of(from));

	return arena_print(arena, "%.*s%s%s", (int)at, all.p, to,
	    letter + at + strlen(from));
}

struct pen {
	EVP_PKEY *key;
	bool ed25519;
	char record[1024];
};

static inline result
write_with(void *context, view domain, view selector,
    const unsigned char hash[32], struct buf *signature)
{
	struct pen *p = context;
	unsigned char bytes[512];
	size_t n = sizeof bytes;
	bool good;

	(void)domain, (void)selector;
	if (p->ed25519) {
		EVP_MD_CTX *c = EVP_MD_CTX_new();

		good = EVP_DigestSignInit(c, NULL, NULL, NULL, p->key) == 1
		    && EVP_DigestSign(c, bytes, &n, hash, 32) == 1;
		EVP_MD_CTX_free(c);
	} else {
		EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(p->key, NULL);

		good = EVP_PKEY_sign_init(c) == 1
		    && EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1
		    && EVP_PKEY_sign(c, bytes, &n, hash, 32) == 1;
		EVP_PKEY_CTX_free(c);
	}
	buf_add(signature, (view){ (const char *)bytes, n });
	return good ? done() : fail(FAILED, "no signature");
}

static inline void
make_pen(struct pen *p, unsigned bits)
{
	unsigned char *der = NULL, raw[32];
	char text[800];
	size_t room = sizeof raw;
	int n;

	p->ed25519 = bits == 0;
	p->key = bits == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
	                   : EVP_RSA_gen(bits);
	if (bits == 0) {
		(void)EVP_PKEY_get_raw_public_key(p->key, raw, &room);
		(void)EVP_EncodeBlock((unsigned char *)text, raw, 32);
	} else {
		n = i2d_PUBKEY(p->key, &der);
		(void)EVP_EncodeBlock((unsigned char *)text, der, n);
		OPENSSL_free(der);
	}
	(void)snprintf(p->record, sizeof p->record, "v=DKIM1; k=%s; p=%s",
	    bits == 0 ? "ed25519" : "rsa", text);
}

static const struct dkim_signing_key pen_keys[] = {
	{ VIEW_INIT("n"), VIEW_INIT("rsa-sha256") },
	{ VIEW_INIT("n"), VIEW_INIT("ed25519-sha256") },
};

static inline struct dkim_signing
signing_with(struct pen *p, const char *domain)
{
	return (struct dkim_signing){ .sign = write_with, .context = p,
		.domain = view_of(domain), .now = NOW,
		.keys = &pen_keys[p->ed25519 ? 1 : 0], .count = 1 };
}

#endif
