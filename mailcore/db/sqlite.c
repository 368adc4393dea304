/* The SQLite driver: connections, statements, values. */
#include "mailcore/db/record.h"
#include "mailcore/db/sqlite.h"
#include "mailcore/db/sqlite_wal.h"
#include "mailcore/sys/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	BUSY_MS = 10000, /* how long to wait for another process' write */
	BUSY_STEP_MS = 20,
	WAL_PAGES_MOST = 4 * DB_WAL_PAGES
};

struct db_arg
db_int(int64_t number)
{
	return (struct db_arg){ .kind = DB_INT, .number = number };
}

struct db_arg
db_text(view v)
{
	return (struct db_arg){ .kind = DB_TEXT, .bytes = v };
}

struct db_arg
db_blob(view v)
{
	return (struct db_arg){ .kind = DB_BLOB, .bytes = v };
}

struct db_arg
db_null(void)
{
	return (struct db_arg){ .kind = DB_NULL };
}

static bool
is_full(sqlite3 *handle, int code)
{
	int error = sqlite3_system_errno(handle);

	return (code & 255) == SQLITE_FULL
	    || (((code & 255) == SQLITE_IOERR
		    || (code & 255) == SQLITE_CANTOPEN)
		&& (error == ENOSPC || error == EDQUOT));
}

result
sqlite_failure(struct db *db, const char *sql)
{
	int code = sqlite3_extended_errcode(db->handle);

	switch (code & 255) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fail(BUSY, "another writer is at work");
	case SQLITE_CONSTRAINT:
		if (code == SQLITE_CONSTRAINT_UNIQUE
		    || code == SQLITE_CONSTRAINT_PRIMARYKEY
		    || code == SQLITE_CONSTRAINT_ROWID)
			return fail(EXISTS, "there is one already");
		break;
	default:
		break;
	}
	log_line(LOG_ERROR, "db.failed",
	    "path=%s code=%d text=\"%s\" sql=\"%s\"", db->path, code,
	    sqlite3_errmsg(db->handle), sql);
	if (is_full(db->handle, code))
		return fail(NO_SPACE, "the disk is full");
	return fail(FAILED, "the database does not work");
}

/* SQLite calls this with how often it has already waited. */
static int
wait_for_writer(void *context, int count)
{
	struct db *db = context;
	int ms = count < BUSY_STEP_MS ? count + 1 : BUSY_STEP_MS;
	struct timespec pause = { .tv_nsec = ms * 1000000L };

	if (count == 0)
		db->waited_ms = 0;
	if (db->waited_ms >= BUSY_MS)
		return 0;
	db->waited_ms += ms;
	(void)nanosleep(&pause, NULL);
	return 1;
}

void
sqlite_be_patient(struct db *db, bool patient)
{
	(void)sqlite3_busy_handler(db->handle,
	    patient ? wait_for_writer : NULL, db);
}

static int
count_wal(void *context, sqlite3 *handle, const char *name, int pages)
{
	struct db *db = context;
	int code;

	(void)name;
	db->waiting = pages;
	if (pages < db->tried)
		db->tried = 0;
	/* While a reader needs an old state, not at each commit again. */
	if (pages >= WAL_PAGES_MOST && pages >= db->tried + DB_WAL_PAGES) {
		db->tried = pages;
		code = sqlite3_wal_checkpoint_v2(handle, NULL,
		    SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
		if (code != SQLITE_OK && (code & 255) != SQLITE_BUSY)
			db->unsure = true;
	}
	return SQLITE_OK;
}

static void
configure_once(void)
{
	/* The statistics cost a lock that all threads would share. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)sqlite3_initialize();
	sqlite_wal_register();
}

static result
set_up(struct db *db, const char *page_size)
{
	static const char pragmas[] = "PRAGMA journal_mode = WAL;"
				      /* What a WAL may keep when it begins
				       * anew: WAL_PAGES_MOST. */
				      "PRAGMA journal_size_limit = 16777216;"
				      "PRAGMA synchronous = NORMAL;"
				      "PRAGMA cache_size = -256;"
				      "PRAGMA mmap_size = 0;"
				      "PRAGMA temp_store = MEMORY;"
				      "PRAGMA trusted_schema = OFF;";
	int keep = 1;

	(void)sqlite3_extended_result_codes(db->handle, 1);
	sqlite_be_patient(db, true);
	/* 32 KiB for small allocations instead of the usual 120. */
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_LOOKASIDE, NULL,
	    512, 64);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (sqlite3_exec(db->handle, page_size, NULL, NULL, NULL) != SQLITE_OK
	    || sqlite3_exec(db->handle, pragmas, NULL, NULL, NULL)
		!= SQLITE_OK)
		return sqlite_failure(db, pragmas);
	(void)sqlite3_wal_hook(db->handle, count_wal, db);
	/* A WAL that is removed is one to be made again, with its folder
	 * synced; an emptied one serves as well. */
	(void)sqlite3_file_control(db->handle, NULL, SQLITE_FCNTL_PERSIST_WAL,
	    &keep);
	return done();
}

