/* Accounts and the addresses that lead to them. */
#include "mailcore/store/domain.h"

#include "mailcore/store/administrator.h"
#include "mailcore/store/names.h"
#include "mailcore/sys/clock.h"

#define COLUMNS                                                          \
	"a.id, a.domain, a.address, a.name, a.password,"                 \
	" a.password_version, a.enabled, a.quota, a.withheld,"           \
	" (SELECT d_.enabled FROM domain d_ WHERE d_.id = a.domain)"

enum { QUOTA_ARENA = 65536 };

enum { BY_ADDRESS, BY_ID, LIST, PAGE, SET_PASSWORD, SET_ENABLED,
	SET_ENABLED_LIMITED, SET_QUOTA, USED, LOCAL_QUOTA };

static const char *const sql[] = {
	/* $1 is $3@$4; of an alias of a domain, $3 there. */
	[BY_ADDRESS] = "SELECT " COLUMNS " FROM address d, account a"
		       " WHERE d.address = coalesce((SELECT $3 || '@' || n.name"
		       " FROM domain_alias l, domain n WHERE l.name = $4"
		       " AND n.id = l.domain), $1) AND a.id = d.account_id"
		       " AND (d.expires = 0 OR d.expires > $2)",
	[BY_ID] = "SELECT " COLUMNS " FROM account a WHERE a.id = $1",
	[LIST] = "SELECT " COLUMNS " FROM domain d, account a"
		 " WHERE d.name = $1 AND a.domain = d.id ORDER BY a.address",
	[PAGE] = "SELECT " COLUMNS " FROM account a WHERE a.domain = $1"
		 " AND a.address > $2 ORDER BY a.address LIMIT $3",
	[SET_PASSWORD] = "UPDATE account SET password = $2,"
			 " password_version = password_version + 1"
			 " WHERE id = $1",
	[SET_ENABLED] = "UPDATE account SET enabled = $2, withheld = $3"
			" WHERE id = $1",
	[SET_ENABLED_LIMITED] = "UPDATE account SET enabled = $2"
				" WHERE id = $1 AND withheld = 0"
				" AND EXISTS (SELECT 1 FROM domain d"
				" WHERE d.id = account.domain"
				" AND d.enabled = 1)",
	[SET_QUOTA] = "UPDATE account SET quota = $2 WHERE id = $1",
	[USED] = "SELECT used FROM state WHERE account_id = $1",
	[LOCAL_QUOTA] = "UPDATE state SET quota = $2 WHERE account_id = $1",
};

static void
of_row(struct db_query *q, struct arena *arena, struct account_info *out)
{
	*out = (struct account_info){
		.id = db_int_at(q, 0),
		.domain = db_int_at(q, 1),
		.address = arena_copy(arena, db_text_at(q, 2)),
		.name = arena_copy(arena, db_text_at(q, 3)),
		.password = arena_copy(arena, db_text_at(q, 4)),
		.password_version = db_int_at(q, 5),
		.enabled = db_int_at(q, 6) != 0 && db_int_at(q, 9) != 0,
		.quota = db_int_at(q, 7),
		.withheld = db_int_at(q, 8) != 0 || db_int_at(q, 9) == 0,
	};
}

static result
find_by(struct account *house, struct arena *arena, const char *question,
    const struct db_arg *args, size_t count, struct account_info *out)
{
	struct db_query q;
	bool found = false;

	db_ask(house->db, &q, question, args, count);
	while (db_next(&q)) {
		of_row(&q, arena, out);
		found = true;
	}
	TRY(db_end(&q));
	TRY(arena_result(arena));
	return found ? done() : fail(NOT_FOUND, "no such account");
}

static result
find(struct account *house, struct arena *arena, const char *question,
    struct db_arg arg, struct account_info *out)
{
	return find_by(house, arena, question, &arg, 1, out);
}

static result
find_now(struct account *house, struct arena *arena, view address,
    struct account_info *out)
{
	view domain = address;
	view local = view_cut_last(&domain, '@');
	const struct db_arg args[] = { db_text(address),
		db_int(clock_now()), db_text(local),
		db_text(local.n > 0 ? domain : VIEW("")) };

	return find_by(house, arena, sql[BY_ADDRESS], args, COUNT(args), out);
}

/* As it is, then without "+detail" (RFC 5233). */
static result
find_address(struct account *house, struct arena *arena, view folded,
    struct account_info *out)
{
	view local, domain, base;
	size_t plus;
	result r = find_now(house, arena, folded, out);

	if (r.is != NOT_FOUND || !name_cut(folded, &local, &domain))
		return r;
	plus = view_find_byte(local, '+');
	if (plus == 0 || plus == SIZE_MAX)
		return r;
	base = arena_print(arena, "%.*s@%.*s", (int)plus, local.p,
	    (int)domain.n, domain.p);
	TRY(arena_result(arena));
	return find_now(house, arena, base, out);
}

result
account_find(struct store *s, struct arena *arena, view address,
    struct account_info *out)
{
	struct buf folded = buf_new(LIMIT_ADDRESS);
	struct account *house;
	result r = fail(NOT_FOUND, "no such account");

	*out = (struct account_info){ .id = 0 };
	if (name_fold(address, &folded)) {
		r = house_open(s, &house);
		if (r.is == OK) {
			r = find_address(house, arena, buf_view(&folded),
			    out);
			account_close(&house);
		}
	}
	buf_free(&folded);
	return r;
}

result
account_spelling(
    struct store *s, struct arena *arena, view address, view *out)
{
	struct buf folded = buf_new(LIMIT_ADDRESS);
	struct account *house;
	result r = done();

