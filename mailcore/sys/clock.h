/* clock.h - what time it is.  Thread-safe. */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include <stdint.h>

/* Seconds since 1970, for what people and rows see. */
int64_t clock_now(void);

/* Milliseconds that never jump, for time-outs. */
int64_t clock_steady_ms(void);

/* The same in microseconds, for how long something took. */
int64_t clock_steady_us(void);

#endif
