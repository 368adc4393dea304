/* Digests made, and what is of no more use thrown away. */
#include "mailcore/base/utf8.h"
#include "mailcore/format/mime.h"
#include "mailcore/store/search_digest.h"

#include <stdlib.h>

enum { MAILBOXES, ADD, TEXT_ADD, TOTALS, DROP, TEXT_DROP, OWNERS, ITEMS,
	INDEXED };

static const char *const sql[] = {
	/* Asked of account.db. */
	[MAILBOXES] = "SELECT id, uid_next, items FROM collection"
		      " WHERE account_id = $1 AND kind = $2 ORDER BY id",
	[ITEMS] = "SELECT COUNT(*) FROM item WHERE account_id = $1",
	/* Asked of search.db. */
	[ADD] = "INSERT INTO digest (account_id, collection, last, count, map,"
		" facts) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
	[TEXT_ADD] = "INSERT INTO digest_text (id, account_id, texts)"
		     " VALUES ($2, $1, $3)",
	[TOTALS] = "SELECT MAX(last), SUM(count) FROM digest"
		   " WHERE account_id = $1 AND collection = $2",
	[DROP] = "DELETE FROM digest WHERE account_id = $1"
		 " AND collection = $2",
	[TEXT_DROP] = "DELETE FROM digest_text WHERE account_id = $1 AND id IN"
		      " (SELECT 4 * id + $3 FROM digest"
		      " WHERE account_id = $1 AND collection = $2)",
	[OWNERS] = "SELECT DISTINCT collection FROM digest"
		   " WHERE account_id = $1",
	[INDEXED] = "SELECT SUM(LENGTH(bodies)) FROM segment"
		    " WHERE account_id = $1",
};

enum {
	/* Of one message, all together: one with more is read by itself. */
	TEXT_MOST = 16384,
	PACK_MOST = 2 * SEARCH_DIGEST * TEXT_MOST,
	/* So many more than there are may be told of. */
	DIGEST_SPARE = 512,
	INDEX_SPARE = 4096
};

/* What programs list messages by. */
static const char *const fields[] = { "From", "Subject", "Date", "To", "Cc",
	"Message-ID", "References", "In-Reply-To", "Content-Type", "Reply-To",
	"Bcc", "Sender", "Priority", "X-Priority", "Importance", "Newsgroups",
	"List-Id", "List-Post", "List-Unsubscribe" };

bool
search_keeps_field(view name)
{
	for (size_t i = 0; i < COUNT(fields); i++)
		if (view_same(name, view_of(fields[i])))
			return true;
	return false;
}

struct packing {
	int64_t collection;
	uint32_t last; /* uid of the digest before, then of this */
	size_t count;
	struct buf map, facts, texts[DIGEST_TEXTS];
};

static uint32_t
add_head(struct packing *p, view header)
{
	struct buf *heads = &p->texts[DIGEST_HEADS];
	size_t before = heads->n;
	view field, name, value;

	while (header_next(&header, &field, &name, &value))
		if (search_keeps_field(name))
			buf_add(heads, field);
	return (uint32_t)(heads->n - before);
}

static uint32_t
add_text(struct buf *texts, view text)
{
	buf_add(texts, text);
	return (uint32_t)text.n;
}

static result
pack(void *packing, const struct item *i, const struct item_summary *s)
{
	struct packing *p = packing;
	const struct digest_place place = { .body = i->body, .uid = i->uid,
		.mark = DIGEST_MARK };
	struct digest_fact f = { .received = i->received, .saved = i->saved,
		.size = i->size, .sent = s->sent };

	if (p->count == SEARCH_DIGEST)
		return fail(BUSY, "a digest is full");
	f.absent = s->envelope.n == 0 || s->header.n == 0
	    || s->envelope.n + s->body.n + s->bodystructure.n > TEXT_MOST
	    || s->header.n > TEXT_MOST || !utf8_is_ascii(s->header);
	if (f.absent == 0) {
		f.envelope = add_text(&p->texts[DIGEST_ENVELOPES], s->envelope);
		f.body = add_text(&p->texts[DIGEST_STRUCTURES], s->body);
		f.bodystructure = add_text(&p->texts[DIGEST_STRUCTURES],
		    s->bodystructure);
		f.head = add_head(p, s->header);
	}
	buf_add(&p->map, (view){ (const char *)&place, sizeof place });
	buf_add(&p->facts, (view){ (const char *)&f, sizeof f });
	p->last = i->uid;
	p->count++;
	return done();
}

static result
add_row(struct account *a, const struct packing *p, int64_t *id)
{
	const struct db_arg args[] = { db_int(a->id), db_int(p->collection),
		db_int(p->last), db_int((int64_t)p->count),
		db_blob(buf_view(&p->map)), db_blob(buf_view(&p->facts)) };
	struct db_query q;

	TRY(buf_result(&p->map));
	TRY(buf_result(&p->facts));
	db_ask(a->search, &q, sql[ADD], args, COUNT(args));
	while (db_next(&q))
		*id = db_int_at(&q, 0);
	return db_end(&q);
}

