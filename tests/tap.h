/*
 * tap.h - TAP for our C tests: ok(), same(), is(), and tap_done() at the end.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include "mailcore/base/view.h"

/* One test point.  Returns `condition`. */
bool ok(bool condition, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Both views hold the same bytes; shows both when not. */
bool same(view found, view wanted, const char *what);

/* Both numbers are the same; shows both when not. */
bool is_number(int64_t found, int64_t wanted, const char *what);

/* Prints a "# ..." line. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints the plan; returns what main returns. */
int tap_done(void);

#endif