static result
open_with(struct db **out, const char *path, const char *page_size)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct db *db = calloc(1, sizeof *db);
	result r;

	*out = NULL;
	if (db == NULL || (db->path = strdup(path)) == NULL)
		abort();
	(void)pthread_once(&once, configure_once);
	if (sqlite3_open_v2(path, &db->handle,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
		    | SQLITE_OPEN_NOMUTEX,
		SQLITE_WAL_VFS) != SQLITE_OK)
		r = sqlite_failure(db, "open");
	else
		r = set_up(db, page_size);
	if (r.is == OK) {
		*out = db;
		db = NULL;
	}
	db_close(&db);
	return r;
}

result
db_open(struct db **out, const char *path)
{
	return open_with(out, path, "PRAGMA page_size = 4096");
}

result
db_open_large(struct db **out, const char *path)
{
	return open_with(out, path, "PRAGMA page_size = 16384");
}

static void
free_statement(struct statement *s)
{
	(void)sqlite3_finalize(s->st);
	free(s->own);
	free(s);
}

static void
end(struct db **db, int checkpoint)
{
	if (*db == NULL)
		return;
	for (size_t i = 0; i < COUNT((*db)->statements); i++)
		while ((*db)->statements[i] != NULL) {
			struct statement *s = (*db)->statements[i];

			(*db)->statements[i] = s->next;
			free_statement(s);
		}
	(void)sqlite3_db_config((*db)->handle,
	    SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !checkpoint, NULL);
	(void)sqlite3_close_v2((*db)->handle);
	free((*db)->path);
	free(*db);
	*db = NULL;
}

void
db_close(struct db **db)
{
	end(db, 0);
}

void
db_close_tidy(struct db **db)
{
	end(db, 1);
}

void
db_rest(struct db *db)
{
	(void)sqlite3_db_release_memory(db->handle);
}

static size_t
bucket_of(const char *sql)
{
	return ((uintptr_t)sql >> 4) % STATEMENT_BUCKETS;
}

/* Where $1, $2 ... stand among SQLite's own numbers. */
static void
find_parameters(struct statement *s)
{
	s->parameters = sqlite3_bind_parameter_count(s->st);
	for (int i = 0; i < DB_ARGS_MAX; i++) {
		char name[8];

		(void)snprintf(name, sizeof name, "$%d", i + 1);
		s->index[i] = sqlite3_bind_parameter_index(s->st, name);
	}
}

/* `sql` is found again by its address; one that is still being read is left
 * alone and a second one made. */
static struct statement *
prepare(struct db *db, const char *sql, result *r)
{
	struct statement **bucket = &db->statements[bucket_of(sql)];
	struct statement *s;

	for (s = *bucket; s != NULL; s = s->next)
		if (s->sql == sql && !s->busy)
			return s;
	s = calloc(1, sizeof *s);
	if (s == NULL)
		abort();
	if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
		&s->st, NULL) != SQLITE_OK) {
		*r = sqlite_failure(db, sql);
		free_statement(s);
		return NULL;
	}
	s->sql = sql;
	s->writes = !sqlite3_stmt_readonly(s->st);
	find_parameters(s);
	s->next = *bucket;
	*bucket = s;
	return s;
}

static int
bind_one(sqlite3_stmt *st, int index, const struct db_arg *a)
{
	const char *p = a->bytes.p == NULL ? "" : a->bytes.p;

	switch (a->kind) {
	case DB_INT:
		return sqlite3_bind_int64(st, index, a->number);
	case DB_TEXT:
		return sqlite3_bind_text64(st, index, p, a->bytes.n,
		    SQLITE_STATIC, SQLITE_UTF8);
	case DB_BLOB:
		return sqlite3_bind_blob64(st, index, p, a->bytes.n,
		    SQLITE_STATIC);
	case DB_NULL:
	default:
		return sqlite3_bind_null(st, index);
	}
}

