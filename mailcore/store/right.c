/* What is granted, and what follows from it. */
#include "mailcore/store/right.h"

#include "mailcore/store/names.h"

enum { OF_PERSON, LIST, GIVEN, OWNERS };

static const char *const sql[] = {
	/* $1 asks, $2 owns. */
	[OF_PERSON] =
	    "SELECT x.kind, x.collection, x.rights FROM access x, account o"
	    " WHERE x.account_id = $2 AND o.id = $2 AND " ACCOUNT_IS_ON("o")
	    " AND (x.whom = 3 OR EXISTS (SELECT 1 FROM account w"
	    " WHERE w.id = $1 AND " ACCOUNT_IS_ON("w")
	    " AND ((x.whom = 1 AND x.grantee = $1)"
	    " OR (x.whom = 2 AND x.grantee = w.domain))))",
	[LIST] =
	    "SELECT x.whom, x.grantee, CASE x.whom WHEN 1 THEN w.address"
	    " WHEN 2 THEN d.name ELSE '' END, x.kind, x.collection, x.rights"
	    " FROM access x LEFT JOIN account w ON x.whom = 1"
	    " AND w.id = x.grantee LEFT JOIN domain d ON x.whom = 2"
	    " AND d.id = x.grantee WHERE x.account_id = $1 AND ($2 = 0"
	    " OR (x.kind = $2 AND x.collection = $3))"
	    " AND (x.whom = 3 OR w.id IS NOT NULL OR d.id IS NOT NULL)"
	    " ORDER BY x.kind, x.collection, x.whom, 3",
	[GIVEN] = "SELECT x.whom, o.id, o.address, x.kind, x.collection,"
		  " x.rights FROM access x, account o, account w"
		  " WHERE x.whom = 1 AND x.grantee = $1 AND x.kind = $2"
		  " AND o.id = x.account_id AND " ACCOUNT_IS_ON("o")
		  " AND w.id = $1 AND " ACCOUNT_IS_ON("w")
		  " ORDER BY o.address, x.collection",
	/* Those who granted it to him before those who did to everyone. */
	[OWNERS] = "SELECT MIN(x.whom), o.id, o.address, $2, 0, 0"
		   " FROM access x, account o, account w"
		   " WHERE w.id = $1 AND " ACCOUNT_IS_ON("w")
		   " AND x.kind = $2"
		   " AND ((x.whom = 1 AND x.grantee = $1)"
		   " OR (x.whom = 2 AND x.grantee = w.domain)"
		   " OR (x.whom = 3 AND x.grantee = 0))"
		   " AND o.id = x.account_id AND " ACCOUNT_IS_ON("o")
		   " AND o.id <> $1"
		   " GROUP BY o.id, o.address ORDER BY 1, 3",
};

static result
add_row(struct right_set *set, struct arena *arena, const struct right_row *row,
    size_t *room)
{
	struct right_row *more = arena_more(
	    arena, set->list, set->count, room, sizeof *more);

	if (more == NULL)
		return arena_result(arena);
	set->list = more;
	set->list[set->count++] = *row;
	return done();
}

static result
read_rows(struct account *house, struct arena *arena, int64_t who,
    int64_t owner, struct right_set *out)
{
	const struct db_arg args[] = { db_int(who), db_int(owner) };
	struct db_query q;
	size_t room = 0;
	result r = done();

	db_ask(house->db, &q, sql[OF_PERSON], args, COUNT(args));
	while (db_next(&q) && r.is == OK) {
		const struct right_row row = {
			.kind = (enum collection_kind)db_int_at(&q, 0),
			.collection = db_int_at(&q, 1),
			.rights = (unsigned)db_int_at(&q, 2) & RIGHT_ALL,
		};

		r = add_row(out, arena, &row, &room);
	}
	TRY(db_end(&q));
	return r;
}

result
right_read(struct store *s, struct arena *arena, int64_t who, int64_t owner,
    struct right_set *out)
{
	struct account *house;
	result r;

	*out = (struct right_set){ .all = who == owner && who > HOUSE };
	if (out->all)
		return done();
	TRY(house_open(s, &house));
	r = read_rows(house, arena, who, owner, out);
	account_close(&house);
	return r;
}

unsigned
right_in(
    const struct right_set *set, enum collection_kind kind, int64_t collection)
{
	unsigned rights = set->all ? RIGHT_ALL : 0;
	unsigned known = RIGHT_ALL;

	if (kind != COLLECTION_CALENDAR && !set->all) /* it has no times */
		known &= ~(unsigned)(RIGHT_BUSY | RIGHT_TIMES);
	for (size_t i = 0; i < set->count; i++)
		if (set->list[i].kind == kind
		    && (set->list[i].collection == 0
			|| set->list[i].collection == collection))
			rights |= set->list[i].rights & known;
	return rights;
}

unsigned
right_in_all(const struct right_set *set, enum collection_kind kind)
{
	return right_in(set, kind, 0);
}

