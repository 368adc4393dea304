/* Items by the time that they take, and by what else is kept to find them. */
#include "mailcore/store/item_row.h"

enum { DAY = 86400 };

enum { IN_SPAN, TIMES };

static const char *const sql[] = {
	/* What has no length touches the span when it begins in it. */
	[IN_SPAN] = "SELECT " ITEM_COLUMNS ", i.times FROM item i"
		    " WHERE account_id = $1 AND collection = $2"
		    " AND component <> '' AND reach = $6 AND span_from >= $7"
		    " AND span_from < $4 AND (span_to > $3 OR span_from >= $3)"
		    " AND ($5 = '' OR component = $5) ORDER BY span_from",
	[TIMES] = "SELECT uid, modseq, times FROM item WHERE account_id = $1"
		  " AND collection = $2 ORDER BY uid",
};

/* The longest span of each step; what is longer is in one more. */
static const int64_t longest[] = { 2 * DAY, 40 * DAY, 400 * DAY,
	(int64_t)4000 * DAY };

int64_t
item_reach(int64_t from, int64_t to)
{
	int64_t length;
	size_t i = 0;

	if (__builtin_sub_overflow(to, from, &length))
		return COUNT(longest);
	while (i < COUNT(longest) && length > longest[i])
		i++;
	return (int64_t)i;
}

/* Where the first one begins that may reach `from`. */
static int64_t
begin_of(size_t reach, int64_t from)
{
	int64_t begin;

	if (reach == COUNT(longest)
	    || __builtin_sub_overflow(from, longest[reach], &begin))
		return INT64_MIN;
	return begin;
}

result
item_each_in_span(struct account *a, int64_t collection, view component,
    int64_t from, int64_t to, item_visit *visit, void *context)
{
	struct db_query q;
	struct item item;
	result r = done();

	for (size_t i = 0; i <= COUNT(longest); i++) {
		const struct db_arg args[] = { db_int(a->id),
			db_int(collection), db_int(from), db_int(to),
			db_text(component), db_int((int64_t)i),
			db_int(begin_of(i, from)) };

		db_ask(a->db, &q, sql[IN_SPAN], args, COUNT(args));
		while (r.is == OK && db_next(&q)) {
			item_of_row(&q, &item);
			item.times = db_blob_at(&q, ITEM_COLUMN_COUNT);
			r = visit(context, &item);
		}
		TRY(db_end(&q));
		TRY(r);
	}
	return done();
}

result
item_each_times(
    struct account *a, int64_t collection, item_visit *visit, void *context)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection) };
	struct db_query q;
	result r = done();

	db_ask(a->db, &q, sql[TIMES], args, COUNT(args));
	while (r.is == OK && db_next(&q)) {
		const struct item item = { .collection = collection,
			.uid = (uint32_t)db_int_at(&q, 0),
			.modseq = db_int_at(&q, 1),
			.times = db_blob_at(&q, 2) };

		r = visit(context, &item);
	}
	TRY(db_end(&q));
	return r;
}
