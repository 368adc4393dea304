/*
 * net.h - the inside of conn.h, shared by its files and nobody else.
 *
 * A connection belongs to one loop, which alone touches it, except while a
 * worker has it (`job` is not JOB_NONE): then the session, both buffers and
 * the sending are the worker's.  Handing over goes by the workers' queue one
 * way and by the loop's inbox the other way.  The loop is not woken for a
 * connection that has nothing to do but to wait: it looks into the inbox when
 * the peer says more, and each second.  A worker may also stay with a busy
 * connection; the loop does not wait for its socket then.
 *
 *	net.c    the whole: start, stop, listeners
 *	loop.c   one I/O thread: inbox, time-outs
 *	conn.c   one connection: what happens next?
 *	stream.c bytes in and out, with and without TLS
 *	deflate.c the same, compressed
 *	worker.c the threads that run sessions
 *	stay.c   workers that stay with a busy connection
 *	watch.c  who is to be woken when an account changes
 *	peers.c  how many connections each address has
 */
#ifndef SYS_NET_H
#define SYS_NET_H

#include "mailcore/sys/conn.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <pthread.h>

enum {
	NET_IO_THREADS = 2,
	NET_WORKERS = 16,
	NET_LOOPS_MAX = 16,
	NET_WORKERS_MAX = 256,

	/* A session must take some of its input before there is so much that
	 * no piece fits any more: 64 KiB and a longest line. */
	NET_INPUT_PIECE = 65536,
	NET_INPUT_MAX = 3 * 65536,
	/* A worker goes on with pipelined units until that much is to be
	 * sent. */
	NET_OUTPUT_ENOUGH = 65536,
	/* One unit's answer; more is a fault of the session. */
	NET_OUTPUT_MAX = 256 << 20,
	NET_UNITS_AT_ONCE = 64,
	/* A worker makes and sends so many pieces of a long answer before
	 * others have their turn; and after so long, if somebody waits: the
	 * pieces of a search may take a tenth of a second each. */
	NET_PIECES_AT_ONCE = 16,
	NET_TURN_US = 5000,

	NET_HANDSHAKE_SECONDS = 30,
	NET_LINGER_SECONDS = 2,
	/* Thrown away after our last words; one who sends more than that is
	 * not listening, and may see a reset. */
	NET_LINGER_BYTES = 1 << 20,
	NET_FAREWELL_SECONDS = 5,
	NET_WHEEL = 512
};

enum conn_state {
	CONN_HANDSHAKE,
	CONN_SESSION,
	CONN_LINGER /* our end is closed; what still comes is thrown away, so
	             * that the peer sees our last words and no reset */
};

enum job {
	JOB_NONE,
	JOB_OPEN,
	JOB_RUN,
	JOB_CONTINUE,
	JOB_WAKE,
	JOB_CLOSE
};

enum { POST_ADOPT = 1, POST_DONE = 2, POST_WAKE = 4 };

struct listener {
	struct net *net;
	int fd;
	enum net_tls mode;
	const struct protocol *protocol;
	void *services;
	struct event *ready, *again;
	struct listener *next;
};

struct conn {
	struct loop *loop;
	const struct listener *from;
	const struct protocol *protocol;
	void *session;
	struct ssl_st *ssl;
	struct deflate *deflate; /* NULL: not compressed */
	int fd;
	short interest; /* what `event` waits for, 0: nothing */
	struct event event;
	struct event *hold; /* while an answer is held back */
	struct peer peer;
	struct peer_count *count;

	struct buf in, out;
	size_t in_at, out_at; /* done up to there */
	size_t drained;       /* thrown away while lingering */
	size_t unit;

	enum conn_state state;
	enum job job;
	enum step_next next;
	unsigned delay_ms;
	unsigned patience; /* seconds */
	bool readable; /* the socket may have more */
	bool armed;    /* the loop hears of more while a worker is at it */
	bool eof;      /* nothing more will come */
	bool broken;   /* nothing more can be sent */
	bool stays;    /* the worker that has it waits for more itself */
	unsigned brisk; /* questions in a row that came right after an answer */
	int64_t answered, stay_until; /* steady us */
	int64_t took; /* us, the last unit or units */
	bool waking;   /* the watched account has changed */
	bool dead;     /* freed as soon as it is out of the inbox */

	int64_t deadline; /* steady seconds */
	int64_t visit;    /* the wheel looks at it no later than then */
	struct conn *wheel_prev, *wheel_next;
	unsigned slot;

	struct conn *job_next;

	/* The loop's inbox; under its lock. */
	struct conn *post_next;
	unsigned posted;
	bool told; /* more came while a worker had it */

	int64_t watching, watch_wanted; /* account or 0 */
	uint64_t wakes_seen;
	struct conn *watch_prev, *watch_next;
};

