/* Domains. */
#include "mailcore/store/domain.h"

#include "mailcore/base/host.h"
#include "mailcore/store/names.h"

enum { FIND, LIST, SET_ENABLED, ADD, IN_USE, REMOVE, ALIASES_REMOVE,
	ROUTES_REMOVE, NAMES_REMOVE, OFFICES_REMOVE, IS_ALIAS };

static const char *const sql[] = {
	[FIND] = "SELECT " DOMAIN_COLUMNS " FROM domain d WHERE d.name = $1",
	[LIST] = "SELECT " DOMAIN_COLUMNS " FROM domain d ORDER BY d.name",
	[SET_ENABLED] = "UPDATE domain SET enabled = $2 WHERE id = $1",
	[ADD] = "INSERT INTO domain (id, name, display_name)"
		" VALUES ($1, $2, $3)",
	[IN_USE] = "SELECT 1 FROM account a, domain d WHERE d.name = $1"
		   " AND a.domain = d.id LIMIT 1",
	[REMOVE] = "DELETE FROM domain WHERE name = $1",
	/* A host name holds neither % nor _. */
	[ALIASES_REMOVE] = "DELETE FROM address WHERE is_primary = 0"
			   " AND address LIKE '%@' || $1",
	[ROUTES_REMOVE] = "DELETE FROM route"
			  " WHERE address LIKE '%@' || $1",
	[NAMES_REMOVE] = "DELETE FROM domain_alias WHERE domain ="
			 " (SELECT id FROM domain WHERE name = $1)",
	[OFFICES_REMOVE] = "DELETE FROM administrator WHERE domain ="
			   " (SELECT id FROM domain WHERE name = $1)",
	[IS_ALIAS] = "SELECT 1 FROM domain_alias WHERE name = $1",
};

result
domain_rows(struct account *house, struct arena *arena, const char *question,
    const struct db_arg *args, size_t arg_count, struct domain **out,
    size_t *count)
{
	struct db_query q;
	size_t room = 0;

	*out = NULL;
	*count = 0;
	db_ask(house->db, &q, question, args, arg_count);
	while (db_next(&q)) {
		struct domain *more = arena_more(
		    arena, *out, *count, &room, sizeof *more);

		if (more == NULL)
			break;
		*out = more;
		more[(*count)++] = (struct domain){
			.id = db_int_at(&q, 0),
			.name = arena_copy(arena, db_text_at(&q, 1)),
			.display_name = arena_copy(arena, db_text_at(&q, 2)),
			.enabled = db_int_at(&q, 3) != 0,
		};
	}
	TRY(db_end(&q));
	return arena_result(arena);
}

result
domain_row(struct account *house, struct arena *arena, const char *question,
    struct db_arg by, struct domain *out)
{
	struct domain *list;
	size_t count;

	TRY(domain_rows(house, arena, question, &by, 1, &list, &count));
	if (count == 0)
		return fail(NOT_FOUND, "not hosted here");
	*out = list[0];
	return done();
}

result
domain_find(struct store *s, struct arena *arena, view name,
    struct domain *out)
{
	struct buf folded = buf_new(LIMIT_DOMAIN);
	struct account *house = NULL;
	result r = fail(NOT_FOUND, "not hosted here");

	*out = (struct domain){ .id = 0 };
	if (name_fold(name, &folded))
		r = house_open(s, &house);
	if (r.is == OK)
		r = domain_row(house, arena, sql[FIND],
		    db_text(buf_view(&folded)), out);
	account_close(&house);
	buf_free(&folded);
	return r;
}

result
domain_list(struct store *s, struct arena *arena, struct domain **out,
    size_t *count)
{
	struct account *house;
	result r;

	*out = NULL;
	*count = 0;
	TRY(house_open(s, &house));
	r = domain_rows(house, arena, sql[LIST], NULL, 0, out, count);
	account_close(&house);
	return r;
}

struct switching {
	int64_t id;
	bool enabled;
};

static result
switch_one(struct account *house, void *context)
{
	const struct switching *w = context;
	const struct db_arg args[] = { db_int(w->id), db_int(w->enabled) };

	TRY(db_do(house->db, sql[SET_ENABLED], args, COUNT(args)));
	return db_changed(house->db) > 0
	    ? done()
	    : fail(NOT_FOUND, "not hosted here");
}

result
domain_set_enabled(struct store *s, int64_t id, bool enabled)
{
	struct switching w = { id, enabled };

	return house_write(s, switch_one, &w, DURABLE);
}

struct domain_new {
	view name;
	view display_name;
	int64_t id;
};

static result
has_row(struct account *house, const char *question, view name, bool *out)
{
	const struct db_arg args[] = { db_text(name) };
	struct db_query q;

	*out = false;
	db_ask(house->db, &q, question, args, COUNT(args));
	while (db_next(&q))
		*out = true;
	return db_end(&q);
}

static result
add(struct account *house, void *context)
{
	struct domain_new *n = context;
	bool alias;

	TRY(has_row(house, sql[IS_ALIAS], n->name, &alias));
	if (alias)
		return fail(EXISTS, "it is an alias of another domain");
	TRY(counter_take(house, VIEW("domain"), &n->id));
	{
		const struct db_arg args[] = { db_int(n->id),
			db_text(n->name), db_text(n->display_name) };

		return db_do(house->db, sql[ADD], args, COUNT(args));
	}
}

result
domain_add(struct store *s, view name, view display_name, int64_t *id)
{
	struct buf folded = buf_new(LIMIT_DOMAIN);
	struct domain_new n = { .display_name = display_name };
	result r;

	*id = 0;
	if (!name_fold(name, &folded) || host_labels(buf_view(&folded)) < 2) {
		buf_free(&folded);
		return fail(MALFORMED, "RFC 1123 2.1: not a host name");
	}
	n.name = buf_view(&folded);
	if (display_name.n == 0)
		n.display_name = n.name;
	r = house_write(s, add, &n, DURABLE);
	if (r.is == OK)
		*id = n.id;
	buf_free(&folded);
	return r;
}

static result
remove_one(struct account *house, void *context)
{
	const view *name = context;
	const struct db_arg args[] = { db_text(*name) };
	bool used;

	TRY(has_row(house, sql[IN_USE], *name, &used));
	if (used)
		return fail(DENIED, "accounts are in this domain");
	TRY(db_do(house->db, sql[ALIASES_REMOVE], args, COUNT(args)));
	TRY(db_do(house->db, sql[ROUTES_REMOVE], args, COUNT(args)));
	TRY(db_do(house->db, sql[NAMES_REMOVE], args, COUNT(args)));
	TRY(db_do(house->db, sql[OFFICES_REMOVE], args, COUNT(args)));
	TRY(db_do(house->db, sql[REMOVE], args, COUNT(args)));
	return db_changed(house->db) > 0
	    ? done()
	    : fail(NOT_FOUND, "not hosted here");
}

result
domain_remove(struct store *s, view name)
{
	struct buf folded = buf_new(LIMIT_DOMAIN);
	result r = fail(NOT_FOUND, "not hosted here");

	if (name_fold(name, &folded)) {
		view v = buf_view(&folded);

		r = house_write(s, remove_one, &v, DURABLE);
	}
	buf_free(&folded);
	return r;
}
