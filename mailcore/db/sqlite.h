/*
 * sqlite.h - what the two files of the SQLite driver share.  No other file
 * includes sqlite3.h, or this.
 */
#ifndef DB_SQLITE_H
#define DB_SQLITE_H

#include "mailcore/db/record.h"

#include <sqlite3.h>

enum { STATEMENT_BUCKETS = 64 };

/* One prepared statement, kept as long as the connection. */
struct statement {
	struct statement *next;
	const char *sql;
	char *own; /* a text that db_replay brought */
	sqlite3_stmt *st;
	int parameters;
	int index[DB_ARGS_MAX]; /* of $1, $2 ... for sqlite3_bind */
	bool writes;
	bool busy; /* between db_ask and db_end */
};

struct db {
	sqlite3 *handle;
	char *path;
	/* By address of the text; the last list holds texts of db_replay. */
	struct statement *statements[STATEMENT_BUCKETS + 1];
	struct buf *record;
	int64_t changed;
	int waited_ms;
	int waiting; /* pages in the WAL after the last commit */
	int tried;   /* as many were there at the last try to move them */
	bool unsure; /* a sync of the WAL has failed since */
};

/* What the last error of the connection means; logged when it is FAILED or
 * NO_SPACE. */
CHECKED result sqlite_failure(struct db *, const char *sql);

/* To wait for others, or not to (BUSY at once). */
void sqlite_be_patient(struct db *, bool patient);

#endif
