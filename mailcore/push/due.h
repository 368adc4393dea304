/*
 * due.h - which accounts are to be looked at, and when.  Who calls has the
 * lock.
 */
#ifndef PUSH_DUE_H
#define PUSH_DUE_H

#include <stdbool.h>
#include <stdint.h>

struct push_due;

struct push_due *push_due_new(void);
void push_due_free(struct push_due **);

/* Moments are those of clock_steady_ms.  Look at the account at `when`, or
 * earlier when that was said before; not when it is known to have nothing,
 * unless it is `fresh`.  false: nothing new. */
bool push_due_add(struct push_due *, int64_t account, int64_t now,
    int64_t when, bool fresh);

/* One whose time has come; nobody else gets it before push_due_done.  0: none,
 * and `*next` is when there will be one. */
int64_t push_due_take(struct push_due *, int64_t now, int64_t *next);

/* It was looked at: again at `when`; 0: when something happens; below 0: it
 * has nothing, and shall not be heard of for as long, unless something has
 * happened since it was taken. */
void push_due_done(struct push_due *, int64_t account, int64_t now,
    int64_t when);

#endif
