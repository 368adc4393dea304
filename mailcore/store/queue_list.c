/* What is in the queue, for people. */
#include "mailcore/store/queue_row.h"

enum { EACH, EACH_OF };

static const char *const sql[] = {
	[EACH] = "SELECT " MESSAGE_COLUMNS ", " RECIPIENT_COLUMNS
		 " FROM queue_message m, queue_recipient r"
		 " WHERE r.message = m.id ORDER BY m.id, r.id",
	[EACH_OF] = "SELECT " MESSAGE_COLUMNS ", " RECIPIENT_COLUMNS
		    " FROM queue_message m, queue_recipient r"
		    " WHERE m.account_id = $1 AND m.account_id <> 0"
		    " AND r.message = m.id ORDER BY m.id DESC, r.id"
		    " LIMIT $2",
};

struct visiting {
	queue_visit *visit;
	void *context;
};

/* `visit` ends it by any failure. */
static result
each(struct db_query *q, struct visiting v)
{
	result r = done();

	while (r.is == OK && db_next(q)) {
		struct queue_message message;
		struct queue_recipient recipient;

		queue_message_of_row(q, &message);
		queue_recipient_of_row(q, MESSAGE_COLUMN_COUNT, &recipient);
		r = v.visit(v.context, &message, &recipient);
	}
	TRY(db_end(q));
	return r;
}

static result
visit_all(struct store *s, const char *question, const struct db_arg *args,
    size_t count, struct visiting v)
{
	struct account *house;
	struct db_query q;
	result r;

	TRY(house_open(s, &house));
	db_ask(house->db, &q, question, args, count);
	r = each(&q, v);
	account_close(&house);
	return r;
}

result
queue_each(struct store *s, queue_visit *visit, void *context)
{
	return visit_all(s, sql[EACH], NULL, 0,
	    (struct visiting){ visit, context });
}

result
queue_each_of(struct store *s, int64_t account, int64_t most,
    queue_visit *visit, void *context)
{
	const struct db_arg args[] = { db_int(account), db_int(most) };

	return visit_all(s, sql[EACH_OF], args, COUNT(args),
	    (struct visiting){ visit, context });
}
