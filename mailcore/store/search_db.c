/* search.db opened, trusted, thrown away. */
#include "mailcore/db/schema.h"
#include "mailcore/store/search_inside.h"
#include "mailcore/sys/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROGRESS, BEGIN, ADVANCE, BOUND, HASH };

static const char *const sql[] = {
	[PROGRESS] = "SELECT body, next_segment, version, hash FROM progress"
		     " WHERE account_id = $1",
	[BEGIN] = "INSERT INTO progress (account_id, version, body, hash,"
		  " next_segment) VALUES ($1, $2, 0, $3, 1)"
		  " ON CONFLICT (account_id) DO NOTHING",
	[ADVANCE] = "UPDATE progress SET body = $2, hash = $3,"
		    " next_segment = next_segment + 1 WHERE account_id = $1",
	/* These two are asked of account.db. */
	[BOUND] = "SELECT next_body FROM state WHERE account_id = $1",
	[HASH] = "SELECT hash FROM body WHERE account_id = $1 AND id = $2",
};

static bool
path_of(const struct account *a, const char *end, char to[STORE_PATH])
{
	char folder[STORE_PATH];
	int n;

	if (!account_folder(a->store->data, a->id, folder))
		return false;
	n = snprintf(to, STORE_PATH, "%s/search.db%s", folder, end);
	return n > 0 && n < STORE_PATH;
}

void
search_close(struct account *a)
{
	db_close(&a->search);
}

void
search_forget(struct account *a)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char path[STORE_PATH];

	search_close(a);
	for (size_t i = 0; i < COUNT(ends); i++)
		if (path_of(a, ends[i], path))
			(void)unlink(path);
}

void
search_distrust(struct account *a, result r)
{
	log_line(LOG_WARNING, "search.dropped", "account=%lld why=\"%s\"",
	    (long long)a->id, r.why);
	search_forget(a);
}

result
search_progress(struct account *a, struct search_progress *out)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;
	result r = fail(NOT_FOUND, "it is empty");

	*out = (struct search_progress){ 0 };
	db_ask(a->search, &q, sql[PROGRESS], args, COUNT(args));
	while (db_next(&q)) {
		out->body = db_int_at(&q, 0);
		out->next_segment = db_int_at(&q, 1);
		r = db_int_at(&q, 2) == SEARCH_VERSION
		    ? done()
		    : fail(STALE, "it is of another version");
	}
	TRY(db_end(&q));
	return r;
}

/* The hash of a body, as blob in `out`; empty when it is gone. */
static result
get_hash(struct account *a, int64_t body, struct buf *out)
{
	const struct db_arg args[] = { db_int(a->id), db_int(body) };
	struct db_query q;

	db_ask(a->db, &q, sql[HASH], args, COUNT(args));
	while (db_next(&q))
		buf_add(out, db_blob_at(&q, 0));
	TRY(db_end(&q));
	return buf_result(out);
}

result
search_advance(struct account *a, int64_t body)
{
	struct buf hash = buf_new(LIMIT_ADDRESS);
	result r = get_hash(a, body, &hash);

	if (r.is == OK) {
		const struct db_arg args[] = { db_int(a->id), db_int(body),
			db_blob(buf_view(&hash)) };

		r = db_do(a->search, sql[ADVANCE], args, COUNT(args));
	}
	buf_free(&hash);
	return r;
}

static result
get_bound(struct account *a, int64_t *bound)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;

	*bound = 0;
	db_ask(a->db, &q, sql[BOUND], args, COUNT(args));
	while (db_next(&q))
		*bound = db_int_at(&q, 0);
	return db_end(&q);
}

static result
get_kept_hash(struct account *a, struct buf *out)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;

	db_ask(a->search, &q, sql[PROGRESS], args, COUNT(args));
	while (db_next(&q))
		buf_add(out, db_blob_at(&q, 3));
	return db_end(&q);
}

/* Was it made from this account.db, or from one that was there before an
 * older one was put back? */
static result
check_origin(struct account *a)
{
	struct search_progress p;
	struct buf kept = buf_new(LIMIT_ADDRESS), now = buf_new(LIMIT_ADDRESS);
	int64_t bound = 0;
	result r = search_progress(a, &p);

	if (r.is == OK)
		r = get_bound(a, &bound);
	if (r.is == OK && bound <= p.body)
		r = fail(STALE, "it knows bodies that are not there yet");
	if (r.is == OK)
		r = get_kept_hash(a, &kept);
	if (r.is == OK)
		r = get_hash(a, p.body, &now);
	if (r.is == OK && now.n > 0 && kept.n > 0
	    && !view_eq(buf_view(&now), buf_view(&kept)))
		r = fail(STALE, "it is not of this account's state");
	buf_free(&kept);
	buf_free(&now);
	return r;
}

static result
begin(struct account *a, void *context)
{
	const struct db_arg args[] = { db_int(a->id), db_int(SEARCH_VERSION),
		db_blob(VIEW("")) };

	(void)context;
	return db_do(a->search, sql[BEGIN], args, COUNT(args));
}

/* As private as account.db; SQLite makes the files beside it so too. */
static void
make_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		(void)close(fd);
}

static result
open_it(struct account *a, const char *path)
{
	result r;

	make_private(path);
	r = db_open_large(&a->search, path);
	if (r.is == OK)
		r = db_migrate(a->search, schema_search, schema_search_count);
	if (r.is == OK)
		r = check_origin(a);
	if (r.is == NOT_FOUND)
		r = search_write(a, begin, NULL);
	return r;
}

/* Somebody may have removed the file, or made it again. */
static bool
is_same_file(struct account *a, const char *path, bool *there)
{
	struct stat st;
	bool same;

	*there = stat(path, &st) == 0;
	same = *there && a->search != NULL && a->search_file == st.st_ino;
	if (!same)
		search_close(a);
	return same;
}

static result
open_or_make(struct account *a, bool make, bool *is_open)
{
	char path[STORE_PATH];
	struct stat st;
	bool there;
	result r;

	*is_open = false;
	if (!path_of(a, "", path))
		return fail(FAILED, "a path is too long");
	*is_open = is_same_file(a, path, &there);
	if (*is_open || (!there && !make))
		return done();
	r = open_it(a, path);
	if (r.is == OK && stat(path, &st) == 0) {
		a->search_file = st.st_ino;
		*is_open = true;
		return done();
	}
	if (r.is != BUSY && r.is != NO_SPACE)
		search_distrust(a, r);
	else
		search_close(a);
	return r;
}

bool
search_open(struct account *a)
{
	bool is_open;

	return open_or_make(a, false, &is_open).is == OK && is_open;
}

result
search_make(struct account *a)
{
	bool is_open;

	TRY(open_or_make(a, true, &is_open));
	return is_open ? done() : fail(FAILED, "search.db cannot be opened");
}

result
search_write(struct account *a, search_work *work, void *context)
{
	result r;

	TRY(db_begin(a->search));
	r = work(a, context);
	if (r.is == OK)
		return db_commit(a->search);
	db_rollback(a->search);
	return r;
}

result
search_is_worth(struct account *a, bool *worth)
{
	int64_t bound = 0;

	*worth = search_open(a);
	if (*worth)
		return done();
	TRY(get_bound(a, &bound));
	*worth = bound > POSTING_SMALL;
	return done();
}
