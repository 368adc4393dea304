/*
 * view.h - bytes that belong to somebody else.
 *
 * A view is a pointer and a length.  It owns nothing, is never terminated by
 * a NUL and may hold any bytes.  Whoever returns a view says how long it
 * lives.  All arithmetic on untrusted bytes happens here and in scan.c; every
 * function clamps to the view and so cannot read outside it.
 */
#ifndef BASE_VIEW_H
#define BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
	const char *p;
	size_t n;
} view;

/* A view of a string literal. */
#define VIEW(literal) ((view){ "" literal, sizeof(literal) - 1 })

/* A static initialiser for a view of a string literal. */
#define VIEW_INIT(literal)                      \
	{                                       \
		"" literal, sizeof(literal) - 1 \
	}

/* A view of a C string; NULL gives the empty view. */
view view_of(const char *text);

/* Same bytes. */
bool view_eq(view a, view b);

/* Same bytes when ASCII letters are folded. */
bool view_same(view a, view b);

/* Order as by memcmp, then by length: below, at or above 0. */
int view_order(view a, view b);

bool view_starts(view v, view prefix);
bool view_starts_same(view v, view prefix);

/* Does this line begin a request of HTTP?  A browser that was led to another
 * protocol's port (ALPACA) is not talked to. */
bool view_is_http(view line);
bool view_ends(view v, view suffix);
bool view_ends_same(view v, view suffix);

/* The byte at `i`, or -1 past the end. */
int view_at(view v, size_t i);

/* All from byte `from` on; empty when `from` is past the end. */
view view_from(view v, size_t from);

/* The first `n` bytes, or all when there are fewer. */
view view_first(view v, size_t n);

/* Cut `*v` at the first `byte`: returns what stands before it, and leaves
 * what stands after it.  Without such a byte returns all, leaves nothing. */
view view_cut(view *v, char byte);

/* Like view_cut, at the last `byte`; without one returns nothing and
 * leaves all. */
view view_cut_last(view *v, char byte);

/* Take one line off `*v`: returns it without its CRLF or LF.  false when
 * `*v` is empty; a last line without LF is a line. */
bool view_line(view *v, view *line);

/* Without spaces, tabs, CR and LF on both sides. */
view view_trim(view v);

/* Takes the first word off `v`, with the spaces, tabs and line ends before
 * it; empty when there is none. */
view view_word(view *v);

/* Where `needle` begins in `v`, or SIZE_MAX. */
size_t view_find(view v, view needle);
size_t view_find_same(view v, view needle);
size_t view_find_byte(view v, char byte);

/* The whole view is a decimal number of at most `max`.  false otherwise,
 * also for an empty view. */
bool view_number(view v, uint64_t max, uint64_t *out);

/* Copy into a C string of `room` bytes, for a library that needs one.
 * false when it does not fit or holds a NUL; then `to` is "". */
bool view_copy(view v, char *to, size_t room);

#endif