	*out = address;
	if (name_fold(address, &folded)) {
		r = house_open(s, &house);
		if (r.is == OK) {
			r = name_canonical(house, arena,
			    arena_copy(arena, buf_view(&folded)), out);
			account_close(&house);
		}
	}
	buf_free(&folded);
	return r;
}

static result
get_used(struct store *s, int64_t id, int64_t *used)
{
	const struct db_arg args[] = { db_int(id) };
	struct account *a;
	struct db_query q;
	result r;

	TRY(account_open(s, id, &a));
	db_ask(a->db, &q, sql[USED], args, COUNT(args));
	while (db_next(&q))
		*used = db_int_at(&q, 0);
	r = db_end(&q);
	account_close(&a);
	return r;
}

result
account_get(struct store *s, struct arena *arena, int64_t id,
    struct account_info *out)
{
	struct account *house;
	result r;

	*out = (struct account_info){ .id = 0 };
	TRY(house_open(s, &house));
	r = find(house, arena, sql[BY_ID], db_int(id), out);
	account_close(&house);
	TRY(r);
	return get_used(s, id, &out->used);
}

static result
list(struct account *house, struct arena *arena, const char *question,
    const struct db_arg *args, size_t args_count, struct account_info **out,
    size_t *count)
{
	struct db_query q;
	size_t room = 0;

	db_ask(house->db, &q, question, args, args_count);
	while (db_next(&q)) {
		struct account_info *more = arena_more(
		    arena, *out, *count, &room, sizeof *more);

		if (more == NULL)
			break;
		*out = more;
		of_row(&q, arena, &more[(*count)++]);
	}
	TRY(db_end(&q));
	return arena_result(arena);
}

result
account_list(struct store *s, struct arena *arena, view domain,
    struct account_info **out, size_t *count)
{
	struct buf folded = buf_new(LIMIT_DOMAIN);
	struct account *house;
	result r = done();

	*out = NULL;
	*count = 0;
	if (name_fold(domain, &folded)) {
		r = house_open(s, &house);
		if (r.is == OK) {
			const struct db_arg args[] = {
				db_text(buf_view(&folded)) };

			r = list(house, arena, sql[LIST], args, COUNT(args),
			    out, count);
			account_close(&house);
		}
	}
	buf_free(&folded);
	return r;
}

result
account_page(struct store *s, struct arena *arena, int64_t domain,
    view after, size_t most, struct account_info **out, size_t *count)
{
	const struct db_arg args[] = { db_int(domain), db_text(after),
		db_int((int64_t)most) };
	struct account *house;
	result r;

	*out = NULL;
	*count = 0;
	TRY(house_open(s, &house));
	r = list(house, arena, sql[PAGE], args, COUNT(args), out, count);
	account_close(&house);
	return r;
}

/* One column of one account. */
struct change {
	const char *question;
	struct db_arg args[3];
	size_t count;
};

static result
apply(struct account *a, void *context)
{
	const struct change *c = context;

	TRY(db_do(a->db, c->question, c->args, c->count));
	return db_changed(a->db) > 0
	    ? done()
	    : fail(NOT_FOUND, "no such account");
}

result
account_set_password(struct store *s, int64_t id, view password)
{
	struct change c = { sql[SET_PASSWORD],
		{ db_int(id), db_text(password) }, 2 };

	return house_write(s, apply, &c, DURABLE);
}

result
account_set_enabled(struct store *s, int64_t id, bool enabled)
{
	struct change c = { sql[SET_ENABLED],
		{ db_int(id), db_int(enabled), db_int(!enabled) }, 3 };

	return house_write(s, apply, &c, DURABLE);
}

result
account_set_enabled_limited(struct store *s, int64_t id, bool enabled)
{
	struct change c = { sql[SET_ENABLED_LIMITED],
		{ db_int(id), db_int(enabled) }, 2 };
	result r = house_write(s, apply, &c, DURABLE);

	return r.is == NOT_FOUND
	    ? fail(DENIED, "the operator has switched this mailbox, or its"
	          " domain, off; ask them")
	    : r;
}

struct quota_change {
	int64_t id, bytes;
	bool limited;
};

static result
check_share(struct account *house, const struct quota_change *c)
{
	struct arena *arena = arena_new(QUOTA_ARENA);
	struct account_info info = { .id = 0 };
	result r = find(house, arena, sql[BY_ID], db_int(c->id), &info);

	if (r.is == OK)
		r = domain_share_take(house, info.domain, 0, info.quota,
		    c->bytes);
	arena_free(&arena);
	return r;
}

static result
set_house_quota(struct account *house, void *context)
{
	const struct quota_change *c = context;
	struct change change = { sql[SET_QUOTA],
		{ db_int(c->id), db_int(c->bytes) }, 2 };

	if (c->limited)
		TRY(check_share(house, c));
	return apply(house, &change);
}

static result
set_quota(struct store *s, struct quota_change *c)
{
	struct change local = { sql[LOCAL_QUOTA],
		{ db_int(c->id), db_int(c->bytes) }, 2 };
	struct account *a;
	result r;

	TRY(house_write(s, set_house_quota, c, DURABLE));
	TRY(account_open(s, c->id, &a));
	r = account_write(a, apply, &local, DURABLE);
	account_close(&a);
	return r;
}

result
account_set_quota(struct store *s, int64_t id, int64_t bytes)
{
	struct quota_change c = { id, bytes, false };

	return set_quota(s, &c);
}

result
account_set_quota_limited(struct store *s, int64_t id, int64_t bytes)
{
	struct quota_change c = { id, bytes, true };

	return set_quota(s, &c);
}
