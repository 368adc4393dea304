/*
 * rows.h - a table as text, with the names of its columns in the first line:
 * tabs between, as databases print it (mysql -B: \t, \n and \\ for what would
 * end a field, NULL for nothing), or commas (RFC 4180, without line ends in a
 * field).
 */
#ifndef ADMIN_ROWS_H
#define ADMIN_ROWS_H

#include "mailcore/base/arena.h"

enum { ROWS_COLUMNS = 8 };

struct rows {
	view rest;
	struct arena *arena;
	char separator;
	size_t fields;              /* in a row */
	size_t column[ROWS_COLUMNS]; /* which of the names a field is */
	size_t names;
	size_t line; /* of the row, counted from 1 */
};

/* `names`: of all columns that there may be, in any order; the first one must
 * be there.  MALFORMED: another one, one twice, or none of them. */
CHECKED result rows_begin(struct rows *, view text, const char *const *names,
    size_t count, struct arena *);

/* The next row that is not empty: a value for each of the names, trimmed, ""
 * where there is no such column.  Views live in the text or in the arena,
 * which may be reset between rows.  NOT_FOUND: there is none.  MALFORMED:
 * another number of fields; go on with the next. */
CHECKED result rows_next(struct rows *, view values[ROWS_COLUMNS]);

#endif
