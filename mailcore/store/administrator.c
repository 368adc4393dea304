#include "mailcore/store/administrator.h"

#include "mailcore/store/names.h"

enum { ADD, REMOVE, MAY, MORE, DOMAINS, LIST, SET_LIMIT, SHARE };

static const char *const sql[] = {
	[ADD] = "INSERT INTO administrator (account_id, domain)"
		" SELECT a.id, d.id FROM account a, domain d"
		" WHERE a.id = $1 AND d.id = $2"
		" ON CONFLICT (account_id, domain) DO UPDATE"
		" SET domain = excluded.domain",
	[REMOVE] = "DELETE FROM administrator"
		   " WHERE account_id = $1 AND domain = $2",
	[MAY] = "SELECT " DOMAIN_COLUMNS " FROM administrator m, domain d"
		" WHERE m.account_id = $1 AND m.domain = $2"
		" AND d.id = m.domain",
	[MORE] = "SELECT 1 FROM administrator m WHERE m.account_id = $2"
		 " AND NOT EXISTS (SELECT 1 FROM administrator o"
		 " WHERE o.account_id = $1 AND o.domain = m.domain) LIMIT 1",
	[DOMAINS] = "SELECT " DOMAIN_COLUMNS " FROM administrator m, domain d"
		    " WHERE m.account_id = $1 AND d.id = m.domain"
		    " ORDER BY d.name",
	[LIST] = "SELECT a.address FROM administrator m, account a"
		 " WHERE m.domain = $1 AND a.id = m.account_id"
		 " ORDER BY a.address",
	[SET_LIMIT] = "UPDATE domain SET mailbox_limit = $2,"
		      " quota_limit = $3 WHERE id = $1",
	[SHARE] = "SELECT d.mailbox_limit, d.quota_limit,"
		  " (SELECT count(*) FROM account a WHERE a.domain = d.id),"
		  " (SELECT CAST(coalesce(sum(a.quota), 0) AS BIGINT)"
		  " FROM account a WHERE a.domain = d.id)"
		  " FROM domain d WHERE d.id = $1",
};

struct change {
	const char *question;
	struct db_arg args[3];
	size_t count;
	const char *missing;
};

static result
apply(struct account *house, void *context)
{
	const struct change *c = context;

	TRY(db_do(house->db, c->question, c->args, c->count));
	return db_changed(house->db) > 0 ? done()
					 : fail(NOT_FOUND, c->missing);
}

result
administrator_add(struct store *s, int64_t domain, int64_t account)
{
	struct change c = { sql[ADD], { db_int(account), db_int(domain) }, 2,
		"no such domain or account" };

	return house_write(s, apply, &c, DURABLE);
}

result
administrator_remove(struct store *s, int64_t domain, int64_t account)
{
	struct change c = { sql[REMOVE], { db_int(account), db_int(domain) },
		2, "it does not administer that domain" };

	return house_write(s, apply, &c, DURABLE);
}

result
administrator_domains(struct store *s, struct arena *arena, int64_t account,
    struct domain **out, size_t *count)
{
	const struct db_arg args[] = { db_int(account) };
	struct account *house;
	result r;

	*out = NULL;
	*count = 0;
	TRY(house_open(s, &house));
	r = domain_rows(house, arena, sql[DOMAINS], args, COUNT(args), out,
	    count);
	account_close(&house);
	return r;
}

result
administrator_may(struct store *s, struct arena *arena, int64_t account,
    int64_t domain, struct domain *out)
{
	const struct db_arg args[] = { db_int(account), db_int(domain) };
	struct domain *found = NULL;
	struct account *house;
	size_t count = 0;
	result r;

	*out = (struct domain){ .id = 0 };
	TRY(house_open(s, &house));
	r = domain_rows(house, arena, sql[MAY], args, COUNT(args), &found,
	    &count);
	account_close(&house);
	TRY(r);
	if (count == 0)
		return fail(NOT_FOUND, "you administer no such domain");
	*out = found[0];
	return done();
}

