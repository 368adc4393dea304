/* The index asked. */
#include "mailcore/base/heap.h"
#include "mailcore/store/search_inside.h"

#include <stdlib.h>
#include <string.h>

/* So many of a needle's terms are asked for: the others hardly ever tell
 * more texts apart. */
enum { TERMS = 12 };

enum { SEGMENTS, TERMS_GET };

static const char *const sql[] = {
	[SEGMENTS] = "SELECT id, large, bodies, direct FROM segment"
		     " WHERE account_id = $1 ORDER BY id",
	[TERMS_GET] = "SELECT terms FROM posting WHERE account_id = $1"
		      " AND id = $2",
};

struct finding {
	struct account *a;
	struct search_hits *hits;
	uint32_t terms[TERMS];
	size_t count;
};

static void
add_hit(struct search_hits *h, int64_t body)
{
	h->bodies = heap_more(h->bodies, h->n, &h->room, sizeof *h->bodies);
	h->bodies[h->n++] = body;
}

/* Terms from all over the text, different ones where it has them. */
static void
choose_terms(struct finding *f, view text)
{
	size_t all = text.n - POSTING_NEEDLE + 1;
	size_t wanted = all < TERMS ? all : TERMS;

	for (size_t i = 0; i < wanted; i++) {
		size_t at = wanted == 1 ? 0 : i * (all - 1) / (wanted - 1);
		uint32_t term = posting_term(text.p + at);
		size_t known = 0;

		while (known < f->count && f->terms[known] != term)
			known++;
		if (known == f->count)
			f->terms[f->count++] = term;
	}
}

/* Which texts of the segment hold the term? */
static result
find_term(struct finding *f, int64_t segment, unsigned bits, uint32_t term,
    unsigned char *texts)
{
	unsigned below = POSTING_TERM_BITS - bits;
	const struct db_arg args[] = { db_int(f->a->id),
		db_int(segment * SEARCH_BUCKETS + (term >> below)) };
	struct db_query q;
	result r = done();

	db_ask(f->a->search, &q, sql[TERMS_GET], args, COUNT(args));
	while (r.is == OK && db_next(&q))
		r = posting_find(db_blob_at(&q, 0),
		    term & ((1U << below) - 1), bits, texts);
	TRY(db_end(&q));
	return r;
}

/* `*any`: one is left that both have. */
static void
keep_both(unsigned char *texts, const unsigned char *others, size_t n,
    bool *any)
{
	*any = false;
	for (size_t i = 0; i < n; i++) {
		texts[i] &= others[i];
		*any = *any || texts[i] != 0;
	}
}

static result
find_in(struct finding *f, int64_t segment, unsigned bits,
    unsigned char *texts)
{
	size_t bytes = ((size_t)1 << bits) / 8;
	bool any = true;

	memset(texts, 255, bytes);
	for (size_t i = 0; i < f->count && any; i++) {
		unsigned char others[POSTING_LARGE / 8] = { 0 };

		TRY(find_term(f, segment, bits, f->terms[i], others));
		keep_both(texts, others, bytes, &any);
	}
	return done();
}

static result
find_segment(struct finding *f, struct db_query *q)
{
	unsigned bits = db_int_at(q, 1) != 0 ? POSTING_LARGE_BITS
					     : POSTING_SMALL_BITS;
	view bodies = db_blob_at(q, 2), direct = db_blob_at(q, 3);
	unsigned char texts[POSTING_LARGE / 8];

	if (direct.n != ((size_t)1 << bits) / 8
	    || bodies.n != sizeof(int64_t) << bits)
		return fail(MALFORMED, "a segment of another size");
	TRY(find_in(f, db_int_at(q, 0), bits, texts));
	for (size_t i = 0; i >> bits == 0; i++) {
		unsigned char in = (unsigned char)direct.p[i / 8];
		int64_t body;

		if (((in | texts[i / 8]) & 1U << i % 8) == 0)
			continue;
		memcpy(&body, view_from(bodies, i * sizeof body).p,
		    sizeof body);
		add_hit(f->hits, body);
	}
	return done();
}

static result
find_all(struct finding *f)
{
	const struct db_arg args[] = { db_int(f->a->id) };
	struct search_progress p;
	struct db_query q;
	result r = done();

	TRY(search_progress(f->a, &p));
	db_ask(f->a->search, &q, sql[SEGMENTS], args, COUNT(args));
	while (r.is == OK && db_next(&q))
		r = find_segment(f, &q);
	TRY(db_end(&q));
	f->hits->known = p.body;
	return r;
}

static int
by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

result
search_find(struct account *a, view text, struct search_hits *hits)
{
	struct finding f = { .a = a, .hits = hits };
	result r;

	*hits = (struct search_hits){ 0 };
	if (text.n < POSTING_NEEDLE || !search_open(a))
		return done();
	choose_terms(&f, text);
	/* A merge may come between the questions: all see one state. */
	r = db_snapshot(a->search);
	if (r.is == OK) {
		r = find_all(&f);
		db_rollback(a->search);
	}
	if (r.is != OK) {
		search_hits_free(hits);
		if (r.is != BUSY)
			search_distrust(a, r);
		return done();
	}
	if (hits->n > 1)
		qsort(hits->bodies, hits->n, sizeof *hits->bodies, by_number);
	return done();
}

bool
search_may_hold(const struct search_hits *h, int64_t body)
{
	size_t from = 0, to = h->n;

	if (body > h->known)
		return true;
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (h->bodies[middle] < body)
			from = middle + 1;
		else
			to = middle;
	}
	return from < h->n && h->bodies[from] == body;
}

void
search_hits_free(struct search_hits *h)
{
	free(h->bodies);
	*h = (struct search_hits){ 0 };
}
