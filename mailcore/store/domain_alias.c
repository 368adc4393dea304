/* Domains that stand for another. */
#include "mailcore/store/domain.h"
#include "mailcore/base/host.h"
#include "mailcore/store/names.h"

enum { FIND, IS_HOSTED, ADD, REMOVE, LIST };

static const char *const sql[] = {
	[FIND] = "SELECT " DOMAIN_COLUMNS " FROM domain d"
		 " WHERE d.name = $1 UNION ALL"
		 " SELECT " DOMAIN_COLUMNS
		 " FROM domain_alias a, domain d"
		 " WHERE a.name = $1 AND d.id = a.domain",
	[IS_HOSTED] = "SELECT 1 FROM domain WHERE name = $1",
	[ADD] = "INSERT INTO domain_alias (name, domain)"
		" SELECT $1, id FROM domain WHERE name = $2",
	[REMOVE] = "DELETE FROM domain_alias WHERE name = $1",
	[LIST] = "SELECT a.name, d.name FROM domain_alias a, domain d"
		 " WHERE d.id = a.domain AND ($1 = '' OR d.name = $1)"
		 " ORDER BY a.name",
};

result
domain_canonical(struct store *s, struct arena *arena, view name,
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

/* Both folded. */
struct pair {
	view name;
	view target;
};

static result
add(struct account *house, void *context)
{
	const struct pair *p = context;
	const struct db_arg name[] = { db_text(p->name) };
	const struct db_arg both[] = { db_text(p->name),
		db_text(p->target) };
	struct db_query q;
	bool hosted = false;

	db_ask(house->db, &q, sql[IS_HOSTED], name, COUNT(name));
	while (db_next(&q))
		hosted = true;
	TRY(db_end(&q));
	if (hosted)
		return fail(EXISTS, "that domain is hosted itself");
	TRY(db_do(house->db, sql[ADD], both, COUNT(both)));
	return db_changed(house->db) > 0
	    ? done()
	    : fail(NOT_FOUND, "its target is not hosted here");
}

result
domain_alias_add(struct store *s, view name, view target)
{
	struct buf a = buf_new(LIMIT_DOMAIN), b = buf_new(LIMIT_DOMAIN);
	result r = fail(MALFORMED, "RFC 1123 2.1: not a host name");

	if (name_fold(name, &a) && name_fold(target, &b)
	    && host_labels(buf_view(&a)) > 1) {
		struct pair p = { buf_view(&a), buf_view(&b) };

		r = house_write(s, add, &p, DURABLE);
	}
	buf_free(&a);
	buf_free(&b);
	return r;
}

static result
remove_one(struct account *house, void *context)
{
	const view *name = context;
	const struct db_arg args[] = { db_text(*name) };

	TRY(db_do(house->db, sql[REMOVE], args, COUNT(args)));
	return db_changed(house->db) > 0
	    ? done()
	    : fail(NOT_FOUND, "no such alias domain");
}

result
domain_alias_remove(struct store *s, view name)
{
	struct buf folded = buf_new(LIMIT_DOMAIN);
	result r = fail(NOT_FOUND, "no such alias domain");

	if (name_fold(name, &folded)) {
		view v = buf_view(&folded);

		r = house_write(s, remove_one, &v, DURABLE);
	}
	buf_free(&folded);
	return r;
}

static result
list(struct account *house, struct arena *arena, view target,
    struct domain_alias **out, size_t *count)
{
	const struct db_arg args[] = { db_text(target) };
	struct db_query q;
	size_t room = 0;

	db_ask(house->db, &q, sql[LIST], args, COUNT(args));
	while (db_next(&q)) {
		struct domain_alias *more = arena_more(
		    arena, *out, *count, &room, sizeof *more);

		if (more == NULL)
			break;
		*out = more;
		more[(*count)++] = (struct domain_alias){
			arena_copy(arena, db_text_at(&q, 0)),
			arena_copy(arena, db_text_at(&q, 1)) };
	}
	TRY(db_end(&q));
	return arena_result(arena);
}

result
domain_alias_list(struct store *s, struct arena *arena, view target,
    struct domain_alias **out, size_t *count)
{
	struct buf folded = buf_new(LIMIT_DOMAIN);
	struct account *house;
	result r = done();

	*out = NULL;
	*count = 0;
	if (name_fold(target, &folded)) {
		r = house_open(s, &house);
		if (r.is == OK) {
			r = list(house, arena, buf_view(&folded), out, count);
			account_close(&house);
		}
	}
	buf_free(&folded);
	return r;
}
