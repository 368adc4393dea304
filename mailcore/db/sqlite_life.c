/* The SQLite driver: transactions, schema, durability. */
#include "mailcore/db/sqlite.h"
#include "mailcore/sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Not recorded: db_replay's caller makes transactions of its own. */
static result
run(struct db *db, const char *sql)
{
	struct buf *record = db->record;
	result r;

	db->record = NULL;
	r = db_do(db, sql, NULL, 0);
	db->record = record;
	return r;
}

result
db_begin(struct db *db)
{
	return run(db, "BEGIN IMMEDIATE");
}

result
db_snapshot(struct db *db)
{
	return run(db, "BEGIN DEFERRED");
}

result
db_commit(struct db *db)
{
	result r = run(db, "COMMIT");

	if (r.is != OK)
		db_rollback(db);
	else if (db->unsure)
		db->unsure = db_sync_again(db).is != OK;
	return r;
}

void
db_rollback(struct db *db)
{
	/* Some failures have rolled back already. */
	if (sqlite3_get_autocommit(db->handle))
		return;
	(void)run(db, "ROLLBACK");
}

int
db_waiting(const struct db *db)
{
	return db->waiting;
}

result
db_checkpoint(struct db *db)
{
	int pages = 0, moved = 0;
	int code = sqlite3_wal_checkpoint_v2(db->handle, NULL,
	    SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);

	if ((code & 255) == SQLITE_BUSY)
		return fail(BUSY, "somebody else is at it");
	if (code != SQLITE_OK) {
		result r = sqlite_failure(db, "checkpoint");

		/* It may have been the sync of the WAL. */
		db->unsure = db_sync_again(db).is != OK;
		return r;
	}
	db->waiting = 0;
	return moved == pages
	    ? done()
	    : fail(BUSY, "a reader still needs an older state");
}

result
db_checkpoint_whole(struct db *db)
{
	int code;

	sqlite_be_patient(db, false);
	code = sqlite3_wal_checkpoint_v2(db->handle, NULL,
	    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite_be_patient(db, true);
	if ((code & 255) == SQLITE_BUSY)
		return fail(BUSY, "somebody else is at it");
	if (code != SQLITE_OK)
		return sqlite_failure(db, "checkpoint");
	db->waiting = 0;
	return done();
}

static result
failed_sync(const char *path)
{
	int error = errno;

	log_line(LOG_ERROR, "db.sync", "path=%s error=\"%s\"", path,
	    strerror(error));
	if (error == ENOSPC || error == EDQUOT)
		return fail(NO_SPACE, "the disk is full");
	return fail(FAILED, "the database could not be synced");
}

/*
 * The WAL may be opened and closed apart from SQLite, as no lock is ever
 * taken on it (they are on the -shm file); the database file may not: closing
 * it would drop SQLite's own locks (fcntl(2)).  Without a WAL, or with an empty
 * one, all is in the database file, synced by the checkpoint before that.
 */
result
db_sync_path(const char *path)
{
	char wal[4096];
	int fd, failed;

	if (snprintf(wal, sizeof wal, "%s-wal", path) >= (int)sizeof wal)
		return fail(FAILED, "a path of more than 4 KiB");
	fd = open(wal, O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return access(path, F_OK) == 0
		    ? done()
		    : fail(NOT_FOUND, "no such database");
	if (fd < 0)
		return failed_sync(path);
	failed = fdatasync(fd);
	if (failed != 0) {
		result r = failed_sync(path);

		(void)close(fd);
		return r;
	}
	(void)close(fd);
	return done();
}

result
db_sync(struct db *db)
{
	result r = db_sync_path(db->path);

	return r.is == OK ? r : db_sync_again(db);
}

static result
write_piece(int fd, const char *p, size_t n, off_t at)
{
	while (n > 0) {
		ssize_t put = pwrite(fd, p, n, at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return fail(FAILED, "a WAL cannot be written again");
		p += put;
		n -= (size_t)put;
		at += put;
	}
	return done();
}

/* What it reads comes from memory, where it is as it was written. */
static result
write_all_again(int fd)
{
	char piece[8192];
	off_t at = 0;

	for (;;) {
		ssize_t n = pread(fd, piece, sizeof piece, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(FAILED, "a WAL cannot be read");
		if (n == 0)
			return done();
		TRY(write_piece(fd, piece, (size_t)n, at));
		at += n;
	}
}

/* Under the lock of writers nobody else changes the WAL. */
result
db_sync_again(struct db *db)
{
	char wal[4096];
	result r;
	int fd;

	if (snprintf(wal, sizeof wal, "%s-wal", db->path) >= (int)sizeof wal)
		return fail(FAILED, "a path of more than 4 KiB");
	TRY(db_begin(db));
	fd = open(wal, O_RDWR | O_CLOEXEC);
	r = fd < 0 ? failed_sync(db->path) : write_all_again(fd);
	if (r.is == OK && fdatasync(fd) != 0)
		r = failed_sync(db->path);
	if (fd >= 0)
		(void)close(fd);
	db_rollback(db);
	log_line(LOG_WARNING, "db.sync_again", "path=%s why=\"%s\"",
	    db->path, r.is == OK ? "" : r.why);
	return r;
}

static result
get_version(struct db *db, size_t *version)
{
	struct db_query q;

	*version = 0;
	db_ask(db, &q, "PRAGMA user_version", NULL, 0);
	while (db_next(&q))
		*version = (size_t)db_int_at(&q, 0);
	return db_end(&q);
}

static result
apply_step(struct db *db, const char *step, size_t version)
{
	char pragma[64];

	(void)snprintf(pragma, sizeof pragma, "PRAGMA user_version = %zu",
	    version);
	if (sqlite3_exec(db->handle, step, NULL, NULL, NULL) != SQLITE_OK
	    || sqlite3_exec(db->handle, pragma, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_failure(db, "a step of the schema");
	return done();
}

/* One step, unless another process was faster. */
static result
step_once(struct db *db, const char *const steps[], size_t i)
{
	size_t version;
	result r;

	TRY(db_begin(db));
	r = get_version(db, &version);
	if (r.is == OK && version == i)
		r = apply_step(db, steps[i], i + 1);
	if (r.is != OK) {
		db_rollback(db);
		return r;
	}
	return db_commit(db);
}

result
db_migrate(struct db *db, const char *const steps[], size_t count)
{
	size_t version;

	TRY(get_version(db, &version));
	if (version > count) {
		log_line(LOG_ERROR, "db.newer",
		    "path=%s found=%zu known=%zu do=\"use a newer program\"",
		    db->path, version, count);
		return fail(FAILED, "the database is newer than this program");
	}
	if (version == count)
		return done();
	for (size_t i = version; i < count; i++)
		TRY(step_once(db, steps, i));
	/* What is written from now on needs the new schema to be there. */
	return db_sync(db);
}
