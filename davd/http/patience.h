/*
 * patience.h - connections that are to bring a request in time.
 *
 * libmicrohttpd waits for silence to end a connection: a byte now and then
 * would keep it for ever, and some thousand of them all there are.  Here each
 * connection has a time by which the handshake and the whole header of its
 * request are there; a thread shuts those that are late.  Thread-safe.
 */
#ifndef HTTP_PATIENCE_H
#define HTTP_PATIENCE_H

#include <stdint.h>

struct patience;
struct visitor;

/* `first_ms`: for the first request; `next_ms`: for the one after an
 * answer, with the pause before it. */
struct patience *patience_new(int64_t first_ms, int64_t next_ms);

/* After the last patience_leave. */
void patience_free(struct patience **);

/* A connection on `fd`, which stays open until patience_leave. */
struct visitor *patience_enter(struct patience *, int fd);
void patience_leave(struct patience *, struct visitor **);

/* Its request's header is there: what comes now has other bounds. */
void patience_begun(struct patience *, struct visitor *);

/* It has its answer. */
void patience_answered(struct patience *, struct visitor *);

#endif
