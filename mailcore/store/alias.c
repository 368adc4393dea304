#include "mailcore/store/alias.h"

#include "mailcore/store/names.h"

enum { LIST, COUNTED, HAS_DOMAIN, TAKEN, ADD, ADD_ROUTE, REMOVE,
	REMOVE_ROUTE, EXPIRE, EXPIRE_ROUTE, RESOLVE };

static const char *const sql[] = {
	/* A host name holds neither % nor _. */
	[LIST] = "SELECT d.address AS address, 0, d.expires, a.address"
		 " FROM address d, account a WHERE d.is_primary = 0"
		 " AND d.address LIKE $1 AND a.id = d.account_id UNION ALL"
		 " SELECT address, kind, expires, text FROM route"
		 " WHERE address LIKE $1 ORDER BY address",
	[COUNTED] = "SELECT (SELECT count(*) FROM address"
		    " WHERE is_primary = 0 AND address LIKE '%@' || $1),"
		    " count(*), CAST(coalesce(sum(length(text)), 0) AS BIGINT)"
		    " FROM route WHERE address LIKE '%@' || $1",
	[HAS_DOMAIN] = "SELECT 1 FROM domain WHERE name = $1",
	[TAKEN] = "SELECT 1 FROM address WHERE address = $1"
		  " UNION ALL SELECT 1 FROM route WHERE address = $1",
	[ADD] = "INSERT INTO address (address, account_id, is_primary,"
		" expires) SELECT $1, id, 0, $3 FROM account WHERE id = $2",
	[ADD_ROUTE] = "INSERT INTO route (address, kind, expires, text)"
		      " VALUES ($1, $2, $3, $4)",
	[REMOVE] = "DELETE FROM address WHERE address = $1"
		   " AND is_primary = 0",
	[REMOVE_ROUTE] = "DELETE FROM route WHERE address = $1",
	[EXPIRE] = "UPDATE address SET expires = $2 WHERE address = $1"
		   " AND is_primary = 0",
	[EXPIRE_ROUTE] = "UPDATE route SET expires = $2 WHERE address = $1",
	/* $1 as addressed, $2 without detail, $3 the catch-all. */
	[RESOLVE] =
	    "SELECT f.address, f.kind, f.expires, f.text, a.id, a.domain,"
	    " a.address, a.name, CASE WHEN " ACCOUNT_IS_ON("a")
	    " THEN 1 ELSE 0 END, a.quota FROM ("
	    "SELECT address, 0 AS kind, expires, '' AS text, account_id"
	    " FROM address WHERE address IN ($1, $2, $3) UNION ALL"
	    " SELECT address, kind, expires, text, 0 AS account_id"
	    " FROM route WHERE address IN ($1, $2, $3)) AS f"
	    " LEFT JOIN account a ON a.id = f.account_id"
	    " ORDER BY CASE f.address WHEN $1 THEN 1 WHEN $2 THEN 2 ELSE 3"
	    " END LIMIT 1",
};

static result
has_row(struct account *house, const char *question, view key, bool *out)
{
	const struct db_arg args[] = { db_text(key) };
	struct db_query q;

	*out = false;
	db_ask(house->db, &q, question, args, COUNT(args));
	while (db_next(&q))
		*out = true;
	return db_end(&q);
}

/* What is asked of the house; the address folded. */
struct request {
	struct alias alias;
	int64_t account;
	bool limited;
};

static result
check(struct account *house, view address)
{
	view local, domain;
	bool found;

	if (!name_cut(address, &local, &domain)
	    && view_at(address, 0) != '@')
		return fail(MALFORMED, "RFC 5321 4.1.2: not an address");
	TRY(has_row(house, sql[HAS_DOMAIN], domain, &found));
	if (!found)
		return fail(NOT_FOUND, "the domain is not hosted here");
	TRY(has_row(house, sql[TAKEN], address, &found));
	return found ? fail(EXISTS, "the address is taken") : done();
}

