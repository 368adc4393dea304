/*
 * store.h - the only owner of what people keep with us.
 *
 * data/house/posthaste.db holds domains, accounts, aliases, the queue; one
 * data/accounts/<shard>/<id>/account.db holds all of one person.  Everything
 * that a person owns is an item in a collection in an account, and every
 * change gets the account's next change number (modseq).
 *
 * Writing: account_write runs a function inside one transaction, again from
 * the start when the database asks for a retry, so it must have no effects
 * outside the database.  The change is visible to other processes
 * when the call returns; whether it is durable then is the `durable` argument
 * (see journal.h for how one fdatasync serves all that wait).
 *
 * A store is shared by all threads of a process.  A `struct account` is
 * checked out by one thread, for the length of one command.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "mailcore/base/arena.h"
#include "mailcore/base/result.h"
#include "mailcore/base/view.h"

struct store;
struct account;

struct store_options {
	const char *data;    /* folder; made when missing, mode 0700 */
	const char *journal; /* name of this process' journal: "web", "mail" */
	size_t idle_accounts; /* open account databases kept, 0: default 1000 */
	int64_t retire_ms; /* unused so long, they are closed; 0: default */
	unsigned history_days; /* see history.h; 0: nothing is kept */
};

enum durable {
	DURABLE,       /* returned means on the disk */
	DURABLE_LATER, /* the caller calls store_sync before it acknowledges */
	DURABLE_LAZY   /* flags: on the disk within a second */
};

/* Replays first what a killed role has left, or a power cut when nobody called
 * store_recover (then numbers jump only where something was seen to be lost).
 * Starts threads: not to be followed by fork.
 * FAILED: logged with what to do.  NO_SPACE: disk full. */
CHECKED result store_open(struct store **, const struct store_options *);

/* Waits for everything to be durable and removes this journal's segments:
 * that none is left is what a clean stop looks like.  All accounts are closed
 * before. */
void store_close(struct store **);

/* To be called once, before any role starts, by one process that is alone:
 * migrates, replays the journals, and after an unclean stop lets every
 * account's UIDs and change numbers jump ahead (applied when each account is
 * first opened). */
CHECKED result store_recover(const char *data);

/* Everything written so far by this process is durable when it returns.
 * FAILED, NO_SPACE: it is not, and nothing may be acknowledged. */
CHECKED result store_sync(struct store *);

/* Called after each commit that changed `account`, by the thread that wrote,
 * outside all locks.  One listener a process. */
typedef void store_listener(void *context, int64_t account);
void store_listen(struct store *, store_listener *, void *context);

/* BUSY: too many open accounts.  NOT_FOUND: no such account. */
CHECKED result account_open(struct store *, int64_t id, struct account **);
void account_close(struct account **);
int64_t account_id(const struct account *);

typedef result account_work(struct account *, void *context);

/* Run `work` in one write transaction of this account.  What `work` returns
 * other than OK rolls back and is returned.  Calls do not nest. */
CHECKED result account_write(struct account *, account_work *work,
    void *context, enum durable);

/* Run `work` over one unchanging snapshot. */
CHECKED result account_read(struct account *, account_work *work,
    void *context);

/* The account's present change number. */
CHECKED result account_modseq(struct account *, int64_t *out);

#endif
