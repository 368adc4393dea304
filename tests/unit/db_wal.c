/* What is collected for the WAL: with every commit it is in the file, and
 * nothing of what was rolled back comes after it. */
#include "tests/tap.h"
#include "tests/unit/db_help.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	KEYS = 400,
	ROUNDS = 80,
	CHANGES_MOST = 300,
	BYTES = 2000,
	COPY_EVERY = 8,
	FRAME_HEAD = 24 /* of a page in a WAL */
};

static const char *const steps[] = {
	"CREATE TABLE t (k BIGINT NOT NULL PRIMARY KEY, g BIGINT NOT NULL,"
	" b BLOB NOT NULL);"
	"CREATE TABLE u (k BIGINT NOT NULL PRIMARY KEY, g BIGINT NOT NULL);",
};
static const char put[] = "INSERT INTO t (k, g, b) VALUES ($1, $2, $3)"
			  " ON CONFLICT (k) DO UPDATE SET g = $2, b = $3";
static const char all[] = "SELECT k, g, b FROM t";
static const char check[] = "PRAGMA integrity_check";

/* SQLite takes back this statement alone when it fails. */
static const char gather[] = "INSERT INTO u (k, g) SELECT k, g FROM t"
			     " WHERE k < $1"
			     " ON CONFLICT (k) DO UPDATE SET g = 0";

static char folder[256];
static int fails; /* so many pages from now on: the disk is full */

/* In place of the C library's, for SQLite. */
__attribute__((visibility("default"))) ssize_t
pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
	if (fails > 0 && n > FRAME_HEAD) {
		fails--;
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, bytes, n, at);
}

/* What must be there, by key; 0: nothing. */
struct model {
	int64_t found[KEYS];
};

static struct db *
open_at(const char *name)
{
	return db_at(folder, name, steps, COUNT(steps));
}

static bool
is_as(struct db *db, const struct model *wanted)
{
	struct model m = { { 0 } };
	struct db_query q;
	bool whole = true;

	db_ask(db, &q, all, NULL, 0);
	while (db_next(&q)) {
		view b = db_blob_at(&q, 2);
		int64_t k = db_int_at(&q, 0), g = db_int_at(&q, 1);

		whole = whole && k >= 0 && k < KEYS && b.n == BYTES
		    && (unsigned char)b.p[BYTES - 1] == (g & 255);
		if (k >= 0 && k < KEYS)
			m.found[k] = g;
	}
	return db_end(&q).is == OK && whole
	    && memcmp(&m, wanted, sizeof m) == 0;
}

static bool
is_sound(struct db *db)
{
	struct db_query q;
	bool sound = false;

	db_ask(db, &q, check, NULL, 0);
	while (db_next(&q))
		sound = view_eq(db_text_at(&q, 0), VIEW("ok"));
	return db_end(&q).is == OK && sound;
}

static bool
change(struct db *db, int64_t k, int64_t g)
{
	char bytes[BYTES];
	const struct db_arg args[] = { db_int(k), db_int(g),
		db_blob((view){ bytes, sizeof bytes }) };

	memset(bytes, (int)(g & 255), sizeof bytes);
	return db_do(db, put, args, COUNT(args)).is == OK;
}

/* Some transactions are larger than the memory for pages, so that a part of
 * them is written before its end and then again. */
static bool
transact(struct db *db, struct model *m, unsigned *seed, int64_t g)
{
	struct model after = *m;
	int changes = 1 + rand_r(seed) % CHANGES_MOST;
	bool good = db_begin(db).is == OK;

	if (rand_r(seed) % 3 == 0)
		changes = 1;
	for (int i = 0; i < changes && good; i++) {
		int64_t k = rand_r(seed) % KEYS;

		good = change(db, k, g);
		after.found[k] = g;
	}
	if (rand_r(seed) % 3 == 0) {
		db_rollback(db);
		return good;
	}
	*m = after;
	return good && db_commit(db).is == OK;
}

static bool
copy_file(const char *from, const char *to)
{
	char path[512], block[65536];
	FILE *in, *out;
	size_t n;

	(void)snprintf(path, sizeof path, "%s/%s", folder, from);
	in = fopen(path, "rb");
	(void)snprintf(path, sizeof path, "%s/%s", folder, to);
	out = fopen(path, "wb");
	if (in == NULL || out == NULL)
		abort();
	while ((n = fread(block, 1, sizeof block, in)) > 0)
		if (fwrite(block, 1, n, out) != n)
			abort();
	(void)fclose(in);
	return fclose(out) == 0;
}

