/*
 * api.h - the JSON API under /api/v1/, and what the pages share with it.
 *
 * Every operation is one row of the route table (routes.h), from which
 * /api/v1/openapi.json is made.  Faults are problem documents (RFC 9457).
 * Who asks is a session's cookie with its form token, or the main password by
 * Basic (visit.h).
 */
#ifndef API_API_H
#define API_API_H

#include "davd/api/events.h"
#include "davd/http/http.h"
#include "mailcore/auth/auth.h"
#include "mailcore/store/store.h"
#include "mailcore/sys/msg.h"
#include "profiles/device.h"

struct api_services {
	struct store *store;
	struct auth *auth;
	const struct conf *conf;
	struct post *post;     /* NULL: other roles are not told */
	struct events *events; /* NULL: no streams */
	struct signer *signer; /* NULL: profiles are unsigned */
};

/* Of a file that is larger than LIMIT_IMPORT. */
#define API_TOO_LARGE                                                  \
	"An import by HTTP is of at most 10485760 octets (10 MiB). A " \
	"larger file is read by the operator: posthaste import."

/* A handler for davd/http; `services` is a struct api_services. */
void api_handle(void *services, const struct request *, struct answer *);

#endif
