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

struct queue_recipient {
	int64_t id;
	view address;
	int attempts;
	int64_t next; /* seconds, or QUEUE_HELD */
	view error;   /* of the last attempt */
};

struct queue_message {
	int64_t id;
	view sender;      /* reverse-path; empty for <> */
	int64_t account;  /* who sent it; 0 */
	int64_t created;  /* seconds */
	uint64_t size;
	bool smtputf8;
	bool eightbit;
	view envelope_id; /* RFC 3461 ENVID */
	view data;        /* only by queue_lease */
};

struct queue_new {
	view sender;
	int64_t account;
	bool smtputf8;
	bool eightbit;
	view envelope_id;
	const view *recipients;
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

/* For `posthaste status` and the queue commands. */
typedef result queue_visit(void *context, const struct queue_message *,
    const struct queue_recipient *);
CHECKED result queue_each(struct store *, queue_visit *, void *context);
CHECKED result queue_counts(struct store *, int64_t *messages,
    int64_t *recipients, int64_t *oldest);

/* A message with its data and all its recipients.  NOT_FOUND. */
CHECKED result queue_get(struct store *, struct arena *, int64_t id,
    struct queue_lease *out);

/* RETRY_NOW: due now, unless held.  HOLD: not due until RELEASE; an attempt
 * that runs goes on.  DELETE: without a bounce; BUSY: an attempt runs.
 * NOT_FOUND: no such message. */
enum queue_change { QUEUE_RETRY_NOW, QUEUE_HOLD, QUEUE_RELEASE,
	QUEUE_DELETE };
CHECKED result queue_change(struct store *, int64_t message,
    enum queue_change, int64_t now);

/* All that waits for another attempt is due now. */
CHECKED result queue_retry_all(struct store *, int64_t now);

#endif
