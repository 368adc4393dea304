/*
 * journal.h - one fdatasync for all that wait.
 *
 * A write transaction is committed to its database without a sync: other
 * processes see it, a crash of this one loses nothing.  What protects it from
 * a power cut is this process' journal, to which the statements of each
 * transaction are added with their values, in the order of the account's
 * `seq`.  Whoever must wait writes and syncs all that has gathered, for all;
 * what comes meanwhile is the next batch.  A lone writer waits for nobody.
 *
 * When another process wrote the account last, its journal may not have been
 * synced yet; then the account's database is synced with the batch, so that
 * what this journal holds always has something to stand on.
 *
 * A segment of the journal is dropped once every database in it has been
 * synced, by a thread that also writes what nobody waits for, within a
 * second.  recover.h says what happens to segments that are left behind.
 *
 * When a write or a sync of the journal fails, everybody who waits is told so
 * and that segment is never trusted again: the databases it speaks of are
 * synced themselves before anything more is acknowledged.
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "mailcore/base/buf.h"
#include "mailcore/base/result.h"

struct journal;
struct grave;

CHECKED result journal_open(struct journal **, const char *data,
    const char *role);

/* All is durable and no segment is left, unless something failed: then a
 * later start recovers. */
void journal_close(struct journal **);

/* The name of this journal in state.writer. */
int64_t journal_writer(const struct journal *);

/* Around each write transaction.  Between the two a segment of this journal
 * is on the disk, so a sudden stop will be noticed.  NO_SPACE, FAILED: nothing
 * can be written now, and journal_leave is not called. */
CHECKED result journal_enter(struct journal *);
void journal_leave(struct journal *);

struct journal_entry {
	int64_t account;
	int64_t seq;
	struct buf *record; /* begun by segment_begin_record; or NULL: too
	                     * large, the database is synced instead */
	bool foreign;       /* another journal had the transaction before */
	struct grave *graves; /* files to be removed once this is durable */
};

/* Between journal_enter and journal_leave, under the account's lock, after
 * the commit.  Returns what to wait for. */
uint64_t journal_add(struct journal *, const struct journal_entry *);

/* Until all up to `position` is durable. */
CHECKED result journal_wait(struct journal *, uint64_t position);

/* The last position given out. */
uint64_t journal_end(struct journal *);

/* So much has gathered that even those who need not wait should. */
bool journal_is_full(struct journal *);

#endif
