/*
 * signer_key.h - private keys of DKIM as files: <folder>/<domain>.<selector>
 * .pem, PKCS #8, for their owner only.  RSA of 1024 to 8192 bits (RFC 8301
 * 3.2 wants verifiers to take 1024 to 4096) and Ed25519 (RFC 8463).  Names
 * are checked by the caller (signer_wire.h).
 */
#ifndef AUTH_SIGNER_KEY_H
#define AUTH_SIGNER_KEY_H

#include "mailcore/auth/signer.h"

#include <sys/stat.h>

struct signer_private {
	struct evp_pkey_st *key; /* NULL: none */
	enum signer_algorithm algorithm;
	struct stat file; /* as it was read */
};

enum { SIGNER_PATH = 4096 };

/* OVER_LIMIT: the path is too long. */
CHECKED result signer_key_path(char to[SIGNER_PATH], const char *folder,
    view domain, view selector);

/* NOT_FOUND.  FAILED: damaged, or another algorithm's; logged. */
CHECKED result signer_key_load(const char *path, struct signer_private *);
void signer_key_free(struct signer_private *);

/* Is the file at `path` still the one that was read? */
bool signer_key_current(const struct signer_private *, const char *path);

/* EXISTS. */
CHECKED result signer_key_make(const char *folder, const char *path,
    enum signer_algorithm);

/* What stands in p= (base64): for RSA a SubjectPublicKeyInfo, for Ed25519 the
 * 32 bytes alone (RFC 8463 4). */
CHECKED result signer_key_public(const struct signer_private *,
    struct buf *out);

CHECKED result signer_key_sign(const struct signer_private *, view hash,
    struct buf *signature);

/* The selectors of a domain, by name, up to `room` of them; `*files`: how many
 * keys the folder has in all.  A missing folder has none. */
CHECKED result signer_key_list(const char *folder, view domain,
    struct arena *, view *selectors, size_t room, size_t *count,
    size_t *files);

#endif
