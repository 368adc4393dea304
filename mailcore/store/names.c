#include "mailcore/store/names.h"

#include "mailcore/base/ascii.h"

enum { TAKE, CANONICAL };

static const char *const sql[] = {
	[TAKE] = "INSERT INTO counter (name, next) VALUES ($1, 2)"
		 " ON CONFLICT (name) DO UPDATE SET next = counter.next + 1"
		 " RETURNING next - 1",
	[CANONICAL] = "SELECT d.name FROM domain_alias a, domain d"
		      " WHERE a.name = $1 AND d.id = a.domain",
};

bool
name_fold(view v, struct buf *out)
{
	for (size_t i = 0; i < v.n; i++)
		buf_add_byte(out, ascii_lower(v.p[i]));
	return buf_result(out).is == OK;
}

bool
name_cut(view address, view *local, view *domain)
{
	*domain = address;
	*local = view_cut_last(domain, '@');
	return local->n > 0 && domain->n > 0;
}

result
name_canonical(struct account *house, struct arena *arena, view folded,
    view *out)
{
	view local, domain;
	struct db_query q;

	*out = folded;
	domain = folded;
	local = view_cut_last(&domain, '@');
	{
		const struct db_arg args[] = { db_text(domain) };

		db_ask(house->db, &q, sql[CANONICAL], args, COUNT(args));
		while (db_next(&q)) {
			view name = db_text_at(&q, 0);

			*out = arena_print(arena, "%.*s@%.*s", (int)local.n,
			    local.p, (int)name.n, name.p);
		}
		TRY(db_end(&q));
	}
	return arena_result(arena);
}

result
counter_take(struct account *house, view what, int64_t *out)
{
	const struct db_arg args[] = { db_text(what) };
	struct db_query q;

	*out = 0;
	db_ask(house->db, &q, sql[TAKE], args, COUNT(args));
	while (db_next(&q))
		*out = db_int_at(&q, 0);
	return db_end(&q);
}
