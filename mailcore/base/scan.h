/*
 * scan.h - a sticky cursor over one view.
 *
 * Demanding calls (scan_word, scan_byte, scan_run, ...) fail with the rule
 * that they enforce; offering calls (scan_try, scan_peek) take something when
 * it is there.  The first failure stays and turns later calls into no-ops, so
 * a grammar reads like its RFC and is checked once, by scan_result.
 */
#ifndef BASE_SCAN_H
#define BASE_SCAN_H

#include "mailcore/base/result.h"
#include "mailcore/base/view.h"

struct scan {
	view rest;
	result r;
};

struct scan scan_over(view v);

/* Keep this failure, unless there is one already. */
void scan_fail(struct scan *, enum status, const char *why);

bool scan_ok(const struct scan *);
CHECKED result scan_result(const struct scan *);

/* Demand `word`, ASCII case folded. */
void scan_word(struct scan *, view word, const char *why);

/* Demand one byte, exactly. */
void scan_byte(struct scan *, char byte, const char *why);

/* Demand 1 to `max` bytes of a class; OVER_LIMIT past `max`. */
view scan_run(struct scan *, bool (*is)(char), size_t max, const char *why);

/* Take 0 to all bytes of a class. */
view scan_while(struct scan *, bool (*is)(char));

/* Demand exactly `n` bytes. */
view scan_bytes(struct scan *, size_t n, const char *why);

/* Take all up to `byte`, not with it; the byte must be there. */
view scan_until(struct scan *, char byte, const char *why);

/* Demand a decimal number.  More than `max`: OVER_LIMIT. */
uint64_t scan_number(struct scan *, uint64_t max, const char *why);

/* Demand the end. */
void scan_end(struct scan *, const char *why);

/* Take `word` (ASCII case folded) when it is next.  false after a failure. */
bool scan_try(struct scan *, view word);
bool scan_try_byte(struct scan *, char byte);

/* The next byte, not taken; -1 at the end and after a failure. */
int scan_peek(const struct scan *);

bool scan_at_end(const struct scan *);

#endif
