#include "mailcore/db/schema.h"
#include "mailcore/store/inside.h"
#include "mailcore/store/journal.h"
#include "mailcore/store/recover.h"
#include "mailcore/sys/file.h"
#include "mailcore/sys/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IDLE_ACCOUNTS = 1000 };
enum { HOUSE_BEGIN, EPOCH_GET, EPOCH_RAISE };

static const char *const sql[] = {
	[HOUSE_BEGIN] = "INSERT INTO state (account_id) VALUES ($1)"
			" ON CONFLICT (account_id) DO NOTHING",
	[EPOCH_GET] = "SELECT epoch FROM state WHERE account_id = $1",
	[EPOCH_RAISE] = "UPDATE state SET epoch = epoch + 1"
			" WHERE account_id = $1",
};

/* Whoever makes one makes it outlive a power cut: a role behind its fence,
 * which adds an account later, could not. */
static result
make_folders(const char *data)
{
	static const char *const inner[] = { "house", "accounts",
		"journal", "queue", "tmp", "run" };
	char path[STORE_PATH];
	bool fresh = false;

	for (size_t i = 0; i < COUNT(inner); i++) {
		int n = snprintf(path, sizeof path, "%s/%s", data, inner[i]);

		if (n < 0 || n >= STORE_PATH / 2) {
			log_line(LOG_ERROR, "store.path",
			    "path=%s do=\"choose a shorter folder\"", data);
			return fail(FAILED, "the data folder's path is long");
		}
		fresh = fresh || access(path, F_OK) != 0;
		TRY(file_make_folder(path));
	}
	return fresh ? file_sync_folder(data) : done();
}

static result
get_epoch(struct db *db, int64_t *epoch)
{
	const struct db_arg args[] = { db_int(HOUSE) };
	struct db_query q;

	*epoch = 0;
	db_ask(db, &q, sql[EPOCH_GET], args, COUNT(args));
	while (db_next(&q))
		*epoch = db_int_at(&q, 0);
	return db_end(&q);
}

static result
begin_house(struct db *db, const char *data)
{
	const struct db_arg args[] = { db_int(HOUSE) };
	char folder[STORE_PATH];

	TRY(db_migrate(db, schema_house, schema_house_count));
	TRY(db_do(db, sql[HOUSE_BEGIN], args, COUNT(args)));
	if (db_changed(db) == 0)
		return done();
	TRY(db_sync(db));
	(void)snprintf(folder, sizeof folder, "%s/house", data);
	return file_sync_folder(folder);
}

static result
raise_epoch(struct db *db)
{
	const struct db_arg args[] = { db_int(HOUSE) };

	TRY(db_do(db, sql[EPOCH_RAISE], args, COUNT(args)));
	return db_sync(db);
}

/* Makes posthaste.db when there is none.  `unclean`: numbers must jump. */
static result
make_house(const char *data, bool unclean, int64_t *epoch)
{
	char path[STORE_PATH];
	struct db *db;
	result r;

	(void)account_path(data, HOUSE, path);
	TRY(db_open(&db, path));
	r = begin_house(db, data);
	if (r.is == OK && unclean)
		r = raise_epoch(db);
	if (r.is == OK)
		r = get_epoch(db, epoch);
	db_close(&db);
	return r;
}

static result
prepare(const char *data, bool alone, int64_t *epoch)
{
	struct recovery *v;
	bool unclean;
	result r;

	*epoch = 0;
	TRY(make_folders(data));
	r = recover_begin(&v, data);
	/* When others are at work a killed role is nothing to them. */
	unclean = alone ? recover_found(v) : recover_lost(v);
	if (r.is == OK)
		r = make_house(data, unclean, epoch);
	if (r.is == OK && alone)
		r = recover_sweep(data, unclean);
	recover_end(&v, r.is == OK);
	return r;
}

result
store_recover(const char *data)
{
	int64_t epoch;

	return prepare(data, true, &epoch);
}

static result
begin(struct store *s, const char *journal)
{
	result r;

	TRY(pool_open(s));
	r = journal_open(&s->journal, s->data,
	    journal == NULL ? "store" : journal);
	if (r.is != OK)
		pool_close(s);
	return r;
}

result
store_open(struct store **out, const struct store_options *options)
{
	struct store *s;
	int64_t epoch;
	result r;

	*out = NULL;
	TRY(prepare(options->data, false, &epoch));
	s = calloc(1, sizeof *s);
	if (s == NULL || (s->data = strdup(options->data)) == NULL)
		abort();
	s->epoch = epoch;
	s->history_days = options->history_days;
	s->idle_most = options->idle_accounts > 0 ? options->idle_accounts
						  : IDLE_ACCOUNTS;
	s->retire_ms = options->retire_ms;
	r = begin(s, options->journal);
	if (r.is == OK) {
		*out = s;
		return r;
	}
	free(s->data);
	free(s);
	return r;
}

void
store_close(struct store **store)
{
	struct store *s = *store;

	if (s == NULL)
		return;
	*store = NULL;
	pool_close(s);
	journal_close(&s->journal);
	free(s->data);
	free(s);
}

result
store_sync(struct store *s)
{
	return journal_wait(s->journal, journal_end(s->journal));
}

void
store_listen(struct store *s, store_listener *listener, void *context)
{
	s->listener = listener;
	s->listener_context = context;
}
