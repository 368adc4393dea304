/*
 * load.h - the load generator: bounded work for one service, measured.
 *
 * A job is what one session does: prepare (connect, log in), then `once` for
 * every ticket, then finish.  load_run starts as many sessions as asked for,
 * lets all of them prepare, and only then starts the clock.  Tickets end by
 * count or by time, whichever comes first.  What was measured is printed as
 * one line of JSON.  A server that answers wrongly makes the run fail: a
 * figure of refused requests is worth nothing.
 */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include "mailcore/base/buf.h"

#include <stdatomic.h>

struct load_user {
	const char *address;
	const char *password;
};

/* The command line, one member an option. */
struct load_options {
	const char *host;
	const char *name;  /* for SNI and the Host field */
	const char *users; /* file: "address password" lines */
	const char *mailbox;
	const char *command; /* IMAP, without tag */
	const char *path;    /* HTTP; a collection ends in '/' */
	const char *method;
	const char *headers;   /* more of them, each with CRLF */
	const char *body;      /* file */
	const char *cipher;    /* the one TLS 1.3 suite to offer */
	const char *greeting; /* EHLO, or LHLO of LMTP (RFC 2033) */
	const char *anonymous; /* "yes": no Authorization */
	unsigned port;
	unsigned smtp_port; /* idle: where deliveries go */
	unsigned tls;
	unsigned sessions;
	unsigned count;
	unsigned seconds;
	unsigned size;    /* of a message */
	unsigned first;   /* user of the first session */
	unsigned spread;  /* so many users, in turn */
	unsigned objects; /* messages or resources that are there */
	unsigned batch;   /* requests in flight */
	unsigned expect;  /* HTTP status */
	unsigned base;    /* number of the first new resource */
	unsigned recur;   /* so many events of ten recur */
	unsigned quickack; /* acknowledge at once what Nagle waits for */
	unsigned pace;    /* tickets a second in all; 0: as fast as it goes */
};

struct load {
	struct load_options o;
	struct load_user *users;
	size_t user_count;
	struct buf body;
	atomic_uint tickets;
	atomic_uint sampled;
	atomic_uint failures;
	atomic_ullong bytes;
	atomic_ullong elements; /* of the last answer */
	double *samples;
	double start, end;
	char tls[96]; /* what was negotiated */
};

struct hand {
	struct load *load;
	const struct job *job;
	const struct load_user *user;
	unsigned index;
	struct wire *wire;
	struct buf out;
	uint64_t random;
	unsigned objects; /* learnt when preparing */
};

struct job {
	const char *name;
	bool (*prepare)(struct hand *);
	bool (*once)(struct hand *, unsigned ticket);
	void (*finish)(struct hand *);
	int (*alone)(struct load *); /* instead of all these */
};

/* Monotonic seconds. */
double load_now(void);

/* Says what went wrong; the first few only.  Always false. */
bool load_wrong(struct load *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes that an answer brought, and things in it. */
void load_count(struct load *, uint64_t bytes, uint64_t elements);

/* Runs `job`; 0 when nothing failed. */
int load_run(struct load *, const struct job *);

/* Prints p50, p99 and max of `n` values, in ms, as members of a JSON object.
 * Sorts them. */
void load_print_samples(double *values, unsigned n);

const struct load_user *load_user_at(const struct load *, unsigned session);

/* A number below `below` that looks random; the same in every run. */
unsigned hand_random(struct hand *, unsigned below);

extern const struct job mail_jobs[], imap_jobs[], web_jobs[];
extern const size_t mail_job_count, imap_job_count, web_job_count;
int idle_run(struct load *);

#endif