bool
right_any(const struct right_set *set, enum collection_kind kind)
{
	bool any = set->all;

	for (size_t i = 0; i < set->count; i++)
		any = any
		    || (set->list[i].kind == kind
			&& right_in(set, kind, set->list[i].collection) != 0);
	return any;
}

enum { MEMORY = 1048576 };

result
may(struct store *s, int64_t who, int64_t owner, enum collection_kind kind,
    int64_t collection, unsigned rights)
{
	struct arena *arena;
	struct right_set set;
	unsigned has;
	result r;

	if (who == owner && who > HOUSE)
		return done();
	arena = arena_new(MEMORY);
	r = right_read(s, arena, who, owner, &set);
	has = r.is == OK ? right_in(&set, kind, collection) : 0;
	arena_free(&arena);
	TRY(r);
	if (has == 0)
		return fail(NOT_FOUND, "There is nothing here.");
	return (has & rights) == rights
	    ? done()
	    : fail(DENIED, "RFC 3744 3: the owner has not granted that");
}

struct rows {
	struct right_grant *list;
	size_t count, room;
};

static void
add_grant(struct rows *rows, struct arena *arena, struct db_query *q)
{
	struct right_grant *more = arena_more(
	    arena, rows->list, rows->count, &rows->room, sizeof *more);

	if (more == NULL)
		return;
	rows->list = more;
	rows->list[rows->count++] = (struct right_grant){
		.whom = (enum right_whom)db_int_at(q, 0),
		.id = db_int_at(q, 1),
		.name = arena_copy(arena, db_text_at(q, 2)),
		.kind = (enum collection_kind)db_int_at(q, 3),
		.collection = db_int_at(q, 4),
		.rights = (unsigned)db_int_at(q, 5) & RIGHT_ALL,
	};
}

static result
ask(struct store *s, struct arena *arena, const char *question,
    const struct db_arg *args, size_t n, struct rows *rows)
{
	struct account *house;
	struct db_query q;
	result r;

	*rows = (struct rows){ .count = 0 };
	TRY(house_open(s, &house));
	db_ask(house->db, &q, question, args, n);
	while (db_next(&q) && arena_result(arena).is == OK)
		add_grant(rows, arena, &q);
	r = db_end(&q);
	account_close(&house);
	TRY(r);
	return arena_result(arena);
}

result
right_list(struct store *s, struct arena *arena, int64_t owner,
    enum collection_kind kind, int64_t collection, struct right_grant **out,
    size_t *count)
{
	const struct db_arg args[] = { db_int(owner), db_int(kind),
		db_int(collection) };
	struct rows rows;
	result r = ask(s, arena, sql[LIST], args, COUNT(args), &rows);

	*out = rows.list;
	*count = r.is == OK ? rows.count : 0;
	return r;
}

result
right_given(struct store *s, struct arena *arena, int64_t who,
    enum collection_kind kind, struct right_grant **out, size_t *count)
{
	const struct db_arg args[] = { db_int(who), db_int(kind) };
	struct rows rows;
	result r = ask(s, arena, sql[GIVEN], args, COUNT(args), &rows);

	*out = rows.list;
	*count = r.is == OK ? rows.count : 0;
	return r;
}

result
right_owners(struct store *s, struct arena *arena, int64_t who,
    enum collection_kind kind, struct right_grant **out, size_t *count)
{
	const struct db_arg args[] = { db_int(who), db_int(kind) };
	struct rows rows;
	result r = ask(s, arena, sql[OWNERS], args, COUNT(args), &rows);

	*out = rows.list;
	*count = r.is == OK ? rows.count : 0;
	return r;
}

static const struct {
	char letter;
	unsigned right;
	bool old; /* RFC 4314 2.1.1: understood, and never written by us */
} letters[] = {
	{ 'l', RIGHT_LOOKUP, false },
	{ 'r', RIGHT_READ, false },
	{ 's', RIGHT_SEEN, false },
	{ 'w', RIGHT_CHANGE, false },
	{ 'i', RIGHT_INSERT, false },
	{ 'p', RIGHT_POST, false },
	{ 'k', RIGHT_MAKE, false },
	{ 'x', RIGHT_REMOVE, false },
	{ 't', RIGHT_DELETE, false },
	{ 'e', RIGHT_EXPUNGE, false },
	{ 'a', RIGHT_ADMIN, false },
	{ 'c', RIGHT_MAKE | RIGHT_REMOVE, true },
	{ 'd', RIGHT_DELETE | RIGHT_EXPUNGE, true },
};

void
right_letters(unsigned rights, struct buf *out)
{
	for (size_t i = 0; i < COUNT(letters); i++)
		if (!letters[i].old && (rights & letters[i].right) != 0)
			buf_add_byte(out, letters[i].letter);
}

result
right_of_letters(view text, unsigned *out)
{
	*out = 0;
	for (size_t i = 0; i < text.n; i++) {
		size_t k = 0;

		while (k < COUNT(letters) && letters[k].letter != text.p[i])
			k++;
		if (k == COUNT(letters))
			return fail(MALFORMED, "RFC 4314 2.1: no such right");
		*out |= letters[k].right;
	}
	return done();
}
