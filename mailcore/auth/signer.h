/*
 * signer.h - whoever needs a signature asks for it here; the keys are
 * elsewhere.
 *
 * A process of its own, the role "signer", holds the private keys of DKIM
 * (<data>/keys/<domain>.<selector>.pem, PKCS #8), signs profiles with the
 * server's certificate, and speaks for the server to push services
 * (<data>/keys/push.pem, RFC 8292).  The other roles cannot read keys/ and
 * ask over a socket that the supervisor made; the CLI and tests hold the keys
 * in their own process.  The calls are the same.
 *
 * One request at a time goes over a socket, and each call takes at most
 * LIMIT_SIGNER_MS, whatever else waits: then it is BUSY.  A signer that dies
 * is started again, and requests that it had not taken wait for the next.
 *
 * What to do when there is no signature: a profile goes out unsigned, a
 * message too, and the log says so in a warning.  Mail that is late for a key
 * is worse than mail without one (SPF still speaks for it), and an unsigned
 * profile installs.  Thread-safe.
 */
#ifndef AUTH_SIGNER_H
#define AUTH_SIGNER_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"

struct signer;

/* Over the inherited end of a socket pair (SOCK_SEQPACKET), which it takes.
 * Nothing is sent before the first request. */
CHECKED result signer_open(struct signer **, int fd);

/* In this process: keys of `data`, certificates of `certificates`.  Opens
 * each when it is needed first. */
CHECKED result signer_open_keys(struct signer **, const char *data,
    const char *certificates);

/* NULL is nothing to close. */
void signer_close(struct signer **);

enum signer_algorithm {
	SIGNER_RSA_SHA256,    /* RFC 6376 3.3.1 */
	SIGNER_ED25519_SHA256 /* RFC 8463 */
};

/* "rsa-sha256", "ed25519-sha256": for a=. */
extern const char *const signer_algorithms[2];

struct signer_key {
	view selector;
	enum signer_algorithm algorithm;
	view key; /* base64, for p= of its record */
};

/* The keys that a domain has, by selector; all of them, also those that are
 * not in use (yet).  Views live in `arena`.  `*count` may be 0.
 * MALFORMED: no domain name in A-labels and lower case. */
CHECKED result signer_keys(struct signer *, view domain, struct arena *,
    struct signer_key *out, size_t room, size_t *count);

/* Make a key.  EXISTS: there is one of that selector, and it stays.
 * MALFORMED: the selector is not 1 to 63 of a-z, 0-9, '-', '_'. */
CHECKED result signer_make(struct signer *, view domain, view selector,
    enum signer_algorithm);

enum { SIGNER_HASH = 32, SIGNER_PUSH_KEY = 65, SIGNER_PUSH_SIGNATURE = 64 };

/* Appends the signature's bytes (not base64) over a SHA-256 `hash` of what
 * RFC 6376 3.7 says.  NOT_FOUND: no such key.  BUSY: nobody answers. */
CHECKED result signer_dkim(struct signer *, view domain, view selector,
    const unsigned char hash[SIGNER_HASH], enum signer_algorithm *,
    struct buf *signature);

/* Appends `document` in a CMS SignedData (RFC 5652), DER, attached, with the
 * whole chain of the certificate for `host`.
 * DENIED: that would not verify (expired, another name, a chain that does not
 * end in a root); the signer's log says which.  OVER_LIMIT: too large. */
CHECKED result signer_cms(struct signer *, view host, view document,
    struct buf *der);

/* The public key by which push services know this server (RFC 8292 3.2: an
 * uncompressed point of P-256).  Made at the first call, and then the same;
 * asked for once by each process. */
struct signer_point {
	unsigned char bytes[SIGNER_PUSH_KEY];
};
CHECKED result signer_push_key(struct signer *, struct signer_point *out);

/* The signature (ES256, r and s) of a SHA-256 by that key. */
CHECKED result signer_push(struct signer *,
    const unsigned char hash[SIGNER_HASH],
    unsigned char signature[SIGNER_PUSH_SIGNATURE]);

#endif