/* Is there room for one more? */
static result
check_room(struct account *house, const struct alias *alias)
{
	view domain = view_from(alias->address,
	    view_find_byte(alias->address, '@') + 1);
	const struct db_arg args[] = { db_text(domain) };
	int64_t count = 0, text = (int64_t)alias->target.n;
	struct db_query q;

	db_ask(house->db, &q, sql[COUNTED], args, COUNT(args));
	while (db_next(&q)) {
		count = db_int_at(&q, 0) + db_int_at(&q, 1);
		text += db_int_at(&q, 2);
	}
	TRY(db_end(&q));
	return count < LIMIT_DOMAIN_ALIASES && text <= LIMIT_DOMAIN_ALIAS_TEXT
	    ? done()
	    : fail(OVER_LIMIT, "the domain has as many further addresses as"
		" it may have");
}

static result
put(struct account *house, void *context)
{
	const struct request *r = context;
	const struct alias *a = &r->alias;
	const struct db_arg mailbox[] = { db_text(a->address),
		db_int(r->account), db_int(a->expires) };
	const struct db_arg route[] = { db_text(a->address),
		db_int(a->kind), db_int(a->expires), db_text(a->target) };

	TRY(check(house, a->address));
	if (r->limited)
		TRY(check_room(house, a));
	if (a->kind != ALIAS_MAILBOX)
		return db_do(house->db, sql[ADD_ROUTE], route, COUNT(route));
	TRY(db_do(house->db, sql[ADD], mailbox, COUNT(mailbox)));
	return db_changed(house->db) > 0
	    ? done()
	    : fail(NOT_FOUND, "no such account");
}

static result
remove_one(struct account *house, void *context)
{
	const struct request *r = context;
	const struct db_arg args[] = { db_text(r->alias.address) };

	TRY(db_do(house->db, sql[REMOVE], args, COUNT(args)));
	if (db_changed(house->db) > 0)
		return done();
	TRY(db_do(house->db, sql[REMOVE_ROUTE], args, COUNT(args)));
	return db_changed(house->db) > 0
	    ? done()
	    : fail(NOT_FOUND, "no such alias");
}

static result
expire(struct account *house, void *context)
{
	const struct request *r = context;
	const struct db_arg args[] = { db_text(r->alias.address),
		db_int(r->alias.expires) };

	TRY(db_do(house->db, sql[EXPIRE], args, COUNT(args)));
	if (db_changed(house->db) > 0)
		return done();
	TRY(db_do(house->db, sql[EXPIRE_ROUTE], args, COUNT(args)));
	return db_changed(house->db) > 0
	    ? done()
	    : fail(NOT_FOUND, "no such alias");
}

/* `work` gets the request with its address folded. */
static result
with_address(struct store *s, struct request *request, account_work *work)
{
	struct buf folded = buf_new(LIMIT_ADDRESS);
	result r = fail(MALFORMED, "RFC 5321 4.5.3.1: an address too long");

	if (name_fold(request->alias.address, &folded)) {
		request->alias.address = buf_view(&folded);
		r = house_write(s, work, request, DURABLE);
	}
	buf_free(&folded);
	return r;
}

result
alias_put(struct store *s, const struct alias *alias, int64_t account)
{
	struct request r = { .alias = *alias, .account = account };

	return with_address(s, &r, put);
}

result
alias_put_limited(struct store *s, const struct alias *alias, int64_t account)
{
	struct request r = { .alias = *alias, .account = account,
		.limited = true };

	return with_address(s, &r, put);
}

result
alias_add(struct store *s, view address, int64_t account)
{
	const struct alias alias = { .address = address };

	return alias_put(s, &alias, account);
}

result
alias_remove(struct store *s, view address)
{
	struct request r = { .alias = { .address = address } };

	return with_address(s, &r, remove_one);
}

result
alias_set_expiry(struct store *s, view address, int64_t expires)
{
	struct request r = { .alias = { .address = address,
				 .expires = expires } };

	return with_address(s, &r, expire);
}