static result
bind_all(struct db *db, struct statement *s, const struct db_arg *args,
    size_t count)
{
	if ((size_t)s->parameters != count || count > DB_ARGS_MAX) {
		log_line(LOG_ERROR, "db.values",
		    "wanted=%d found=%zu sql=\"%s\"", s->parameters, count,
		    s->sql);
		return fail(FAILED, "a statement got too few or many values");
	}
	for (size_t i = 0; i < count; i++)
		if (s->index[i] == 0
		    || bind_one(s->st, s->index[i], &args[i]) != SQLITE_OK)
			return sqlite_failure(db, s->sql);
	return done();
}

void
db_ask(struct db *db, struct db_query *q, const char *sql,
    const struct db_arg *args, size_t count)
{
	struct statement *s;

	*q = (struct db_query){ .db = db, .args = args, .count = count };
	q->r = done();
	s = prepare(db, sql, &q->r);
	if (s == NULL)
		return;
	s->busy = true;
	q->statement = s;
	q->r = bind_all(db, s, args, count);
}

bool
db_next(struct db_query *q)
{
	struct statement *s = q->statement;
	int code;

	q->row = false;
	if (q->r.is != OK || q->ran)
		return false;
	q->begun = true;
	code = sqlite3_step(s->st);
	q->row = code == SQLITE_ROW;
	q->ran = !q->row;
	if (!q->row && code != SQLITE_DONE)
		q->r = sqlite_failure(q->db, s->sql);
	return q->row;
}

int64_t
db_int_at(struct db_query *q, int column)
{
	struct statement *s = q->statement;

	return q->row ? sqlite3_column_int64(s->st, column) : 0;
}

view
db_text_at(struct db_query *q, int column)
{
	struct statement *s = q->statement;
	const unsigned char *p;

	if (!q->row || (p = sqlite3_column_text(s->st, column)) == NULL)
		return VIEW("");
	return (view){ (const char *)p,
		(size_t)sqlite3_column_bytes(s->st, column) };
}

view
db_blob_at(struct db_query *q, int column)
{
	struct statement *s = q->statement;
	const void *p;

	if (!q->row || (p = sqlite3_column_blob(s->st, column)) == NULL)
		return VIEW("");
	return (view){ p, (size_t)sqlite3_column_bytes(s->st, column) };
}

bool
db_is_null(struct db_query *q, int column)
{
	struct statement *s = q->statement;

	return !q->row || sqlite3_column_type(s->st, column) == SQLITE_NULL;
}

result
db_end(struct db_query *q)
{
	struct statement *s = q->statement;

	q->row = false;
	if (s == NULL)
		return q->r;
	if (q->r.is == OK && s->writes && q->begun) {
		q->db->changed = sqlite3_changes64(q->db->handle);
		if (q->db->record != NULL)
			record_add(q->db->record, s->sql, q->args, q->count);
	}
	(void)sqlite3_reset(s->st);
	(void)sqlite3_clear_bindings(s->st);
	s->busy = false;
	q->statement = NULL;
	return q->r;
}

result
db_do(struct db *db, const char *sql, const struct db_arg *args, size_t count)
{
	struct db_query q;

	db_ask(db, &q, sql, args, count);
	while (db_next(&q))
		continue;
	return db_end(&q);
}

int64_t
db_changed(struct db *db)
{
	return db->changed;
}

void
db_record(struct db *db, struct buf *record)
{
	db->record = record;
}

/* A statement that was read from a record has no constant address: it is
 * found by its text, and the text is kept with it. */
static const char *
keep_text(struct db *db, view sql)
{
	struct statement **kept = &db->statements[STATEMENT_BUCKETS];
	struct statement *s;

	for (s = *kept; s != NULL; s = s->next)
		if (view_eq(view_of(s->own), sql))
			return s->own;
	s = calloc(1, sizeof *s);
	if (s == NULL || (s->own = strndup(sql.p, sql.n)) == NULL)
		abort();
	s->next = *kept;
	*kept = s;
	return s->own;
}

result
db_replay(struct db *db, view record)
{
	while (record.n > 0) {
		struct db_arg args[DB_ARGS_MAX];
		size_t count;
		view sql;

		TRY(record_take(&record, &sql, args, &count));
		TRY(db_do(db, keep_text(db, sql), args, count));
	}
	return done();
}
