/*
 * retry.h - when mail that could not be sent is tried again, and for how
 * long (RFC 5321 4.5.4.1).
 */
#ifndef SMTP_RETRY_H
#define SMTP_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* The moment after so many `attempts`: 5 minutes, 10, 20 ... 4 hours later; a
 * little off, so that what failed together does not come back together. */
int64_t retry_next(int64_t now, int attempts);

/* What waits since `since` is given up. */
bool retry_is_over(int64_t now, int64_t since);
int64_t retry_end(int64_t since);

/* Its sender is to be told that it is late. */
bool retry_is_late(int64_t now, int64_t since);

#endif
