/*
 * db.h - one question, two drivers.
 *
 * A db is one connection to one database.  Statements are constant strings
 * with $1, $2 ... in the subset that SQLite and PostgreSQL share, prepared
 * once per connection; values are always bound.  Ask, read the rows, end:
 *
 *	db_ask(db, &q, sql, args, COUNT(args));
 *	while (db_next(&q))
 *		... db_int_at(&q, 0) ...
 *	TRY(db_end(&q));
 *
 * The first failure sticks in the query and is what db_end returns; there is
 * one db_end for every db_ask and no return in between.
 *
 * A db belongs to one thread at a time.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include "mailcore/base/buf.h"
#include "mailcore/base/result.h"
#include "mailcore/base/view.h"

struct db;

enum db_kind { DB_NULL, DB_INT, DB_TEXT, DB_BLOB };

struct db_arg {
	enum db_kind kind;
	int64_t number;
	view bytes;
};

struct db_arg db_int(int64_t);
struct db_arg db_text(view); /* UTF-8 without NUL */
struct db_arg db_blob(view);
struct db_arg db_null(void);

struct db_query {
	struct db *db;
	void *statement;
	const struct db_arg *args;
	size_t count;
	result r;
	bool row;
	bool begun;
	bool ran;
};

/* Open (and create) the database at `path`; SQLite: WAL, pages of 4 KiB,
 * synchronous=NORMAL: durability is the journal's (store/journal.h).
 * FAILED: cannot be opened; NO_SPACE: disk full. */
CHECKED result db_open(struct db **, const char *path);

/* The same for rows of many KiB that are read whole: pages of 16 KiB. */
CHECKED result db_open_large(struct db **, const char *path);

/* Costs no sync: what waits in the WAL stays there for the next to open. */
void db_close(struct db **);

/* The same, but when nobody else has it open the WAL is first moved and
 * emptied, with syncs: the next to open has nothing to read again. */
void db_close_tidy(struct db **);

/* Let go of the memory that can be read again; between statements. */
void db_rest(struct db *);

/* `sql` must be a constant that outlives the db; `args` and their bytes must
 * live until db_end. */
void db_ask(struct db *, struct db_query *, const char *sql,
    const struct db_arg *args, size_t count);
bool db_next(struct db_query *);

/* Column `column` of the present row; views live until the next db_next or
 * db_end. */
int64_t db_int_at(struct db_query *, int column);
view db_text_at(struct db_query *, int column);
view db_blob_at(struct db_query *, int column);
bool db_is_null(struct db_query *, int column);

/* EXISTS: a unique key is taken.  NO_SPACE: disk full.  BUSY: another
 * writer, or a conflict that a retry solves.  FAILED: logged. */
CHECKED result db_end(struct db_query *);

/* A statement whose rows nobody wants. */
CHECKED result db_do(struct db *, const char *sql, const struct db_arg *args,
    size_t count);

/* How many rows the last db_do changed. */
int64_t db_changed(struct db *);

/* db_begin takes the write lock at once.  db_commit makes the transaction
 * visible to others, not durable. */
CHECKED result db_begin(struct db *);
CHECKED result db_commit(struct db *);
void db_rollback(struct db *);

/* Until db_rollback, all reads see one state.  Nothing can be written. */
CHECKED result db_snapshot(struct db *);

/* While `record` is set, every statement that wrote is appended to it, with
 * its values, in a form that db_replay runs again.  NULL ends it. */
void db_record(struct db *, struct buf *record);
CHECKED result db_replay(struct db *, view record);

/* Bring the schema up to date: step i is applied when the database has seen
 * fewer than i + 1; each step in one transaction.  FAILED: a step did not
 * work, or the database is newer than this program. */
CHECKED result db_migrate(struct db *, const char *const steps[], size_t count);

/* Make everything committed so far durable by itself, whichever process
 * wrote it (SQLite: sync the WAL). */
CHECKED result db_sync(struct db *);

/* The same after a sync that failed.  The system may take for written what
 * that one should have written, so no other proves anything until all is
 * written once more.  BUSY: others write all the time. */
CHECKED result db_sync_again(struct db *);

/* The same for a database that need not be open here.  NOT_FOUND: there is
 * none. */
CHECKED result db_sync_path(const char *path);

/* Pages that wait in the WAL after the last commit.  db_checkpoint moves them
 * to their places and syncs both files; from DB_WAL_PAGES on it is worth it,
 * in a quiet moment (a db_commit does it by itself only when four times as
 * many have come together).  BUSY: not all could be moved. */
enum {
	DB_WAL_PAGES = 1000,
	/* So few are read again by the next to open, faster than they could
	 * be moved and synced (db_close_tidy). */
	DB_WAL_PAGES_LEFT = 250
};
int db_waiting(const struct db *);
CHECKED result db_checkpoint(struct db *);

/* The same, and the WAL is empty then: who opens the database next has
 * nothing to read again, and who reads has one file to look into.  BUSY:
 * somebody was in the way, who is not waited for. */
CHECKED result db_checkpoint_whole(struct db *);

#endif
