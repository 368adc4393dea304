/*
 * request.h - how a request is put together; for front.c, tests and fuzzers.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "davd/http/http.h"

struct request_field {
	view name;
	view value;
};

/* What request.inside points to. */
struct request_fields {
	const struct request_field *list;
	size_t count;
};

/* Take a request target (RFC 9112 3.2) apart: origin form, absolute form or
 * "*" (which becomes "/"); sets path, raw_path and query.
 * MALFORMED: bad escapes, NUL or control bytes, not UTF-8, "%2F", a segment
 * "." or "..".  OVER_LIMIT: longer than LIMIT_HTTP_TARGET. */
CHECKED result request_target(struct request *, view target);

/* Host in lower case without its port; MALFORMED: not a host. */
CHECKED result request_host(struct request *, view host);

/* Does the If header (RFC 4918 10.4) hold?  The ETag of what the request asks
 * for is `etag` ("": it does not exist); `states` may be NULL, when no other
 * state is known.  true without one; false for a malformed one. */
bool request_if(
    const struct request *, view etag, const struct request_states *);

/* The route for a path; NULL: none. */
const struct route *route_find(const struct route *, size_t count, view path);

#endif
