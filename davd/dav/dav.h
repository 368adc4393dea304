/*
 * dav.h - CalDAV (RFC 4791) and CardDAV (RFC 6352) under /SOGo/dav/, as
 * handlers for davd/http.
 */
#ifndef DAV_DAV_H
#define DAV_DAV_H

#include "davd/http/http.h"
#include "mailcore/auth/auth.h"
#include "mailcore/store/store.h"
#include "mailcore/sys/msg.h"

struct dav_services {
	struct store *store;
	struct auth *auth;
	bool publish;   /* owners may let anyone read, without a login */
	struct post *post; /* to wake the queue; may be NULL */
	/* For invitations by mail; may be NULL. */
	const struct sign_services *signing;
	/* Whom to ask for the key that push services know us by; NULL: nobody
	 * is told of changes.  And may it be by services inside? */
	struct signer *push;
	bool push_inside;
	bool directory; /* people of a domain see each other in a book */
};

/* `services` is a struct dav_services. */
void dav_handle(void *services, const struct request *, struct answer *);

/* /.well-known/caldav, /.well-known/carddav: redirect, any method, before any
 * 401 (RFC 6764 5). */
void dav_well_known(void *services, const struct request *, struct answer *);

/* PROPFIND and OPTIONS on "/" and "/principals/" for clients that try the
 * root; everything else there is 404 or 405, PUT never 2xx. */
void dav_root(void *services, const struct request *, struct answer *);

#endif
