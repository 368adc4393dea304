/*
 * scram.h - the server's side of SCRAM (RFC 5802, RFC 7677), its messages and
 * its arithmetic alone: no base64 of SASL around them, no store.
 *
 *	scram_first      n,,n=user,r=...    from the client: who is it?
 *	scram_challenge  r=...,s=...,i=...  to it: the salt of that person
 *	scram_final      c=...,r=...,p=...  from it: the proof
 *	scram_fits       do these keys fit the proof?  Asked for as many keys
 *	                 as the person has, all made with the one salt.
 *	scram_verdict    v=...              to it: we have the key, too
 *
 * Passwords and names are taken as they are typed: UTF-8, not run through
 * SASLprep (RFC 4013), which leaves ASCII alone and of the rest changes only
 * what is not in NFKC already or is forbidden.  A password is found by the
 * bytes that it was set with, as with PLAIN.
 *
 * Channel binding: tls-exporter (RFC 9266) and tls-server-end-point (RFC 5929
 * 4), as far as the connection has them.  Who says "y", that it could bind but
 * saw no -PLUS, while we offer one, had its list of mechanisms shortened on
 * the way, and is refused (RFC 5802 6).
 */
#ifndef AUTH_SCRAM_H
#define AUTH_SCRAM_H

#include "mailcore/base/buf.h"
#include "mailcore/sys/tls.h"

enum scram_hash { SCRAM_SHA256, SCRAM_SHA1 };

enum {
	SCRAM_DIGEST = 32, /* the longest */
	SCRAM_SALT = 16,
	/* RFC 7677 4 wants 4096 at least.  The client pays for them. */
	SCRAM_ITERATIONS = 15000,
	SCRAM_NONCE = 24 /* letters of ours */
};

size_t scram_size(enum scram_hash);

/* RFC 5802 3; as many bytes of each as the hash has. */
struct scram_keys {
	unsigned char stored[SCRAM_DIGEST];
	unsigned char server[SCRAM_DIGEST];
};

/* FAILED: OpenSSL does not know that hash. */
CHECKED result scram_derive(enum scram_hash, view password, view salt,
    unsigned iterations, struct scram_keys *);

struct scram;

/* `plus`: the mechanism is the one with channel binding.  `binding`: what
 * this connection has; NULL: -PLUS is not offered on it. */
struct scram *scram_new(enum scram_hash, bool plus,
    const struct tls_binding *binding);
void scram_free(struct scram **); /* wipes */

/* `*user` lives as long as the exchange.  MALFORMED: no such message.
 * DENIED: another's name to act for, a binding that we have not, or a
 * downgrade. */
CHECKED result scram_first(struct scram *, view message, view *user);

/* `nonce`: SCRAM_NONCE letters or another number of them. */
CHECKED result scram_challenge(struct scram *, view salt, unsigned iterations,
    view nonce, struct buf *out);

/* MALFORMED; DENIED: bound to another channel. */
CHECKED result scram_final(struct scram *, view message);

/* In a time that says nothing of the keys. */
bool scram_fits(const struct scram *, const struct scram_keys *);

/* To be called with keys that fit. */
CHECKED result scram_verdict(const struct scram *, const struct scram_keys *,
    struct buf *out);

#endif