static result
list(struct account *house, struct arena *arena, view domain,
    struct alias **out, size_t *count)
{
	view pattern = arena_print(arena, "%%@%.*s", (int)domain.n, domain.p);
	const struct db_arg args[] = { db_text(pattern) };
	struct db_query q;
	size_t room = 0;

	TRY(arena_result(arena));
	db_ask(house->db, &q, sql[LIST], args, COUNT(args));
	while (db_next(&q)) {
		struct alias *more = arena_more(
		    arena, *out, *count, &room, sizeof *more);

		if (more == NULL)
			break;
		*out = more;
		more[(*count)++] = (struct alias){
			.address = arena_copy(arena, db_text_at(&q, 0)),
			.kind = (enum alias_kind)db_int_at(&q, 1),
			.expires = db_int_at(&q, 2),
			.target = arena_copy(arena, db_text_at(&q, 3)),
		};
	}
	TRY(db_end(&q));
	return arena_result(arena);
}

result
alias_list(struct store *s, struct arena *arena, view domain,
    struct alias **out, size_t *count)
{
	struct account *house;
	result r;

	*out = NULL;
	*count = 0;
	TRY(house_open(s, &house));
	r = list(house, arena, domain, out, count);
	account_close(&house);
	return r;
}

/* `*expires`: of the row that was found, -1 without one. */
static result
look_up(struct account *house, struct arena *arena,
    const struct db_arg args[3], struct destination *out, int64_t *expires)
{
	struct db_query q;

	*expires = -1;
	db_ask(house->db, &q, sql[RESOLVE], args, 3);
	while (db_next(&q)) {
		out->matched = arena_copy(arena, db_text_at(&q, 0));
		out->kind = (enum alias_kind)db_int_at(&q, 1);
		*expires = db_int_at(&q, 2);
		out->text = arena_copy(arena, db_text_at(&q, 3));
		if (out->kind != ALIAS_MAILBOX)
			continue;
		out->account = (struct account_info){
			.id = db_int_at(&q, 4),
			.domain = db_int_at(&q, 5),
			.address = arena_copy(arena, db_text_at(&q, 6)),
			.name = arena_copy(arena, db_text_at(&q, 7)),
			.enabled = db_int_at(&q, 8) != 0,
			.quota = db_int_at(&q, 9),
		};
	}
	TRY(db_end(&q));
	return arena_result(arena);
}

static result
resolve(struct account *house, struct arena *arena, view folded, int64_t now,
    struct destination *out)
{
	view local, domain;
	size_t base;
	int64_t expires;

	TRY(name_canonical(house, arena, folded, &folded));
	if (!name_cut(folded, &local, &domain))
		return fail(NOT_FOUND, "no such address");
	base = view_find_byte(local, '+');
	if (base == 0 || base == SIZE_MAX)
		base = local.n;
	{
		const struct db_arg args[] = { db_text(folded),
			db_text(arena_print(arena, "%.*s@%.*s", (int)base,
			    local.p, (int)domain.n, domain.p)),
			db_text(arena_print(arena, "@%.*s", (int)domain.n,
			    domain.p)) };

		TRY(arena_result(arena));
		TRY(look_up(house, arena, args, out, &expires));
	}
	if (expires < 0)
		return fail(NOT_FOUND, "no such address");
	return expires == 0 || expires > now
	    ? done()
	    : fail(STALE, "this address is no longer valid");
}

result
alias_resolve(struct store *s, struct arena *arena, view address, int64_t now,
    struct destination *out)
{
	struct buf folded = buf_new(LIMIT_ADDRESS);
	struct account *house;
	result r = fail(NOT_FOUND, "no such address");

	*out = (struct destination){ .kind = ALIAS_MAILBOX };
	if (name_fold(address, &folded)) {
		r = house_open(s, &house);
		if (r.is == OK) {
			r = resolve(house, arena, buf_view(&folded), now, out);
			account_close(&house);
		}
	}
	buf_free(&folded);
	return r;
}
