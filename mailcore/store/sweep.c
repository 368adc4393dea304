/* Files that nothing names. */
#include "mailcore/store/inside.h"
#include "mailcore/store/recover.h"
#include "mailcore/sys/log.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BODY_NAMED, QUEUE_NAMED, LEAVING, LEFT };

static const char *const sql[] = {
	[BODY_NAMED] = "SELECT 1 FROM body WHERE account_id = $1"
		       " AND file = $2 AND file <> ''",
	[QUEUE_NAMED] = "SELECT 1 FROM queue_message WHERE file = $1"
			" AND file <> ''",
	[LEAVING] = "SELECT id FROM account_leaving WHERE id > $1"
		    " AND NOT EXISTS (SELECT 1 FROM account a"
		    " WHERE a.id = account_leaving.id) ORDER BY id LIMIT 1",
	[LEFT] = "DELETE FROM account_leaving WHERE id <= $1",
};

typedef result sweeper(void *context, const char *folder, const char *name);

/* `run` for each entry of a folder, if it is there. */
static result
each_entry(const char *folder, sweeper *run, void *context)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	result r = done();

	while (d != NULL && r.is == OK && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			r = run(context, folder, e->d_name);
	if (d != NULL)
		(void)closedir(d);
	return r;
}

static bool
join(char to[STORE_PATH], const char *folder, const char *name)
{
	int n = snprintf(to, STORE_PATH, "%s/%s", folder, name);

	return n > 0 && n < STORE_PATH;
}

static result
remove_file(void *context, const char *folder, const char *name)
{
	char path[STORE_PATH];

	(void)context;
	if (join(path, folder, name))
		(void)unlink(path);
	return done();
}

static result
is_named(struct db *db, const char *question, const struct db_arg *args,
    size_t count, bool *named)
{
	struct db_query q;

	*named = false;
	db_ask(db, &q, question, args, count);
	while (db_next(&q))
		*named = true;
	return db_end(&q);
}

/* A segment of the journal that never got its name. */
static result
sweep_journal(void *context, const char *folder, const char *name)
{
	view v = view_of(name);

	if (view_find_byte(v, '-') != SIZE_MAX || view_eq(v, VIEW("lock"))
	    || view_ends(v, VIEW(".spare")))
		return done();
	return remove_file(context, folder, name);
}

static result
sweep_queue(void *context, const char *folder, const char *name)
{
	const struct db_arg args[] = { db_text(view_of(name)) };
	bool named;

	TRY(is_named(context, sql[QUEUE_NAMED], args, COUNT(args), &named));
	return named ? done() : remove_file(NULL, folder, name);
}

struct sweep {
	const char *data;
	struct db *db;
	int64_t account;
	const char *part; /* "ab" of "ab/abcd..." */
};

static result
sweep_body(void *context, const char *folder, const char *name)
{
	struct sweep *s = context;
	char file[STORE_PATH];
	bool named;

	if (!join(file, s->part, name))
		return done();
	{
		const struct db_arg args[] = { db_int(s->account),
			db_text(view_of(file)) };

		TRY(is_named(s->db, sql[BODY_NAMED], args, COUNT(args),
		    &named));
	}
	return named ? done() : remove_file(NULL, folder, name);
}

static result
sweep_part(void *context, const char *folder, const char *name)
{
	struct sweep *s = context;
	char path[STORE_PATH];

	s->part = name;
	return join(path, folder, name) ? each_entry(path, sweep_body, s)
					: done();
}

static result
sweep_account(void *context, const char *folder, const char *name)
{
	struct sweep *s = context;
	char bodies[STORE_PATH], path[STORE_PATH];
	uint64_t id;
	result r;

	if (!view_number(view_of(name), INT64_MAX, &id)
	    || !join(path, folder, name) || !join(bodies, path, "bodies")
	    || access(bodies, F_OK) != 0)
		return done();
	s->account = (int64_t)id;
	if (!account_path(s->data, s->account, path)
	    || access(path, F_OK) != 0)
		return done();
	TRY(db_open(&s->db, path));
	r = each_entry(bodies, sweep_part, s);
	db_close(&s->db);
	return r;
}

static result
sweep_shard(void *context, const char *folder, const char *name)
{
	char path[STORE_PATH];

	return join(path, folder, name)
	    ? each_entry(path, sweep_account, context)
	    : done();
}

static result
next_leaving(struct db *house, int64_t *id)
{
	const struct db_arg args[] = { db_int(*id) };
	struct db_query q;

	*id = 0;
	db_ask(house, &q, sql[LEAVING], args, COUNT(args));
	while (db_next(&q))
		*id = db_int_at(&q, 0);
	return db_end(&q);
}

/* Accounts that were being made or removed; not one that merely has no row,
 * as with an older copy of posthaste.db: that is somebody's mail. */
static result
sweep_leaving(struct db *house, const char *data)
{
	int64_t id = 0, last = 0;

	for (;;) {
		TRY(next_leaving(house, &id));
		if (id == 0)
			break;
		log_line(LOG_WARNING, "recover.leaving", "account=%lld",
		    (long long)id);
		TRY(account_remove_files(data, id));
		last = id;
	}
	{
		const struct db_arg args[] = { db_int(last) };

		return last == 0 ? done()
				 : db_do(house, sql[LEFT], args, COUNT(args));
	}
}

static result
sweep_house(const char *data, struct db *house, bool all)
{
	struct sweep s = { .data = data };
	char path[STORE_PATH];

	TRY(sweep_leaving(house, data));
	if (all && join(path, data, "queue"))
		TRY(each_entry(path, sweep_queue, house));
	return all && join(path, data, "accounts")
	    ? each_entry(path, sweep_shard, &s)
	    : done();
}

result
recover_sweep(const char *data, bool all)
{
	char path[STORE_PATH];
	struct db *house;
	result r;

	if (join(path, data, "tmp"))
		TRY(each_entry(path, remove_file, NULL));
	if (join(path, data, "journal"))
		TRY(each_entry(path, sweep_journal, NULL));
	if (!account_path(data, HOUSE, path) || access(path, F_OK) != 0)
		return done();
	TRY(db_open(&house, path));
	r = sweep_house(data, house, all);
	db_close(&house);
	return r;
}
