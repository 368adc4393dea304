/*
 * queue.h - messages on their way out (posthaste.db).
 *
 * A message is queued once with all its recipients; each recipient has its
 * own state and time.  A worker leases what is due, so that two processes
 * never send the same; a lease that is not settled or renewed in time falls
 * back, and so do those of a process that is known to be no more.
 */
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include "mailcore/store/body.h"

/* When what is held is due. */
#define QUEUE_HELD INT64_MAX

/* RFC 3461 4.3 RET: how much of the message a failure's notice has. */
enum queue_ret { QUEUE_RET_ANY, QUEUE_RET_HEADERS, QUEUE_RET_FULL };

/* RFC 3461 4.1 NOTIFY, a set; none of them: it was not said, which is as
 * FAILURE (and DELAY where that is customary). */
enum queue_notify {
	QUEUE_NOTIFY_NEVER = 1,
	QUEUE_NOTIFY_SUCCESS = 2,
	QUEUE_NOTIFY_FAILURE = 4,
	QUEUE_NOTIFY_DELAY = 8
};

/* What the sender wants to hear of one recipient. */
struct queue_want {
	unsigned notify;
	view original; /* ORCPT as it was said, in xtext; empty: not said */
};

struct queue_recipient {
	int64_t id;
	view address;
	int attempts;
	int64_t next; /* seconds, or QUEUE_HELD */
	view error;   /* of the last attempt */
	struct queue_want want;
	int64_t warned; /* seconds: its sender was told it is late; 0 */
};

struct queue_message {
	int64_t id;
	view sender;      /* reverse-path; empty for <> */
	int64_t account;  /* who sent it; 0 */
	int64_t created;  /* seconds */
	uint64_t size;
	bool smtputf8;
	bool eightbit;
	view envelope_id; /* RFC 3461 ENVID as it was said, in xtext */
	enum queue_ret ret;
	bool requiretls;  /* RFC 8689: verified TLS or a failure */
	int64_t released; /* RFC 4865: not sent before, and its age counts
	                   * from then; 0: not held */
	view data;        /* only by queue_lease */
};

/* From when on it counts as waiting. */
static inline int64_t
queue_since(const struct queue_message *m)
{
	return m->released > m->created ? m->released : m->created;
}

struct queue_new {
	view sender;
	int64_t account;
	bool smtputf8;
	bool eightbit;
	view envelope_id;
	enum queue_ret ret;
	bool requiretls;
	int64_t released; /* 0: at once */
	const view *recipients;
	const struct queue_want *wants; /* one for each; NULL: none said */
	size_t count;
	view data; /* the whole message, CRLF lines */
	/* When not empty: the last `number` queued under this name is kept
	 * with the message, and one at or below it is not queued again. */
	view once;
	int64_t number;
};

/* Not durable before store_sync.  `id` names it in logs and replies; 0: it
 * was queued before (`once`). */
CHECKED result queue_add(struct store *, const struct queue_new *,
    int64_t *id);

struct queue_lease {
	struct queue_message message;
	struct queue_recipient *recipients; /* all due, of one domain */
	size_t count;
	view domain;
};

/* The next due work, leased until `now` + `seconds`; views live in `arena`.
 * NOT_FOUND: nothing due; `*wake` says when next (INT64_MAX: never). */
CHECKED result queue_lease(struct store *, struct arena *, int64_t now,
    int64_t seconds, struct queue_lease *out, int64_t *wake);

/* The same of what became due last: who sends a few mails need not wait for
 * somebody's hundred thousand. */
CHECKED result queue_lease_newest(struct store *, struct arena *,
    int64_t now, int64_t seconds, struct queue_lease *out, int64_t *wake);

/* Whose turn it is.  What is in the middle of a long backlog may be passed
 * over for a while. */
enum { QUEUE_BUSY = 4 };
struct queue_turn {
	bool newest;           /* from that end */
	view first;            /* a domain that is taken before others */
	view busy[QUEUE_BUSY]; /* domains that are not taken */
	size_t busy_count;
};
CHECKED result queue_lease_in_turn(struct store *, struct arena *,
    const struct queue_turn *, int64_t now, int64_t seconds,
    struct queue_lease *out, int64_t *wake);

/* The same recipients stay leased until `until`. */
CHECKED result queue_renew(struct store *, int64_t message, view domain,
    int64_t until);

/* Only one process of a house sends mail: leases that any other one still
 * has are due at `now`. */
CHECKED result queue_release(struct store *, int64_t now);

enum queue_outcome { QUEUE_SENT, QUEUE_RETRY, QUEUE_FAILED };

/* Settle one recipient.  RETRY: again at `next`.  A message whose last
 * recipient is settled is removed. */
CHECKED result queue_settle(struct store *, int64_t message,
    int64_t recipient, enum queue_outcome, int64_t next, view error);

/* The sender was told at `now` that this recipient's mail is late. */
CHECKED result queue_warned(struct store *, int64_t message,
    int64_t recipient, int64_t now);

/* For `posthaste status` and the queue commands. */
typedef result queue_visit(void *context, const struct queue_message *,
    const struct queue_recipient *);
CHECKED result queue_each(struct store *, queue_visit *, void *context);
/* Those alone that an account has sent, the newest ones first. */
CHECKED result queue_each_of(struct store *, int64_t account, int64_t most,
    queue_visit *visit, void *context);
CHECKED result queue_counts(struct store *, int64_t *messages,
    int64_t *recipients, int64_t *oldest);

/* A message with its data and all its recipients.  NOT_FOUND. */
CHECKED result queue_get(struct store *, struct arena *, int64_t id,
    struct queue_lease *out);

/* RETRY_NOW: due now, unless held or `released` later.  HOLD: not due until
 * RELEASE (and not before `released`); an attempt that runs goes on.  DELETE:
 * without a bounce; BUSY: an attempt runs.  NOT_FOUND: no such message. */
enum queue_change { QUEUE_RETRY_NOW, QUEUE_HOLD, QUEUE_RELEASE,
	QUEUE_DELETE };
CHECKED result queue_change(struct store *, int64_t message,
    enum queue_change, int64_t now);

/* All that waits for another attempt is due now. */
CHECKED result queue_retry_all(struct store *, int64_t now);

#endif
