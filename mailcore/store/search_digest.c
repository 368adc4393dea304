/* Digests read. */
#include "mailcore/store/search_digest.h"

#include <string.h>

enum { EACH, EACH_HEADS, MAPS };

static const char *const sql[] = {
	[EACH] = "SELECT map, data FROM digest WHERE account_id = $1"
		 " AND collection = $2 AND last >= $3 ORDER BY last",
	[EACH_HEADS] = "SELECT map, data, heads FROM digest"
		       " WHERE account_id = $1 AND collection = $2"
		       " AND last >= $3 ORDER BY last",
	[MAPS] = "SELECT map FROM digest WHERE account_id = $1"
		 " AND collection = $2 ORDER BY last",
};

/* The one at `i`; false: there is none. */
static bool
place_at(view map, size_t i, struct digest_place *out)
{
	view bytes = view_first(view_from(map, i * sizeof *out), sizeof *out);

	if (bytes.n < sizeof *out)
		return false;
	memcpy(out, bytes.p, sizeof *out);
	return true;
}

static result
check_map(view map)
{
	struct digest_place p;

	if (map.n % sizeof p == 0 && place_at(map, 0, &p)
	    && p.mark == DIGEST_MARK)
		return done();
	return fail(MALFORMED, "a digest of another size or machine");
}

static result
each_body(struct account *a, int64_t collection, search_body_visit *visit,
    void *context, uint32_t *upto)
{
	const struct db_arg args[] = { db_int(a->id), db_int(collection) };
	struct digest_place p;
	struct db_query q;
	result r = done();

	db_ask(a->search, &q, sql[MAPS], args, COUNT(args));
	while (r.is == OK && db_next(&q)) {
		view map = db_blob_at(&q, 0);

		r = check_map(map);
		for (size_t i = 0; r.is == OK && place_at(map, i, &p); i++) {
			visit(context, p.uid, p.body);
			*upto = p.uid;
		}
	}
	TRY(db_end(&q));
	return r;
}

/* The index is a help and no more: without it all is unknown. */
static result
forgive(struct account *a, result r)
{
	if (r.is != OK && r.is != BUSY)
		search_distrust(a, r);
	return done();
}

result
search_each_body(struct account *a, int64_t collection,
    search_body_visit *visit, void *context, uint32_t *upto)
{
	*upto = 0;
	if (!search_open(a))
		return done();
	return forgive(a, each_body(a, collection, visit, context, upto));
}

/* One digest while it is read. */
struct unpacking {
	struct account *a;
	int64_t collection;
	uint32_t from, to;
	item_summary_visit *visit;
	void *context;
	view map, facts, texts, heads;
	uint32_t known; /* all up to here was visited, or need not be */
	result broken;
};

static view
take(view *from, uint32_t n)
{
	view taken = view_first(*from, n);

	*from = view_from(*from, n);
	return taken;
}

static bool
take_fact(struct unpacking *u, struct digest_fact *out)
{
	view bytes = take(&u->facts, sizeof *out);

	if (bytes.n < sizeof *out)
		return false;
	memcpy(out, bytes.p, sizeof *out);
	return true;
}

static result
show(struct unpacking *u, const struct digest_place *p,
    const struct digest_fact *f, const struct item_summary *s)
{
	const struct item i = { .collection = u->collection, .uid = p->uid,
		.received = f->received, .size = f->size, .body = p->body,
		.saved = f->saved };

	if (f->absent != 0)
		return item_each_summary(u->a, u->collection, p->uid, p->uid,
		    u->visit, u->context);
	TRY(u->visit(u->context, &i, s));
	return done();
}

static result
unpack(struct unpacking *u)
{
	struct digest_place p;
	struct digest_fact f;

	for (size_t i = 0; place_at(u->map, i, &p); i++) {
		struct item_summary s = { 0 };

		if (!take_fact(u, &f)) {
			u->broken = fail(MALFORMED, "a digest is cut off");
			return done();
		}
		s.envelope = take(&u->texts, f.length[0]);
		s.body = take(&u->texts, f.length[1]);
		s.bodystructure = take(&u->texts, f.length[2]);
		s.header = take(&u->heads, f.head);
		s.sent = f.sent;
		if (s.bodystructure.n < f.length[2]) {
			u->broken = fail(MALFORMED, "a digest is cut off");
			return done();
		}
		if (p.uid > u->to)
			break;
		if (p.uid >= u->from)
			TRY(show(u, &p, &f, &s));
		u->known = p.uid;
	}
	return done();
}

static void
take_row(struct unpacking *u, struct db_query *q, bool heads)
{
	u->map = db_blob_at(q, 0);
	u->texts = db_blob_at(q, 1);
	u->heads = heads ? db_blob_at(q, 2) : VIEW("");
	u->broken = check_map(u->map);
	u->facts = take(&u->texts, (uint32_t)(u->map.n
	    / sizeof(struct digest_place) * sizeof(struct digest_fact)));
}

/* `*r`: what a visit said. */
static result
each_summary(struct unpacking *u, bool heads, result *r)
{
	const struct db_arg args[] = { db_int(u->a->id),
		db_int(u->collection), db_int(u->from) };
	struct db_query q;

	db_ask(u->a->search, &q, sql[heads ? EACH_HEADS : EACH], args,
	    COUNT(args));
	while (r->is == OK && u->known < u->to && db_next(&q)) {
		take_row(u, &q, heads);
		if (u->broken.is == OK)
			*r = unpack(u);
		if (u->broken.is != OK)
			break;
	}
	TRY(db_end(&q));
	return u->broken;
}

result
search_each_summary(struct account *a, int64_t collection, uint32_t from,
    uint32_t *upto, bool heads, item_summary_visit *visit, void *context)
{
	struct unpacking u = { .a = a, .collection = collection,
		.from = from, .to = *upto, .visit = visit,
		.context = context, .known = from - 1 };
	result r = done(), broken;

	*upto = u.known;
	if (!search_open(a))
		return done();
	broken = each_summary(&u, heads, &r);
	*upto = u.known;
	TRY(forgive(a, broken));
	return r;
}
