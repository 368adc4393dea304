/*
 * conn.h - connections of the mail protocols: sockets, TLS, time-outs and
 * workers on one side, a protocol that knows none of them on the other.
 *
 * I/O threads (libevent, OpenSSL, non-blocking) read bytes and ask the
 * session how many of them make one unit (a line, or as much of a literal or
 * of message data as has come).  A worker then runs that unit with blocking,
 * straight-line code; one unit of a connection at a time, in order, so a
 * session needs no locks.  An idle connection holds no thread and no buffer.
 */
#ifndef SYS_CONN_H
#define SYS_CONN_H

#include "mailcore/base/buf.h"
#include "mailcore/sys/tls.h"

struct peer {
	char address[64]; /* "192.0.2.1" or "2001:db8::1" */
	char local[64];   /* our end */
	uint16_t port;    /* theirs */
	bool tls;         /* encrypted now */
	struct tls_binding binding; /* then */
	bool loopback;
};

enum step_next {
	STEP_READ,      /* the next unit, please */
	STEP_CONTINUE,  /* more output to come: send this, then run again with
	                 * an empty unit */
	STEP_START_TLS, /* send this, drop what came in clear, handshake */
	STEP_START_DEFLATE, /* send this, then both ways are compressed (RFC
	                     * 4978); what came behind is so already */
	STEP_CLOSE      /* send this, then close */
};

struct step {
	enum step_next next;
	unsigned delay_ms; /* hold the answer (and input) back that long */
};

enum farewell { FAREWELL_TIMEOUT, FAREWELL_SHUTDOWN, FAREWELL_TOO_MANY };

struct protocol {
	const char *name; /* "imap" */
	const char *alpn; /* RFC 7301 id, checked when the client sends ALPN:
	                   * "imap", "pop3"; NULL: none registered (smtp) */

	/* After STEP_START_TLS and `secured`, run with an empty unit: the
	 * server speaks first again (RFC 5804 2.2). */
	bool greets_again;

	/* A new session; adds the greeting.  `peer` lives as long as the
	 * session.  NULL: refused, with what stands in `out`. */
	void *(*open)(void *services, const struct peer *peer,
	    struct buf *out);

	/* How many bytes of `in` to run now; 0: wait for more.  Quick, and
	 * without blocking: an I/O thread calls it.  A line that is too long is
	 * handed over as it is; run answers it.  `in` is at most 64 KiB + the
	 * longest line. */
	size_t (*ready)(void *session, view in);

	struct step (*run)(void *session, view unit, struct buf *out);

	/* NULL, or: is running this unit a matter of microseconds, without
	 * the store and anything else that may block?  Then the I/O thread
	 * does it, which costs less than to hand it over. */
	bool (*quick)(const void *session, view unit);

	/* TLS is up after STEP_START_TLS: forget what was learnt in clear. */
	void (*secured)(void *session);

	/* The account whose changes shall wake it now, or 0; -account: only
	 * when its login may have ended.  Asked after each run and wake. */
	int64_t (*watching)(const void *session);

	/* A watched account changed: add what is to be told unasked. */
	struct step (*wake)(void *session, struct buf *out);

	/* Seconds of silence allowed now; asked after each run. */
	unsigned (*patience)(const void *session);

	/* `session` is NULL for FAREWELL_TOO_MANY: it was never opened. */
	void (*farewell)(void *session, enum farewell, struct buf *out);

	/* On a worker, or by net_free. */
	void (*close)(void *session);
};

struct net;

struct net_options {
	unsigned io_threads;          /* 0: default */
	unsigned workers;             /* 0: default */
	unsigned connections;         /* at most, 0: default */
	/* From one IPv4 address or IPv6 /64, 0: default.  Loopback peers are
	 * not counted unless `count_loopback`. */
	unsigned connections_per_peer;
	bool count_loopback;
	struct tls *tls;
};

enum net_tls { NET_CLEAR, NET_TLS };

CHECKED result net_new(struct net **, const struct net_options *);

/* Serve `protocol` on the listening socket; NET_TLS: TLS from the start.
 * Takes the descriptor. */
CHECKED result net_listen(struct net *, int fd, enum net_tls,
    const struct protocol *, void *services);

/* An account changed: run `wake` of every session that watches it.  Any
 * thread. */
void net_wake(struct net *, int64_t account);

/* Call `run` on the loop's thread whenever `fd` is readable. */
CHECKED result net_watch_fd(struct net *, int fd, void (*run)(void *),
    void *context);

/* Call `run` every `ms` milliseconds on a worker. */
CHECKED result net_every(struct net *, unsigned ms, void (*run)(void *),
    void *context);

/* Other limits from now on; 0 keeps one.  Nobody is closed for it. */
void net_limit(struct net *, unsigned connections, unsigned per_peer);

/* Serve until net_stop; then say farewell, finish what runs (at most
 * `grace_ms`) and return. */
CHECKED result net_run(struct net *, unsigned grace_ms);

/* Any thread, and signal handlers. */
void net_stop(struct net *);
void net_free(struct net **);

/* For `status` and the bench. */
unsigned net_connections(const struct net *);

#endif
