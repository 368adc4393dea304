/*
 * cert.h - one store of certificates, chosen by name (SNI).
 *
 * A folder of <name>.pem files, each the chain (leaf first) and its key, as
 * uacme and certbot can be told to write them; "default.pem", or else the
 * first by name, answers when no name fits.  Names are those in the
 * certificate (subjectAltName, one leading wildcard label).  certs_reload
 * swaps the whole set at once; whoever holds a cert keeps it.  Thread-safe.
 */
#ifndef SYS_CERT_H
#define SYS_CERT_H

#include "mailcore/base/result.h"
#include "mailcore/base/view.h"

struct certs;
struct cert; /* counted */

/* FAILED: no usable certificate (logged per file: what is wrong). */
CHECKED result certs_open(struct certs **, const char *folder);
void certs_close(struct certs **);

/* Read the folder again; on a failure the old set stays.  A file that has
 * become unusable is logged, and its former certificate stays. */
CHECKED result certs_reload(struct certs *);

/* Grows with each reload that changed something. */
uint64_t certs_generation(const struct certs *);

/* The certificate for a host name; "" or an unknown one: the default.
 * Never NULL; release it. */
struct cert *certs_find(struct certs *, view name);
void cert_release(struct cert **);

/* PEM, valid while the cert is held. */
view cert_chain(const struct cert *);
view cert_key(const struct cert *);
int64_t cert_expires(const struct cert *);

/* The same for OpenSSL; owned by the cert. */
struct x509_st *cert_leaf(const struct cert *);
struct evp_pkey_st *cert_private(const struct cert *);
struct stack_st_X509 *cert_issuers(const struct cert *);

/* Make a private CA and a certificate for `names` (DNS names and IP
 * addresses) signed by it: writes <folder>/../ca.pem, ca.key (unless there)
 * and <folder>/default.pem.  For `posthaste init` without a certificate. */
CHECKED result cert_make(const char *folder, const view *names, size_t count);

#endif