/* As another process finds it that comes after this one was killed. */
static bool
survives(const struct model *m)
{
	char path[512];
	struct db *db;
	bool good;

	if (!copy_file("a.db", "b.db") || !copy_file("a.db-wal", "b.db-wal"))
		return false;
	(void)snprintf(path, sizeof path, "%s/b.db-shm", folder);
	(void)unlink(path);
	db = open_at("b.db");
	good = is_as(db, m) && is_sound(db);
	db_close(&db);
	return good;
}

static void
test_turns(void)
{
	struct db *both[] = { open_at("a.db"), open_at("a.db") };
	struct model m = { { 0 } };
	unsigned seed = 7;
	bool worked = true, seen = true, kept = true;

	for (int i = 0; i < ROUNDS; i++) {
		int who = rand_r(&seed) % 2;

		worked = transact(both[who], &m, &seed, i + 1) && worked;
		seen = is_as(both[1 - who], &m) && is_as(both[who], &m)
		    && seen;
		if (i % COPY_EVERY == 0)
			kept = survives(&m) && kept;
	}
	ok(worked, "transactions of two handles, some taken back");
	ok(seen, "each sees what the other has committed");
	ok(kept, "and it is in the files by then");
	ok(is_sound(both[0]), "the database is sound");
	ok(db_checkpoint(both[1]).is == OK && is_as(both[0], &m),
	    "all can be moved to its place");
	db_close(&both[0]);
	db_close(&both[1]);
}

/* System calls that wrote, by this process; -1: the kernel does not count. */
static int64_t
writes_so_far(void)
{
	FILE *f = fopen("/proc/self/io", "r");
	char line[128];
	int64_t found = -1;

	if (f == NULL)
		return -1;
	while (fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, "syscw: ", 7) == 0)
			found = strtoll(line + 7, NULL, 10);
	(void)fclose(f);
	return found;
}

static void
test_count(void)
{
	struct db *db = open_at("count.db");
	int64_t before, writes;
	bool good = db_begin(db).is == OK;

	for (int64_t k = 0; k < 40 && good; k++)
		good = change(db, k, 1);
	before = writes_so_far();
	good = good && db_commit(db).is == OK;
	writes = writes_so_far() - before;
	note("%lld writes", (long long)writes);
	ok(good && db_waiting(db) >= 20 && (before < 0 || writes < 12),
	    "a commit of many pages is few writes");
	db_close(&db);
}

/* A part of a transaction is in memory that SQLite takes for written, and the
 * disk is full for a moment, while a statement reads it back.  That statement
 * fails; what was lost must not be committed. */
static void
test_full(void)
{
	struct db *db = open_at("full.db"), *other = open_at("full.db");
	const struct db_arg most[] = { db_int(KEYS) };
	struct model m = { { 0 } };
	int failed = 0, refused = 0;
	bool sound = true;

	for (int i = 0; i < KEYS; i++) {
		sound = change(db, i, 1) && sound;
		m.found[i] = 1;
	}
	for (int round = 2; round < ROUNDS && sound; round++) {
		struct model after = m;

		sound = db_begin(db).is == OK;
		for (int k = 0; k < 4 * round && sound; k++) {
			sound = change(db, k, round);
			after.found[k] = round;
		}
		fails = round % 4 > 0;
		if (db_do(db, gather, most, COUNT(most)).is != OK)
			failed++;
		fails = 0;
		if (db_commit(db).is == OK)
			m = after;
		else
			refused++;
		sound = sound && is_as(db, &m) && is_as(other, &m);
	}
	note("%d failed, %d were not committed", failed, refused);
	ok(sound && is_sound(other), "a full disk leaves what was there");
	ok(failed > 0 && refused > 0, "and is told");
	db_close(&db);
	db_close(&other);
}

static void
remove_all(void)
{
	static const char *const names[] = { "a.db", "b.db", "count.db",
		"full.db" };
	static const char *const ends[] = { "", "-wal", "-shm" };
	char path[512];

	for (size_t i = 0; i < COUNT(names); i++)
		for (size_t j = 0; j < COUNT(ends); j++) {
			(void)snprintf(path, sizeof path, "%s/%s%s", folder,
			    names[i], ends[j]);
			(void)unlink(path);
		}
	(void)rmdir(folder);
}

int
main(void)
{
	(void)snprintf(folder, sizeof folder, "%s/posthaste-XXXXXX",
	    getenv("TMPDIR") == NULL ? "/tmp" : getenv("TMPDIR"));
	if (mkdtemp(folder) == NULL)
		abort();
	test_turns();
	test_count();
	test_full();
	remove_all();
	return tap_done();
}