static result
add_digest(struct account *a, void *packing)
{
	const struct packing *p = packing;
	int64_t id = 0;

	TRY(add_row(a, p, &id));
	for (int i = 0; i < DIGEST_TEXTS; i++) {
		const struct db_arg args[] = { db_int(a->id),
			db_int(id * DIGEST_ROWS + i),
			db_blob(buf_view(&p->texts[i])) };

		TRY(buf_result(&p->texts[i]));
		TRY(db_do(a->search, sql[TEXT_ADD], args, COUNT(args)));
	}
	return done();
}

/* The next digest of a mailbox, of which messages up to p->last have one. */
static result
fill_one(struct account *a, struct packing *p, bool *more)
{
	result r;

	p->map = buf_new(PACK_MOST);
	p->facts = buf_new(PACK_MOST);
	for (int i = 0; i < DIGEST_TEXTS; i++)
		p->texts[i] = buf_new(PACK_MOST);
	r = item_each_summary(a, p->collection, p->last + 1, UINT32_MAX, pack,
	    p);
	*more = r.is == BUSY && p->count == SEARCH_DIGEST;
	if (*more)
		r = done();
	if (r.is == OK && p->count == SEARCH_DIGEST)
		r = search_write(a, add_digest, p);
	buf_free(&p->map);
	buf_free(&p->facts);
	for (int i = 0; i < DIGEST_TEXTS; i++)
		buf_free(&p->texts[i]);
	return r;
}

static result
get_totals(struct account *a, int64_t collection, int64_t *last,
    int64_t *count)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection) };
	struct db_query q;

	*last = *count = 0;
	db_ask(a->search, &q, sql[TOTALS], args, COUNT(args));
	while (db_next(&q)) {
		*last = db_int_at(&q, 0);
		*count = db_int_at(&q, 1);
	}
	return db_end(&q);
}

static result
drop(struct account *a, int64_t collection)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection) };

	for (int i = 0; i < DIGEST_TEXTS; i++) {
		const struct db_arg texts[] = { db_int(a->id),
			db_int(collection), db_int(i) };

		TRY(db_do(a->search, sql[TEXT_DROP], texts, COUNT(texts)));
	}
	return db_do(a->search, sql[DROP], args, COUNT(args));
}

/* A mailbox, or none that is left. */
struct mailbox {
	int64_t id;
	int64_t uid_next;
	int64_t items;
};

static void
take_mailbox(struct db_query *q, struct mailbox *out)
{
	*out = (struct mailbox){ db_int_at(q, 0), db_int_at(q, 1),
		db_int_at(q, 2) };
}

static result
fill_mailbox(struct account *a, const struct mailbox *m, bool *more)
{
	struct packing p = { .collection = m->id };
	int64_t last, count;

	*more = false;
	if (m->items < SEARCH_DIGEST)
		return done();
	TRY(get_totals(a, m->id, &last, &count));
	if (m->uid_next - last <= SEARCH_DIGEST)
		return done();
	p.last = (uint32_t)last;
	return fill_one(a, &p, more);
}

result
search_fill_digest(struct account *a, bool *more)
{
	const struct db_arg args[] = { db_int(a->id),
		db_int(COLLECTION_MAILBOX) };
	struct mailbox m;
	struct db_query q;
	result r = done();

	*more = false;
	db_ask(a->db, &q, sql[MAILBOXES], args, COUNT(args));
	while (r.is == OK && !*more && db_next(&q)) {
		take_mailbox(&q, &m);
		r = fill_mailbox(a, &m, more);
	}
	TRY(db_end(&q));
	return r;
}

static result
get_mailbox(struct account *a, int64_t id, struct mailbox *out)
{
	const struct db_arg args[] = { db_int(a->id),
		db_int(COLLECTION_MAILBOX) };
	struct mailbox m;
	struct db_query q;

	*out = (struct mailbox){ .id = id };
	db_ask(a->db, &q, sql[MAILBOXES], args, COUNT(args));
	while (db_next(&q)) {
		take_mailbox(&q, &m);
		if (m.id == id)
			*out = m;
	}
	return db_end(&q);
}

static result
sweep_digests(struct account *a, void *context)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;
	result r = done();

	(void)context;
	db_ask(a->search, &q, sql[OWNERS], args, COUNT(args));
	while (r.is == OK && db_next(&q)) {
		struct mailbox m;
		int64_t last, count = 0;

		r = get_mailbox(a, db_int_at(&q, 0), &m);
		if (r.is == OK)
			r = get_totals(a, m.id, &last, &count);
		if (r.is == OK && count > 2 * m.items + DIGEST_SPARE)
			r = drop(a, m.id);
	}
	TRY(db_end(&q));
	return r;
}

static result
get_number(struct account *a, struct db *db, const char *question,
    int64_t *out)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;

	*out = 0;
	db_ask(db, &q, question, args, COUNT(args));
	while (db_next(&q))
		*out = db_int_at(&q, 0);
	return db_end(&q);
}

result
search_sweep(struct account *a)
{
	int64_t items, indexed;

	TRY(search_write(a, sweep_digests, NULL));
	TRY(get_number(a, a->db, sql[ITEMS], &items));
	TRY(get_number(a, a->search, sql[INDEXED], &indexed));
	if (indexed / (int64_t)sizeof(int64_t) > 2 * items + INDEX_SPARE)
		search_forget(a);
	return done();
}
