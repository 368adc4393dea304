/*
 * cert_load.h - one file of the certificate folder, read and checked.
 */
#ifndef SYS_CERT_LOAD_H
#define SYS_CERT_LOAD_H

#include "mailcore/sys/cert.h"

/* MALFORMED: not a chain and its key.  `file` is kept as its name. */
CHECKED result cert_load(struct cert **, const char *folder,
    const char *file);

struct cert *cert_hold(struct cert *);
const char *cert_file(const struct cert *);
bool cert_same(const struct cert *, const struct cert *);

/* The names it is for, in lower case; NULL past the last. */
const char *cert_name(const struct cert *, size_t i);

#endif
