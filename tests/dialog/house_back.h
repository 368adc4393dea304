/*
 * house_back.h - a database put back to how it was, between two inputs of a
 * fuzzer: what one input does then depends on nothing but that input, so what
 * it finds is found again.  By a connection of its own, row by row, so that
 * the store's own ones see an ordinary change and keep their statements.
 */
#ifndef TESTS_HOUSE_BACK_H
#define TESTS_HOUSE_BACK_H

#include "mailcore/base/buf.h"
#include "tests/dialog/house.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { BACK_TABLES = 64 };

struct back {
	sqlite3 *db;
	sqlite3_stmt *version;
	sqlite3_stmt *begin, *keep, *steps[2 * BACK_TABLES], *seq, *commit;
	size_t count;
	int seen; /* of data_version: others' commits change it */
};

/* How many rows it had; its first number is `*first`. */
static inline int
back_step(sqlite3_stmt *s, int *first)
{
	int rows = 0, r;

	while ((r = sqlite3_step(s)) == SQLITE_ROW) {
		*first = sqlite3_column_int(s, 0);
		rows++;
	}
	if (r != SQLITE_DONE || sqlite3_reset(s) != SQLITE_OK) {
		(void)fprintf(stderr, "back: %s: %s\n", sqlite3_sql(s),
		    sqlite3_errmsg(sqlite3_db_handle(s)));
		abort();
	}
	return rows;
}

/* The table stands for each '@'. */
static inline sqlite3_stmt *
back_statement(struct back *b, const char *text, const char *table)
{
	struct buf sql = buf_new(4096);
	sqlite3_stmt *s = NULL;

	for (; *text != '\0'; text++) {
		if (*text == '@')
			buf_add_text(&sql, table);
		else
			buf_add_byte(&sql, *text);
	}
	if (sqlite3_prepare_v2(b->db, buf_text(&sql), -1, &s, NULL)
	    != SQLITE_OK) {
		(void)fprintf(stderr, "back: %s\n", sqlite3_errmsg(b->db));
		abort();
	}
	buf_free(&sql);
	return s;
}

static inline void
back_do(struct back *b, const char *text, const char *table)
{
	sqlite3_stmt *s = back_statement(b, text, table);
	int unused;

	(void)back_step(s, &unused);
	(void)sqlite3_finalize(s);
}

static inline int
back_version(struct back *b)
{
	int version = 0;

	(void)back_step(b->version, &version);
	return version;
}

static inline void
back_tables(struct back *b)
{
	sqlite3_stmt *names = back_statement(b,
	    "SELECT name FROM main.sqlite_master WHERE type = 'table'"
	    " AND name NOT LIKE 'sqlite%'", "");

	while (sqlite3_step(names) == SQLITE_ROW) {
		const char *name
		    = (const char *)sqlite3_column_text(names, 0);

		if (b->count == COUNT(b->steps))
			abort();
		back_do(b, "CREATE TABLE kept.@ AS SELECT * FROM main.@",
		    name);
		/* With a condition: what is empty is not written then. */
		b->steps[b->count++] = back_statement(
		    b, "DELETE FROM main.@ WHERE true", name);
		b->steps[b->count++] = back_statement(b,
		    "INSERT INTO main.@ SELECT * FROM kept.@", name);
	}
	(void)sqlite3_finalize(names);
}

/* What the database of that account (0: the house) holds now is kept, changed
 * by `first`. */
static inline void
back_open(struct back *b, const char *data, int64_t account,
    const char *first)
{
	char path[256];

	*b = (struct back){ .db = NULL };
	(void)snprintf(path, sizeof path,
	    account == 0 ? "%s/house/posthaste.db"
	                 : "%s/accounts/%02x/%lld/account.db",
	    data, (unsigned)(account & 255), (long long)account);
	if (sqlite3_open(path, &b->db) != SQLITE_OK
	    || sqlite3_exec(b->db, first, NULL, NULL, NULL) != SQLITE_OK)
		abort();
	(void)sqlite3_busy_timeout(b->db, 10000);
	back_do(b, "PRAGMA synchronous = OFF", "");
	back_do(b, "ATTACH ':memory:' AS kept", "");
	b->version = back_statement(b, "PRAGMA main.data_version", "");
	b->seen = back_version(b);
	b->begin = back_statement(b, "BEGIN IMMEDIATE", "");
	b->commit = back_statement(b, "COMMIT", "");
	back_tables(b);
	/* The journal's order goes on. */
	back_do(b, "CREATE TABLE kept.stand AS SELECT seq, writer, previous"
		   " FROM main.state", "");
	b->keep = back_statement(b, "UPDATE kept.stand SET (seq, writer,"
	    " previous) = (SELECT seq, writer, previous FROM main.state)",
	    "");
	b->seq = back_statement(b, "UPDATE main.state SET (seq, writer,"
	    " previous) = (SELECT seq, writer, previous FROM kept.stand)",
	    "");
}

/* Has anybody changed it since it was kept, or put back? */
static inline bool
back_is_due(struct back *b)
{
	return back_version(b) != b->seen;
}

static inline void
back_put(struct back *b)
{
	int unused;

	if (!back_is_due(b))
		return;
	(void)back_step(b->begin, &unused);
	(void)back_step(b->keep, &unused);
	for (size_t i = 0; i < b->count; i++)
		(void)back_step(b->steps[i], &unused);
	(void)back_step(b->seq, &unused);
	(void)back_step(b->commit, &unused);
	b->seen = back_version(b);
}

static inline void
back_close(struct back *b)
{
	(void)sqlite3_finalize(b->version);
	(void)sqlite3_finalize(b->begin);
	(void)sqlite3_finalize(b->keep);
	for (size_t i = 0; i < b->count; i++)
		(void)sqlite3_finalize(b->steps[i]);
	(void)sqlite3_finalize(b->seq);
	(void)sqlite3_finalize(b->commit);
	(void)sqlite3_close(b->db);
}

/* A house with one account in it, as it is now. */
struct house_kept {
	struct back account, house;
};

static inline void
house_keep(struct house_kept *k, const struct house *h)
{
	house_check(store_sync(h->store));
	back_open(&k->account, h->folder, h->account, "");
	back_open(&k->house, h->folder, 0, "");
}

/* After an input: are the books right?  Then all is as it was. */
static inline void
house_put_back(struct house_kept *k, const struct house *h)
{
	if (back_is_due(&k->account))
		house_verify(h->store, h->account);
	back_put(&k->account);
	back_put(&k->house);
}

static inline void
house_kept_close(struct house_kept *k)
{
	back_close(&k->account);
	back_close(&k->house);
}

#endif
