/* The database interface: values, failures, records, schema, writers. */
#include "tests/tap.h"
#include "tests/unit/db_help.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const steps[] = {
	"CREATE TABLE t (k BIGINT NOT NULL PRIMARY KEY, v TEXT, b BLOB);",
	"ALTER TABLE t ADD COLUMN more BIGINT NOT NULL DEFAULT 5;",
};
static const char insert[] = "INSERT INTO t (k, v, b) VALUES ($1, $3, $2)";
static const char get[] = "SELECT v, b, k FROM t WHERE k = $1";
static const char all[] = "SELECT k FROM t ORDER BY k";

static char folder[256];

static struct db *
open_new(const char *name)
{
	return db_at(folder, name, steps, COUNT(steps));
}

static result
add(struct db *db, int64_t k, const char *v)
{
	const struct db_arg args[] = { db_int(k), db_blob(VIEW("\0x")),
		db_text(view_of(v)) };

	return db_do(db, insert, args, COUNT(args));
}

static int
count_rows(struct db *db)
{
	struct db_query q;
	int rows = 0;

	db_ask(db, &q, all, NULL, 0);
	while (db_next(&q))
		rows++;
	return db_end(&q).is == OK ? rows : -1;
}

static void
test_values(struct db *db)
{
	const struct db_arg key[] = { db_int(INT64_MIN) };
	const struct db_arg nulls[] = { db_int(2), db_null(),
		db_text((view){ NULL, 0 }) };
	const struct db_arg two[] = { db_int(2) };
	struct db_query q;
	int rows = 0;

	ok(add(db, INT64_MIN, "text").is == OK, "add");
	is_number(db_changed(db), 1, "one row");
	db_ask(db, &q, get, key, 1);
	while (db_next(&q)) {
		rows++;
		same(db_text_at(&q, 0), VIEW("text"), "text");
		same(db_blob_at(&q, 1), VIEW("\0x"), "bytes with a NUL");
		ok(db_int_at(&q, 2) == INT64_MIN, "the smallest number");
		ok(!db_is_null(&q, 0), "is there");
	}
	ok(db_end(&q).is == OK && rows == 1, "one row");
	ok(db_int_at(&q, 2) == 0 && db_text_at(&q, 0).n == 0,
	    "nothing after the end");
	ok(db_do(db, insert, nulls, 3).is == OK, "nothing");
	db_ask(db, &q, get, two, 1);
	while (db_next(&q))
		ok(!db_is_null(&q, 0) && db_is_null(&q, 1),
		    "an empty text is not null");
	ok(db_end(&q).is == OK, "end");
}

static void
test_failures(struct db *db)
{
	const struct db_arg one[] = { db_int(1) };
	struct db_query q;

	ok(add(db, 2, "").is == EXISTS, "a taken key");
	ok(db_do(db, get, NULL, 0).is == FAILED, "too few values");
	ok(db_do(db, all, one, 1).is == FAILED, "too many");
	db_ask(db, &q, "SELECT nonsense FROM nowhere", NULL, 0);
	ok(!db_next(&q) && !db_next(&q), "no row of a bad statement");
	ok(db_end(&q).is == FAILED && db_end(&q).is == FAILED,
	    "its failure sticks");
	ok(count_rows(db) == 2, "the next works");
}

/* The same statement inside of its own walk. */
static void
test_nested(struct db *db)
{
	struct db_query outer, inner;
	int rows = 0;

	db_ask(db, &outer, all, NULL, 0);
	while (db_next(&outer)) {
		db_ask(db, &inner, all, NULL, 0);
		while (db_next(&inner))
			rows++;
		ok(db_end(&inner).is == OK, "inner end");
	}
	ok(db_end(&outer).is == OK, "outer end");
	is_number(rows, 4, "2 times 2 rows");
}

static void
test_record(struct db *db)
{
	struct db *copy = open_new("copy.db");
	struct buf record = buf_new(1 << 16);
	int failed = 0;

	ok(add(copy, INT64_MIN, "text").is == OK && add(copy, 2, "").is == OK,
	    "the same beginning");
	ok(db_begin(db).is == OK, "begin");
	db_record(db, &record);
	ok(add(db, 10, "ten").is == OK && add(db, 11, "eleven").is == OK,
	    "two writes");
	is_number(count_rows(db), 4, "a read");
	ok(add(db, 11, "again").is == EXISTS, "one that fails");
	db_record(db, NULL);
	ok(db_commit(db).is == OK, "commit");
	ok(add(db, 12, "").is == OK, "one that is not recorded");
	ok(db_replay(copy, buf_view(&record)).is == OK, "replay");
	is_number(count_rows(copy), 4, "what was recorded, and no more");
	ok(db_replay(copy, buf_view(&record)).is == EXISTS,
	    "a replay runs the statements, nothing else");
	for (size_t n = 1; n < record.n; n++) {
		char *exact = malloc(n);
		result r;

		if (exact == NULL)
			abort();
		memcpy(exact, record.p, n);
		r = db_begin(copy);
		if (r.is == OK)
			r = db_do(copy, "DELETE FROM t WHERE k > 2", NULL, 0);
		if (r.is == OK)
			r = db_replay(copy, (view){ exact, n });
		db_rollback(copy);
		failed += r.is == MALFORMED;
		free(exact);
	}
	/* One cut lies just between the two statements. */
	is_number(failed, (int64_t)record.n - 2,
	    "a record cut short is refused");
	buf_free(&record);
	db_close(&copy);
}

