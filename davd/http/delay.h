/*
 * delay.h - call back later, without a thread of its own for each: one thread
 * that sleeps until the next is due.  For answers that are held back.
 */
#ifndef HTTP_DELAY_H
#define HTTP_DELAY_H

#include <stdint.h>

struct delay;

typedef void delay_call(void *what);

/* Calls `call` from its own thread. */
struct delay *delay_new(delay_call *call);

void delay_add(struct delay *, unsigned ms, void *what);

/* Everything is due now, also what is added later. */
void delay_flush(struct delay *);

/* After delay_flush. */
void delay_free(struct delay **);

#endif
