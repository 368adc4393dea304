/* Digests read. */
#include "mailcore/store/search_digest.h"

#include <string.h>

enum { EACH, TEXTS, MAPS };

static const char *const sql[] = {
	[EACH] = "SELECT id, map, facts FROM digest WHERE account_id = $1"
		 " AND collection = $2 AND last >= $3 ORDER BY last",
	[TEXTS] = "SELECT texts FROM digest_text WHERE account_id = $1"
		  " AND id = $2",
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
	const struct search_list *list;
	view map, facts, texts[DIGEST_TEXTS];
	uint32_t known; /* all up to here was visited, or need not be */
	result broken;
};

/* `*whole` false: there are less. */
static view
take(view *from, uint32_t n, bool *whole)
{
	view taken = view_first(*from, n);

	*from = view_from(*from, n);
	*whole = *whole && taken.n == n;
	return taken;
}

static bool
take_fact(struct unpacking *u, struct digest_fact *out)
{
	bool whole = true;
	view bytes = take(&u->facts, sizeof *out, &whole);

	if (whole)
		memcpy(out, bytes.p, sizeof *out);
	return whole;
}

static bool
take_texts(struct unpacking *u, const struct digest_fact *f,
    struct item_summary *s)
{
	unsigned wanted = u->list->texts;
	bool whole = true;

	s->sent = f->sent;
	if ((wanted & SEARCH_ENVELOPE) != 0)
		s->envelope = take(&u->texts[DIGEST_ENVELOPES], f->envelope,
		    &whole);
	if ((wanted & SEARCH_STRUCTURES) != 0) {
		s->body = take(&u->texts[DIGEST_STRUCTURES], f->body, &whole);
		s->bodystructure = take(&u->texts[DIGEST_STRUCTURES],
		    f->bodystructure, &whole);
	}
	if ((wanted & SEARCH_HEADS) != 0)
		s->header = take(&u->texts[DIGEST_HEADS], f->head, &whole);
	return whole;
}

static result
show(struct unpacking *u, const struct digest_place *p,
    const struct digest_fact *f, const struct item_summary *s)
{
	const struct search_list *l = u->list;
	const struct item i = { .collection = l->collection, .uid = p->uid,
		.received = f->received, .size = f->size, .body = p->body,
		.saved = f->saved };

	if (f->absent != 0)
		return item_each_summary(u->a, l->collection, p->uid, p->uid,
		    l->visit, l->context);
	return l->visit(l->context, &i, s);
}

static result
unpack(struct unpacking *u)
{
	struct digest_place p;
	struct digest_fact f;

	for (size_t i = 0; place_at(u->map, i, &p); i++) {
		struct item_summary s = { 0 };

		if (!take_fact(u, &f) || !take_texts(u, &f, &s)) {
			u->broken = fail(MALFORMED, "a digest is cut off");
			return done();
		}
		if (p.uid > u->list->to)
			break;
		if (p.uid >= u->list->from)
			TRY(show(u, &p, &f, &s));
		u->known = p.uid;
	}
	return done();
}

/* With the texts that are wanted of it, which live as long as the questions
 * for them. */
static result
unpack_row(struct unpacking *u, struct db_query *row)
{
	const int64_t first = db_int_at(row, 0) * DIGEST_ROWS;
	struct db_arg args[DIGEST_TEXTS][2];
	struct db_query q[DIGEST_TEXTS];
	result r = done(), ended;

	u->map = db_blob_at(row, 1);
	u->facts = db_blob_at(row, 2);
	u->broken = check_map(u->map);
	for (int i = 0; i < DIGEST_TEXTS; i++) {
		u->texts[i] = VIEW("");
		if ((u->list->texts & 1U << i) == 0)
			continue;
		args[i][0] = db_int(u->a->id);
		args[i][1] = db_int(first + i);
		db_ask(u->a->search, &q[i], sql[TEXTS], args[i], 2);
		if (db_next(&q[i]))
			u->texts[i] = db_blob_at(&q[i], 0);
	}
	if (u->broken.is == OK)
		r = unpack(u);
	for (int i = 0; i < DIGEST_TEXTS; i++) {
		if ((u->list->texts & 1U << i) == 0)
			continue;
		ended = db_end(&q[i]);
		if (ended.is != OK)
			u->broken = ended;
	}
	return r;
}

static bool
has_enough(const struct search_list *l)
{
	return l->enough != NULL && l->enough(l->context);
}

/* `*r`: what a visit said. */
static result
each_summary(struct unpacking *u, result *r)
{
	const struct search_list *l = u->list;
	const struct db_arg args[] = { db_int(u->a->id), db_int(l->collection),
		db_int(l->from) };
	struct db_query q;

	db_ask(u->a->search, &q, sql[EACH], args, COUNT(args));
	while (r->is == OK && u->broken.is == OK && u->known < l->to
	    && !has_enough(l) && db_next(&q))
		*r = unpack_row(u, &q);
	TRY(db_end(&q));
	return u->broken;
}

result
search_each_summary(struct account *a, const struct search_list *list,
    uint32_t *upto)
{
	struct unpacking u = { .a = a, .list = list, .known = list->from - 1 };
	result r = done(), broken;

	*upto = u.known;
	if (!search_open(a))
		return done();
	broken = each_summary(&u, &r);
	*upto = u.known;
	TRY(forgive(a, broken));
	return r;
}
