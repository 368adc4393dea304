/*
 * http.h - requests in, answers out; the only header of the HTTP front.
 * front.c alone knows libmicrohttpd.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"
#include "mailcore/sys/conf.h"

struct request {
	view method;
	view path;     /* percent-decoded once, always begins with '/' */
	view raw_path; /* as sent */
	view query;    /* as sent, without '?' */
	view authority; /* of a target in absolute form; else "" */
	view host;     /* lower case, without port; "" without */
	view scheme;   /* "https", "http" */
	view origin;   /* "https://host[:port]", as the client sees us */
	view peer;     /* client's address (behind a trusted proxy: its) */
	view body;     /* whole; empty when there is none */
	struct arena *arena;   /* lives as long as the request */
	const void *inside;    /* header fields */
};

/* The first header field of that name; false: none. */
bool request_header(const struct request *, view name, view *value);

/* A query parameter, percent-decoded ('+' stays '+'); false: none. */
bool request_query(const struct request *, view name, view *value);

/* Basic credentials (RFC 7617), UTF-8; false: none or malformed. */
bool request_basic(const struct request *, view *user, view *password);

struct answer {
	unsigned status;
	struct buf body;
	struct buf headers; /* by answer_header */
	/* Streams instead of `body`: append a piece to `out`; false at the
	 * end.  Once `out` has failed (buf_fail) the connection is broken
	 * off, so that nobody takes what there was for all of it.
	 * `stream_end` frees the context, always. */
	bool (*stream)(void *context, struct buf *out);
	/* A stream that has this, added nothing and is not at its end, waits:
	 * no thread is held until `wake` is called with `what`, once, by any
	 * thread; then it is asked again. */
	void (*stream_wait)(void *context, void (*wake)(void *what),
	    void *what);
	void (*stream_end)(void *context);
	void *context;
	unsigned delay_ms; /* hold the answer back (guessing of passwords) */
};

/* Name and value are checked: no control bytes. */
void answer_header(struct answer *, const char *name, view value);

/* Status and a plain text line for people. */
void answer_text(struct answer *, unsigned status, const char *text);
void answer_redirect(struct answer *, unsigned status, view location);

/* If-Match, If-None-Match (RFC 9110 13.1) and If (RFC 4918 10.4) against
 * `etag` (without quotes; "": the resource does not exist).  0: go on; else
 * 304 or 412. */
unsigned request_precondition(const struct request *, view etag);

/* What an If header may ask of other resources, and state tokens (RFC 4918
 * 10.4.3): has what is at that path, decoded, this one?  `tag`: it is an
 * ETag, without quotes. */
struct request_states {
	int64_t changed; /* as Last-Modified says; INT64_MIN: it does not */
	bool (*holds)(void *context, view path, view state, bool tag);
	void *context;
};

/* The same with them, and with If-Unmodified-Since (RFC 9110 13.1.4). */
unsigned request_precondition_of(
    const struct request *, view etag, const struct request_states *);

/* One entry of the URL space: the longest matching prefix wins. */
struct route {
	const char *prefix; /* "/SOGo/dav/"; exact when it does not end in '/',
	                     * "/" itself matches all */
	bool ignore_case;
	void (*handle)(void *services, const struct request *,
	    struct answer *);
};

struct front; /* listening, with its threads */

enum front_kind { FRONT_HTTPS, FRONT_HTTP, FRONT_PROXY };

struct front_options {
	enum front_kind kind;
	int fd; /* listening; taken */
	const struct route *routes;
	size_t route_count;
	void *services;
	struct certs *certs;           /* HTTPS */
	const struct tls_policy *tls;  /* HTTPS */
	unsigned threads;              /* 0: default */
	unsigned connections, connections_per_peer;
	uint64_t body_limit; /* 413 beyond; default LIMIT_CALENDAR_OBJECT */
	uint64_t (*limit_of)(view path); /* less for some; may be NULL */
	/* What a larger one is told; NULL, or it returns NULL: the usual. */
	const char *(*too_large)(view path);
};

CHECKED result front_start(struct front **, const struct front_options *);

/* No new connections, finish what runs, then return. */
void front_stop(struct front **);

#endif
