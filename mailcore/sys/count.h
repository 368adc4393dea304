/*
 * count.h - how often things happen, and how many of something there are now,
 * kept in a page of memory that is a file, so that another process can read
 * it; /metrics does.
 *
 * A counter begins when it is first used.  Its name is a literal of lower-case
 * letters, digits, '.' and '_'; there is room for COUNT_SLOTS of them.  What
 * has no room, and what is counted before count_open, is not kept: counting
 * never fails and never waits.  Thread-safe.
 */
#ifndef SYS_COUNT_H
#define SYS_COUNT_H

#include "mailcore/base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COUNT_SLOTS = 256, COUNT_NAME = 40 };

struct count {
	char name[COUNT_NAME];
	bool level; /* a number of now, else one that only grows */
	int64_t value;
};

/* This process keeps its counts in that file from now on.  Events go on from
 * where they were; levels begin at 0.  Call it once, before there are
 * threads.  FAILED: logged. */
CHECKED result count_open(const char *path);

void count_event(const char *name);

/* One more, or less, of what comes and goes. */
void count_level(const char *name, int by);

/* What another process counts: at most COUNT_SLOTS.  The file is not
 * trusted.  NOT_FOUND, FAILED. */
CHECKED result count_read(
    const char *path, struct count to[COUNT_SLOTS], size_t *n);

#endif
