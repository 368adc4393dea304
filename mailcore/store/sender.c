#include "mailcore/store/sender.h"

#include "mailcore/base/ascii.h"
#include "mailcore/format/address.h"
#include "mailcore/store/inside.h"

enum {
	/* An address, its domain, and so many names above that. */
	PATTERNS = 8,
	LEVELS = 3,
	MARK_DEFAULT = 80,
	REJECT_DEFAULT = 150
};

enum { RULE_GET, RULE_SET, RULE_REMOVE, RULE_COUNT, RULE_LIST, RULE_TIDY,
	RULE_ASK, LEVEL_TIDY, LEVEL_SET, LEVEL_CLEAR, LEVEL_GET, LEVEL_OF };

static const char *const sql[] = {
	[RULE_GET] = "SELECT allow FROM sender_rule WHERE account_id = $1"
		     " AND domain = $2 AND pattern = $3",
	[RULE_SET] = "INSERT INTO sender_rule (account_id, domain, pattern,"
		     " allow) VALUES ($1, $2, $3, $4)",
	[RULE_REMOVE] = "DELETE FROM sender_rule WHERE account_id = $1"
			" AND domain = $2 AND pattern = $3",
	[RULE_COUNT] = "SELECT count(*) FROM sender_rule"
		       " WHERE account_id = $1 AND domain = $2",
	[RULE_LIST] = "SELECT pattern, allow FROM sender_rule"
		      " WHERE account_id = $1 AND domain = $2"
		      " ORDER BY pattern",
	/* Of mailboxes and domains that are no more. */
	[RULE_TIDY] = "DELETE FROM sender_rule WHERE (account_id <> 0"
		      " AND account_id NOT IN (SELECT id FROM account))"
		      " OR (domain <> 0"
		      " AND domain NOT IN (SELECT id FROM domain))",
	[RULE_ASK] =
	    "SELECT r.pattern, r.allow, r.account_id, r.domain"
	    " FROM sender_rule r, account a WHERE a.id = $1"
	    " AND r.pattern IN ($2, $3, $4, $5, $6, $7, $8, $9)"
	    " AND (r.account_id = a.id OR (r.account_id = 0"
	    " AND (r.domain = a.domain OR r.domain = 0)))",
	[LEVEL_TIDY] = "DELETE FROM spam_level WHERE (account_id <> 0"
		       " AND account_id NOT IN (SELECT id FROM account))"
		       " OR (domain <> 0"
		       " AND domain NOT IN (SELECT id FROM domain))",
	[LEVEL_SET] =
	    "INSERT INTO spam_level (account_id, domain, mark, reject,"
	    " greylist) VALUES ($1, $2, $3, $4, $5)"
	    " ON CONFLICT (account_id, domain) DO UPDATE SET"
	    " mark = COALESCE($3, spam_level.mark),"
	    " reject = COALESCE($4, spam_level.reject),"
	    " greylist = COALESCE($5, spam_level.greylist)",
	[LEVEL_CLEAR] = "DELETE FROM spam_level WHERE account_id = $1"
			" AND domain = $2",
	[LEVEL_GET] = "SELECT mark, reject, greylist FROM spam_level"
		      " WHERE account_id = $1 AND domain = $2",
	/* The nearest comes first. */
	[LEVEL_OF] = "SELECT l.mark, l.reject, l.greylist"
		     " FROM spam_level l, account a WHERE a.id = $1"
		     " AND (l.account_id = a.id OR (l.account_id = 0"
		     " AND (l.domain = a.domain OR l.domain = 0)))"
		     " ORDER BY l.account_id DESC, l.domain DESC",
};

/* Labels that a host name can have, "*" aside; IDN is folded. */
static result
host_part(view text, struct arena *arena, view *out)
{
	if (view_find_byte(text, '*') != SIZE_MAX)
		return fail(MALFORMED, "a * stands only in front");
	return domain_normalise(text, arena, out);
}

static result
local_part(view text)
{
	view plain = VIEW("!#$%&'+-/=?^_`{|}~.");

	for (size_t i = 0; i < text.n; i++)
		if (!ascii_is_alnum(text.p[i])
		    && (unsigned char)text.p[i] < 0x80
		    && view_find_byte(plain, text.p[i]) == SIZE_MAX)
			return fail(MALFORMED, "not a local part");
	return text.n > 0 && text.n <= LIMIT_LOCAL_PART ? done()
		: fail(MALFORMED, "not a local part");
}

static view
lower(view text, struct arena *arena)
{
	char *to = arena_alloc(arena, text.n + 1);

	for (size_t i = 0; to != NULL && i < text.n; i++)
		to[i] = ascii_lower(text.p[i]);
	return to == NULL ? VIEW("") : (view){ to, text.n };
}

