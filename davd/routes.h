/*
 * routes.h - the whole URL space, in two tables.
 */
#ifndef DAVD_ROUTES_H
#define DAVD_ROUTES_H

#include "davd/http/http.h"

/* What https, and a reverse proxy in front of us, serve; and what plain http
 * does.  `services` is a struct page_services. */
extern const struct route routes[];
extern const size_t route_count;
extern const struct route routes_plain[];
extern const size_t route_plain_count;

/* How much of a body a path takes; UINT64_MAX: what the front takes. */
uint64_t routes_body_limit(view path);

/* What a larger one is told; NULL: the usual. */
const char *routes_too_large(view path);

#endif