static void
test_migrate(struct db *db)
{
	static const char *const broken[] = { "SELECT 1;", "SELECT 1;",
		"CREATE TABLE u (x BIGINT); CREATE TABLE t (x BIGINT);" };
	static const char *const mended[] = { "SELECT 1;", "SELECT 1;",
		"CREATE TABLE u (x BIGINT);" };

	ok(db_migrate(db, steps, 2).is == OK, "a second time");
	ok(db_migrate(db, steps, 1).is == FAILED, "a newer database");
	ok(db_migrate(db, broken, 3).is == FAILED, "a step that fails");
	ok(db_migrate(db, mended, 3).is == OK,
	    "leaves nothing, so the mended one works");
}

static void
test_transactions(struct db *db)
{
	int before = count_rows(db);

	ok(db_begin(db).is == OK && add(db, 100, "").is == OK, "begin, add");
	db_rollback(db);
	is_number(count_rows(db), before, "rolled back");
	db_rollback(db);
	ok(db_snapshot(db).is == OK, "snapshot");
	db_rollback(db);
	ok(db_sync(db).is == OK, "sync");
	ok(db_waiting(db) > 0, "pages wait");
	ok(db_checkpoint(db).is == OK, "checkpoint");
	is_number(db_waiting(db), 0, "none waits");
	ok(db_sync_path("/nonexistent/x.db").is == NOT_FOUND, "no database");
}

static off_t
wal_size(void)
{
	char wal[512];
	struct stat st;

	(void)snprintf(wal, sizeof wal, "%s/whole.db-wal", folder);
	return stat(wal, &st) == 0 ? st.st_size : -1;
}

/* The WAL is emptied, but not under a reader, who is not waited for. */
static void
test_whole(void)
{
	struct db *db = open_new("whole.db"), *reader = open_new("whole.db");
	int before;

	ok(add(db, 7, "x").is == OK, "a row");
	before = count_rows(db);
	ok(db_snapshot(reader).is == OK && count_rows(reader) == before,
	    "one reads");
	ok(add(db, 8, "y").is == OK && wal_size() > 0, "another row");
	ok(db_checkpoint_whole(db).is == BUSY && wal_size() > 0,
	    "not under a reader");
	is_number(count_rows(reader), before, "who sees what he saw");
	db_rollback(reader);
	ok(db_checkpoint_whole(db).is == OK, "then it is");
	is_number(wal_size(), 0, "bytes in the WAL");
	is_number(db_waiting(db), 0, "pages that wait");
	is_number(count_rows(reader), before + 1, "rows, for the other");
	ok(add(reader, 9, "z").is == OK && count_rows(db) == before + 2,
	    "it is written to as before");
	db_close(&reader);
	db_close(&db);
}

/* Two connections take turns; nobody fails. */
enum { TURNS = 200 };

static void *
take_turns(void *context)
{
	struct db *db = open_new("turns.db");
	int64_t *worked = context;
	int64_t first = *worked;

	*worked = 0;
	for (int64_t i = 0; i < TURNS; i++) {
		if (db_begin(db).is != OK)
			continue;
		if (add(db, first + i, "").is == OK && db_commit(db).is == OK)
			++*worked;
		else
			db_rollback(db);
	}
	db_close(&db);
	return NULL;
}

static void
test_writers(void)
{
	pthread_t threads[3];
	int64_t worked[3] = { 0, 1000, 2000 };
	struct db *db = open_new("turns.db");

	for (int i = 0; i < 3; i++)
		(void)pthread_create(&threads[i], NULL, take_turns,
		    &worked[i]);
	for (int i = 0; i < 3; i++)
		(void)pthread_join(threads[i], NULL);
	is_number(worked[0] + worked[1] + worked[2], 3 * TURNS,
	    "three writers, no failure");
	is_number(count_rows(db), 3 * TURNS, "all rows");
	db_close(&db);
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");
	char command[300];
	struct db *db;

	(void)snprintf(folder, sizeof folder, "%s/db-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(folder) == NULL)
		return 1;
	db = open_new("one.db");
	test_values(db);
	test_failures(db);
	test_nested(db);
	test_record(db);
	test_migrate(db);
	test_transactions(db);
	test_whole();
	db_close(&db);
	test_writers();
	(void)snprintf(command, sizeof command, "rm -r '%s'", folder);
	ok(system(command) == 0, "clean up");
	return tap_done();
}