result
sender_pattern(view text, struct arena *arena, view *out)
{
	view domain = view_trim(text), local = VIEW("");
	bool above;

	if (text.n > LIMIT_SENDER_RULE)
		return fail(OVER_LIMIT, "that is too long for an address");
	if (view_starts(domain, VIEW("*@")))
		domain = view_from(domain, 1);
	if (view_find_byte(domain, '@') != SIZE_MAX) {
		local = view_cut_last(&domain, '@');
		if (local.n > 0)
			TRY(local_part(local));
	} else if (!view_starts(domain, VIEW("*."))
	    && !view_starts(domain, VIEW("."))) {
		return fail(MALFORMED,
		    "write a@example.org, @example.org or *.example.org");
	}
	if (view_starts(domain, VIEW("*.")))
		domain = view_from(domain, 1);
	above = view_starts(domain, VIEW("."));
	if (above && local.n > 0)
		return fail(MALFORMED, "a local part needs its domain");
	TRY(host_part(above ? view_from(domain, 1) : domain, arena, &domain));
	local = lower(local, arena);
	*out = arena_print(arena, "%.*s%s%.*s", (int)local.n, local.p,
	    above ? "." : "@", (int)domain.n, domain.p);
	return arena_result(arena);
}

struct rule_change {
	struct sender_owner owner;
	view pattern;
	bool allow;
};

/* OK: there is such a row, and `*out` is its first column. */
static result
one_number(struct account *house, const char *text, const struct db_arg *args,
    size_t count, int64_t *out)
{
	struct db_query q;
	bool found = false;

	db_ask(house->db, &q, text, args, count);
	while (db_next(&q)) {
		*out = db_int_at(&q, 0);
		found = true;
	}
	TRY(db_end(&q));
	return found ? done() : fail(NOT_FOUND, "no such line");
}

static result
set_rule(struct account *house, void *context)
{
	const struct rule_change *c = context;
	const struct db_arg args[] = { db_int(c->owner.account),
		db_int(c->owner.domain), db_text(c->pattern),
		db_int(c->allow) };
	int64_t have = 0;
	result r = one_number(house, sql[RULE_GET], args, 3, &have);

	if (r.is == OK && (have != 0) != c->allow)
		return fail(EXISTS, "that stands in the other list");
	if (r.is != NOT_FOUND)
		return r;
	TRY(db_do(house->db, sql[RULE_TIDY], NULL, 0));
	TRY(one_number(house, sql[RULE_COUNT], args, 2, &have));
	if (have >= LIMIT_SENDER_RULES)
		return fail(OVER_LIMIT, "that list is full");
	return db_do(house->db, sql[RULE_SET], args, COUNT(args));
}

result
sender_rule_set(struct store *s, struct sender_owner owner, view pattern,
    bool allow)
{
	struct rule_change c = { owner, pattern, allow };

	return house_write(s, set_rule, &c, DURABLE);
}

static result
remove_rule(struct account *house, void *context)
{
	const struct rule_change *c = context;
	const struct db_arg args[] = { db_int(c->owner.account),
		db_int(c->owner.domain), db_text(c->pattern) };

	TRY(db_do(house->db, sql[RULE_REMOVE], args, COUNT(args)));
	return db_changed(house->db) > 0 ? done()
		: fail(NOT_FOUND, "that stands in neither list");
}

result
sender_rule_remove(struct store *s, struct sender_owner owner, view pattern)
{
	struct rule_change c = { owner, pattern, false };

	return house_write(s, remove_rule, &c, DURABLE);
}

static result
list(struct account *house, struct arena *arena, struct sender_owner owner,
    struct sender_rule *out, size_t *count)
{
	const struct db_arg args[] = { db_int(owner.account),
		db_int(owner.domain) };
	struct db_query q;

	db_ask(house->db, &q, sql[RULE_LIST], args, COUNT(args));
	while (db_next(&q))
		if (*count < LIMIT_SENDER_RULES)
			out[(*count)++] = (struct sender_rule){
				arena_copy(arena, db_text_at(&q, 0)),
				db_int_at(&q, 1) != 0 };
	TRY(db_end(&q));
	return arena_result(arena);
}

result
sender_rule_list(struct store *s, struct arena *arena,
    struct sender_owner owner, struct sender_rule **out, size_t *count)
{
	struct account *house;
	result r;

	*count = 0;
	*out = arena_array(arena, LIMIT_SENDER_RULES, sizeof **out);
	TRY(arena_result(arena));
	TRY(house_open(s, &house));
	r = list(house, arena, owner, *out, count);
	account_close(&house);
	return r;
}

/* What could stand in a list for this address, the most exact first. */
static void
patterns_of(view address, struct arena *arena, view out[PATTERNS])
{
	view text = lower(view_first(address, LIMIT_ADDRESS), arena);
	view domain = text;

	(void)view_cut_last(&domain, '@');
	for (size_t i = 0; i < PATTERNS; i++)
		out[i] = VIEW("");
	out[0] = text;
	out[1] = arena_print(arena, "@%.*s", (int)domain.n, domain.p);
	for (size_t i = 2; i < PATTERNS && domain.n > 0; i++) {
		(void)view_cut(&domain, '.');
		if (domain.n > 0)
			out[i] = arena_print(arena, ".%.*s", (int)domain.n,
			    domain.p);
	}
}

