/*
 * imap.h - IMAP4rev1 (RFC 3501, with the errata that RFC 9051 settles) and
 * its extensions, as a protocol for sys/conn.h.
 */
#ifndef IMAP_IMAP_H
#define IMAP_IMAP_H

#include "mailcore/auth/auth.h"
#include "mailcore/store/store.h"
#include "mailcore/sys/conn.h"

struct box_cache;
struct searcher;

struct imap_services {
	struct store *store;
	struct auth *auth;
	const char *hostname;
	uint64_t message_limit;
	bool starttls; /* a certificate is there */
	const char *without; /* capabilities not told of, "A B"; or NULL */
	struct box_cache *cache; /* box_cache.h; NULL: none */
	struct searcher *searcher; /* store/search.h; NULL: none */
	int64_t progress_ms; /* of silence: progress.h; 0: as in the RFC */
};

extern const struct protocol imap_protocol;

#endif
