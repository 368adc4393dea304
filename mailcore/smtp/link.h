/*
 * link.h - a blocking connection to another mail server, in clear or by TLS,
 * where every wait has an end: its own time-out, the link's deadline, and the
 * descriptor that says the program stops.
 *
 * A failure sticks: after it, every call is a no-op and link_result says why.
 * BUSY: could not connect, timed out, closed, or stopped.
 *
 * OpenSSL writes without MSG_NOSIGNAL: callers block or ignore SIGPIPE.
 */
#ifndef SMTP_LINK_H
#define SMTP_LINK_H

#include "mailcore/base/buf.h"

struct link;
struct ssl_st;

struct link_options {
	int64_t deadline_ms; /* of clock_steady_ms */
	int stop;            /* readable: give up; -1: none */
};

/* `address` is textual, or the path of a Unix socket ("/..."). */
struct link *link_open(view address, unsigned port, unsigned wait_ms,
    const struct link_options *);
void link_close(struct link **);

/* The TLS handshake.  Takes `ssl`.  What came in clear before it is dropped.
 * DENIED: no TLS with this server. */
void link_secure(struct link *, struct ssl_st *ssl, unsigned wait_ms);

/* What was found wrong with the peer's certificate, also when it was taken all
 * the same: tls_fault_words of tls_dane.h. */
const char *link_tls_words(const struct link *, const char **type);

void link_write(struct link *, view bytes, unsigned wait_ms);

/* One line without its end, valid until the next call. */
view link_line(struct link *, unsigned wait_ms);

/* Some bytes, as they come; valid until the next call. */
view link_some(struct link *, unsigned wait_ms);

/* The peer speaks nonsense: no more of it. */
void link_fail(struct link *, const char *why);

/* The deadline is another one from now on. */
void link_extend(struct link *, int64_t deadline_ms);

/* The peer has closed it; not when a wait was over. */
bool link_is_closed(const struct link *);

/* All is well, and nothing has come that nobody has read. */
bool link_is_quiet(const struct link *);

CHECKED result link_result(const struct link *);

#endif