/* Is it nearer to the top, or on the same level more exact? */
static bool
is_stronger(enum sender_level level, size_t rank,
    const struct sender_verdict *than, size_t than_rank)
{
	if (than->said == SENDER_UNKNOWN || level < than->level)
		return true;
	return level == than->level && rank < than_rank;
}

static result
ask(struct account *house, struct arena *arena, int64_t account,
    const view patterns[PATTERNS], bool proven, struct sender_verdict *out)
{
	struct db_arg args[1 + PATTERNS] = { db_int(account) };
	struct db_query q;
	size_t best = 0;

	for (size_t i = 0; i < PATTERNS; i++)
		args[1 + i] = db_text(patterns[i]);
	db_ask(house->db, &q, sql[RULE_ASK], args, COUNT(args));
	while (db_next(&q)) {
		view pattern = db_text_at(&q, 0);
		bool allow = db_int_at(&q, 1) != 0;
		enum sender_level level = db_int_at(&q, 2) != 0
		    ? SENDER_BY_MAILBOX : db_int_at(&q, 3) != 0
		    ? SENDER_BY_DOMAIN : SENDER_BY_SERVER;
		size_t rank = 0;

		while (rank < PATTERNS && !view_eq(pattern, patterns[rank]))
			rank++;
		if ((allow && !proven)
		    || !is_stronger(level, rank, out, best))
			continue;
		best = rank;
		*out = (struct sender_verdict){
			allow ? SENDER_ALLOWED : SENDER_DENIED, level,
			arena_copy(arena, pattern) };
	}
	TRY(db_end(&q));
	return arena_result(arena);
}

result
sender_ask(struct store *s, struct arena *arena, int64_t account,
    view address, bool proven, struct sender_verdict *out)
{
	view patterns[PATTERNS];
	struct account *house;
	result r;

	*out = (struct sender_verdict){ .said = SENDER_UNKNOWN };
	if (address.n == 0)
		return done();
	patterns_of(address, arena, patterns);
	TRY(arena_result(arena));
	TRY(house_open(s, &house));
	r = ask(house, arena, account, patterns, proven, out);
	account_close(&house);
	return r;
}

struct level_change {
	struct sender_owner owner;
	const struct sender_levels *levels;
	bool clear;
};

static struct db_arg
perhaps(int64_t n)
{
	return n == SENDER_UNSET ? db_null() : db_int(n);
}

static result
set_levels(struct account *house, void *context)
{
	const struct level_change *c = context;
	const struct db_arg args[] = { db_int(c->owner.account),
		db_int(c->owner.domain), perhaps(c->levels->mark),
		perhaps(c->levels->reject), perhaps(c->levels->greylist) };

	TRY(db_do(house->db, sql[LEVEL_TIDY], NULL, 0));
	if (c->clear)
		TRY(db_do(house->db, sql[LEVEL_CLEAR], args, 2));
	return db_do(house->db, sql[LEVEL_SET], args, COUNT(args));
}

result
sender_levels_set(struct store *s, struct sender_owner owner,
    const struct sender_levels *levels, bool clear)
{
	struct level_change c = { owner, levels, clear };

	return house_write(s, set_levels, &c, DURABLE);
}

/* What an earlier row has said stays. */
static void
take_levels(struct db_query *q, struct sender_levels *out)
{
	int64_t *to[LEVELS] = { &out->mark, &out->reject, &out->greylist };

	for (int i = 0; i < LEVELS; i++)
		if (*to[i] == SENDER_UNSET && !db_is_null(q, i))
			*to[i] = db_int_at(q, i);
}

static result
read_levels(struct store *s, const char *text, const struct db_arg *args,
    size_t count, struct sender_levels *out)
{
	struct account *house;
	struct db_query q;
	result r;

	*out = (struct sender_levels){ SENDER_UNSET, SENDER_UNSET,
		SENDER_UNSET };
	TRY(house_open(s, &house));
	db_ask(house->db, &q, text, args, count);
	while (db_next(&q))
		take_levels(&q, out);
	r = db_end(&q);
	account_close(&house);
	return r;
}

result
sender_levels_get(struct store *s, struct sender_owner owner,
    struct sender_levels *out)
{
	const struct db_arg args[] = { db_int(owner.account),
		db_int(owner.domain) };

	return read_levels(s, sql[LEVEL_GET], args, COUNT(args), out);
}

result
sender_levels_of(struct store *s, int64_t account, struct sender_levels *out)
{
	const struct db_arg args[] = { db_int(account) };

	TRY(read_levels(s, sql[LEVEL_OF], args, COUNT(args), out));
	if (out->mark == SENDER_UNSET)
		out->mark = MARK_DEFAULT;
	if (out->reject == SENDER_UNSET)
		out->reject = REJECT_DEFAULT;
	if (out->greylist == SENDER_UNSET)
		out->greylist = 0;
	/* A mark alone that is above what the server refuses. */
	if (out->reject <= out->mark)
		out->reject = out->mark + 1;
	return done();
}
