/*
 * runner_inside.h - what the files of the runner share:
 *
 *	runner.c        threads, leases, the end
 *	runner_work.c   one lease: delivered, reported, settled
 *	runner_notice.c what senders are told
 *	runner_seen.c   what was seen of TLS, and telling it (RFC 8460)
 */
#ifndef SMTP_RUNNER_INSIDE_H
#define SMTP_RUNNER_INSIDE_H

#include "mailcore/smtp/route.h"
#include "mailcore/smtp/runner.h"
#include "mailcore/store/queue.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	SEEN_MOST = 1024, /* kinds of sessions between two writes */
	SEEN_TEXT = 400   /* of one: what is longer is not counted */
};

/* Sessions of one kind that are not in the store yet. */
struct seen {
	struct tls_session session; /* views into text */
	char text[SEEN_TEXT];
};

struct runner {
	struct store *store;
	const struct conf *conf;
	struct tls *tls;
	struct post *post;
	struct signer *signer; /* of bounces; NULL: unsigned */
	runner_heard *heard; /* may be NULL */
	void *heard_context;
	struct resolver *resolver;
	struct secure secure;
	int stop; /* readable for good, once stopping */
	atomic_bool stopping;
	pthread_mutex_t lock;
	pthread_cond_t work;
	uint64_t news; /* grows whenever there may be work */
	struct attempt *attempts; /* being worked on; also under the lock */
	pthread_mutex_t turn; /* of looking for work */
	pthread_mutex_t seen_lock; /* for the next three */
	struct seen *seen;         /* NULL: none yet */
	size_t seen_count;
	int64_t told;  /* the day on which all was told last */
	int64_t delay; /* seconds after midnight until it is */
};

/* One lease and what became of it. */
struct attempt {
	struct runner *runner;
	struct attempt *next;
	struct arena *arena;
	struct queue_lease lease;
	struct client_report *reports;
	struct client_kept *kept; /* of the thread */
	bool *late; /* whose senders are told that it is */
	/* The server that it talks to; under the runner's lock. */
	view hop_host, hop_address;
	bool crowded; /* enough others do: it is put off */
	view host;
	bool last; /* it was for good: here, or by LMTP */
	int64_t now;
};

void runner_tell_work(struct runner *);

void runner_work_on(struct attempt *);

/* The route_enter; its context is the attempt. */
bool runner_enter(void *attempt, view host, view address);

/* What senders are to be told of the reports.  Not durable before store_sync.
 * `*queued`: something went into the queue. */
CHECKED result notice_send(struct attempt *, bool *queued);

/* They have been: of what is late. */
CHECKED result notice_remember(struct attempt *);

/* The route_saw; its context is the runner. */
void seen_add(void *runner, const struct tls_session *);

/* Into the store. */
void seen_flush(struct runner *);

/* Once a day, those who want to know; it may take its time. */
void seen_tell(struct runner *);

#endif
