/*
 * encrypt.h - a push message for its client alone: RFC 8291, in one record of
 * RFC 8188 (aes128gcm).
 */
#ifndef PUSH_ENCRYPT_H
#define PUSH_ENCRYPT_H

#include "mailcore/base/buf.h"

enum {
	PUSH_POINT = 65,  /* an uncompressed point of P-256 */
	PUSH_SALT = 16,
	PUSH_HEADER = PUSH_SALT + 4 + 1 + PUSH_POINT, /* RFC 8188 2.1 */
	PUSH_BODY = 4096, /* RFC 8030 7.2: services take at least that */
	/* What fits, with the delimiter and the tag. */
	PUSH_PLAIN = PUSH_BODY - PUSH_HEADER - 1 - 16
};

/* What is new for each message; tests give one of their own. */
struct push_fresh {
	struct evp_pkey_st *key; /* P-256 */
	unsigned char salt[PUSH_SALT];
};

/* FAILED: no random bytes. */
CHECKED result push_fresh_make(struct push_fresh *);
void push_fresh_end(struct push_fresh *);

/* A point of P-256 that is on the curve.  MALFORMED. */
CHECKED result push_check_point(view point);

/* RFC 8188 in one record: appends header and record for a key that both
 * sides know, under the name `id`. */
CHECKED result push_seal(const unsigned char salt[PUSH_SALT], view id,
    view key, view plain, struct buf *out);

/* Appends the body of the request.  MALFORMED: `point` is not on the curve.
 * OVER_LIMIT: more than PUSH_PLAIN. */
CHECKED result push_encrypt(const struct push_fresh *, view point,
    view secret, view plain, struct buf *out);

#endif