static result
has_row(struct account *house, const char *question,
    const struct db_arg *args, size_t count, bool *out)
{
	struct db_query q;

	*out = false;
	db_ask(house->db, &q, question, args, count);
	while (db_next(&q))
		*out = true;
	return db_end(&q);
}

result
administrator_covers(struct store *s, int64_t account, int64_t other)
{
	const struct db_arg args[] = { db_int(account), db_int(other) };
	struct account *house;
	bool more = false;
	result r;

	TRY(house_open(s, &house));
	r = has_row(house, sql[MORE], args, COUNT(args), &more);
	account_close(&house);
	TRY(r);
	return more ? fail(DENIED, "that mailbox administers a domain that you"
			  " do not; ask the operator")
		    : done();
}

static result
list_people(struct account *house, struct arena *arena, int64_t domain,
    view **out, size_t *count)
{
	const struct db_arg args[] = { db_int(domain) };
	struct db_query q;
	size_t room = 0;

	db_ask(house->db, &q, sql[LIST], args, COUNT(args));
	while (db_next(&q)) {
		view *more = arena_more(
		    arena, *out, *count, &room, sizeof *more);

		if (more == NULL)
			break;
		*out = more;
		more[(*count)++] = arena_copy(arena, db_text_at(&q, 0));
	}
	TRY(db_end(&q));
	return arena_result(arena);
}

result
administrator_list(struct store *s, struct arena *arena, int64_t domain,
    view **out, size_t *count)
{
	struct account *house;
	result r;

	*out = NULL;
	*count = 0;
	TRY(house_open(s, &house));
	r = list_people(house, arena, domain, out, count);
	account_close(&house);
	return r;
}

result
domain_limit_set(struct store *s, int64_t domain,
    const struct domain_share *limit)
{
	struct change c = { sql[SET_LIMIT],
		{ db_int(domain), db_int(limit->mailboxes),
		    db_int(limit->quota) },
		3, "not hosted here" };

	return house_write(s, apply, &c, DURABLE);
}

static result
get_share(struct account *house, int64_t domain, struct domain_share *limit,
    struct domain_share *used)
{
	const struct db_arg args[] = { db_int(domain) };
	struct db_query q;
	bool found = false;

	*limit = *used = (struct domain_share){ 0 };
	db_ask(house->db, &q, sql[SHARE], args, COUNT(args));
	while (db_next(&q)) {
		limit->mailboxes = db_int_at(&q, 0);
		limit->quota = db_int_at(&q, 1);
		used->mailboxes = db_int_at(&q, 2);
		used->quota = db_int_at(&q, 3);
		found = true;
	}
	TRY(db_end(&q));
	return found ? done() : fail(NOT_FOUND, "not hosted here");
}

result
domain_share_get(struct store *s, int64_t domain, struct domain_share *limit,
    struct domain_share *used)
{
	struct account *house;
	result r;

	TRY(house_open(s, &house));
	r = get_share(house, domain, limit, used);
	account_close(&house);
	return r;
}

result
domain_share_take(struct account *house, int64_t domain, int64_t mailboxes,
    int64_t was, int64_t quota)
{
	struct domain_share limit, used;

	TRY(get_share(house, domain, &limit, &used));
	if (quota < 0)
		return fail(MALFORMED, "expected a number of bytes, or none");
	if (mailboxes > 0 && limit.mailboxes > 0
	    && used.mailboxes + mailboxes > limit.mailboxes)
		return fail(OVER_LIMIT, "the domain has as many mailboxes as"
		    " it may have; ask the operator for more");
	if (limit.quota > 0 && quota == 0)
		return fail(OVER_LIMIT, "expected a quota: the mailboxes of"
		    " this domain may not hold any amount");
	if (limit.quota > 0 && quota > was
	    && quota - was > limit.quota - used.quota)
		return fail(OVER_LIMIT, "the quotas of the domain's mailboxes"
		    " together would be more than it may have; give less, or"
		    " ask the operator");
	return done();
}