struct loop {
	struct net *net;
	struct event_base *base;
	pthread_t thread;
	struct event *inbox, *tick, *grace;
	int inbox_fd;
	pthread_mutex_t lock; /* for the next three */
	struct conn *first, *last;
	bool called; /* and has not looked since */
	struct conn *wheel[NET_WHEEL];
	int64_t now; /* second of the last tick */
	size_t count;
	bool stopping;
	struct z_stream_s *deflater; /* from the first use on */
	char piece[NET_INPUT_PIECE];
};

struct every {
	struct net *net;
	void (*run)(void *);
	void *context;
	struct event *timer;
	bool waiting; /* under the workers' lock */
	struct every *job_next, *next;
};

struct watched {
	void (*run)(void *);
	void *context;
	struct event *event;
	struct watched *next;
};

enum { WATCH_BUCKETS = 4096, PEER_BUCKETS = 1024 };

struct peer_count {
	struct in6_addr key;
	unsigned count;
	struct peer_count *next;
};

struct net {
	struct loop *loops[NET_LOOPS_MAX];
	size_t loop_count, loop_next;
	struct listener *listeners;
	struct watched *watched;
	struct every *every;
	struct tls *tls;
	_Atomic unsigned limit, limit_per_peer;
	bool count_loopback;
	unsigned grace_ms;
	_Atomic unsigned connections;
	_Atomic bool stopping;

	pthread_t workers[NET_WORKERS_MAX];
	size_t worker_count;
	pthread_mutex_t job_lock; /* for the queue below */
	pthread_cond_t job_there;
	struct conn *job_first, *job_last;
	struct every *every_first;
	bool workers_end;
	_Atomic size_t queued;  /* connections in that queue */
	_Atomic size_t staying; /* workers that stay with a connection */

	_Atomic uint64_t wakes;
	pthread_mutex_t watch_lock;
	struct conn *watch[WATCH_BUCKETS];

	pthread_mutex_t peer_lock;
	struct peer_count *peers[PEER_BUCKETS];
};

/* loop.c */
CHECKED result loop_new(struct loop **, struct net *);
void loop_free(struct loop **);
void *loop_run(void *loop);
void loop_post(struct loop *, struct conn *, unsigned what);
/* POST_DONE of a connection that only waits for more. */
void loop_post_quietly(struct loop *, struct conn *);
void loop_take_posts(struct loop *);
/* false: the worker has given it back, and the inbox is to be looked into. */
bool loop_still_busy(struct conn *);
void loop_call(struct loop *); /* signal handlers too */
void loop_wheel_add(struct loop *, struct conn *);
void loop_wheel_remove(struct loop *, struct conn *);
void loop_allow(struct conn *, unsigned seconds); /* from now on */

/* conn.c: on the connection's loop, while no worker has it */
struct conn *conn_new(const struct listener *, int fd, const struct peer *,
    struct peer_count *);
void conn_begin(struct conn *);
void conn_advance(struct conn *);
void conn_done(struct conn *); /* a worker has given it back */
void conn_expired(struct conn *);
void conn_stop(struct conn *);
void conn_event(int fd, short what, void *conn);
void conn_discard(struct conn *); /* with the session, at the very end */
void conn_free(struct conn *);

/* stream.c */
enum stream { STREAM_DONE, STREAM_BLOCKED, STREAM_ENDED };
void stream_want(struct conn *, short what);
CHECKED enum stream stream_handshake(struct conn *);
CHECKED enum stream stream_receive(struct conn *); /* into `in` */
CHECKED enum stream stream_send(struct conn *);    /* from `out` */
/* As much of it as goes at once, by the worker that has the connection. */
void stream_send_early(struct conn *);
/* What has come, likewise; behind all that is done. */
void stream_receive_here(struct conn *);
bool stream_unsent(const struct conn *);
void stream_shut(struct conn *); /* our end */
CHECKED enum stream stream_drain(struct conn *);

/* deflate.c */
struct deflate *deflate_new(view behind); /* input that came already */
void deflate_free(struct deflate **);
void deflate_end(struct loop *);
bool deflate_has_input(const struct deflate *);
void deflate_feed(struct deflate *, view);
/* Inflate what was fed, at most NET_INPUT_PIECE of it. */
CHECKED result deflate_take(struct loop *, struct deflate *,
    struct buf *out);
/* Compress a piece, when all before it is sent. */
void deflate_add(struct loop *, struct deflate *, view piece);
view deflate_unsent(const struct deflate *);
void deflate_sent(struct deflate *, size_t n);

/* worker.c */
CHECKED result worker_start(struct net *, size_t count);
void worker_stop(struct net *);
void worker_queue(struct conn *, enum job);

/* Run c->unit on the thread that calls. */
void worker_run_here(struct conn *);
void worker_queue_every(struct every *);

/* stay.c */
void stay_begin(struct conn *); /* on its loop: before a worker gets it */
/* The worker that has run it: more came, and c->unit is to be run. */
bool stay_on(struct conn *);
void stay_end(struct conn *); /* before it is given back */

/* watch.c */
void watch_set(struct conn *, int64_t account);

/* peers.c */
struct peer_count *peers_add(struct net *, const struct in6_addr *);
void peers_drop(struct net *, struct peer_count *);

#endif
