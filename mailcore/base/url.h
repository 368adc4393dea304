/*
 * url.h - an absolute URL of the web (RFC 9110 4.2), cut into what a request
 * needs.
 */
#ifndef BASE_URL_H
#define BASE_URL_H

#include "mailcore/base/result.h"
#include "mailcore/base/view.h"

/* Views of the text. */
struct url {
	bool tls;    /* https, not http */
	view origin; /* "https://push.example.net:8443" */
	view authority; /* of it: "push.example.net:8443" */
	view host;   /* without brackets */
	unsigned port;
	view target; /* path and query; may be empty: "/" is meant */
};

/* A host name or an address, nothing that has no place in a request line.
 * MALFORMED. */
CHECKED result url_parse(view text, struct url *out);

#endif
