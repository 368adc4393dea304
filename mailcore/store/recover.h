/*
 * recover.h - what was acknowledged and then lost by a power cut comes back.
 *
 * Segments that no process holds were left behind.  All their records are
 * taken in the order of account and seq: those that a database has already
 * are skipped, what comes next to it is run again.  Then all databases that
 * they speak of are synced, and the segments removed.  Done twice, or stopped
 * in the middle and begun again, it comes to the same.
 *
 * Whoever opens the store does this first, one process at a time; so nobody
 * writes to a database that still lacks something.  When only one role was
 * killed, its databases lack nothing, and others may go on at work.
 */
#ifndef STORE_RECOVER_H
#define STORE_RECOVER_H

#include "mailcore/base/result.h"

#include <stdbool.h>

struct recovery;

/* Waits for others who do the same, replays and syncs.  *out is set in any
 * case, and to be given to recover_end. */
CHECKED result recover_begin(struct recovery **out, const char *data);

/* A segment had been left behind. */
bool recover_found(const struct recovery *);

/* A database lacked something: the machine had stopped. */
bool recover_lost(const struct recovery *);

/* `remove`: the segments are no longer needed.  Lets others go on. */
void recover_end(struct recovery **, bool remove);

/* Remove files, and folders of accounts, that a sudden stop left without
 * anything that names them.  Only for a process that is alone.  `all`: look
 * at bodies too, which takes some time with many accounts. */
CHECKED result recover_sweep(const char *data, bool all);

#endif
