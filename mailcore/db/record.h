/*
 * record.h - statements with their values as bytes, and back: what db_record
 * collects and db_replay runs.  Inside of the drivers.
 *
 * A record carries the text of each statement, so it can be replayed by a
 * program of another version.  Numbers are little-endian.
 */
#ifndef DB_RECORD_H
#define DB_RECORD_H

#include "mailcore/db/db.h"

/* More values than any statement of ours takes. */
enum { DB_ARGS_MAX = 32 };

void record_add(struct buf *, const char *sql, const struct db_arg *args,
    size_t count);

/* Take one statement off `*record`; `sql` and the values are views of it.
 * MALFORMED: not what record_add wrote. */
CHECKED result record_take(view *record, view *sql,
    struct db_arg args[DB_ARGS_MAX], size_t *count);

#endif
