/* Segments made, and merged. */
#include "mailcore/format/mime.h"
#include "mailcore/format/text.h"
#include "mailcore/store/search_inside.h"

#include <stdlib.h>
#include <string.h>

enum { NEXT, SEGMENT_ADD, POSTING_ADD, SMALL, SEGMENT_DROP, POSTING_DROP,
	POSTING_GET };

static const char *const sql[] = {
	/* Asked of account.db. */
	[NEXT] = "SELECT b.id, s.body FROM body b LEFT JOIN summary s"
		 " ON s.account_id = $1 AND s.body = b.id"
		 " WHERE b.account_id = $1 AND b.id > $2"
		 " ORDER BY b.id LIMIT 64",
	[SEGMENT_ADD] = "INSERT INTO segment (id, account_id, large, bodies,"
			" direct) VALUES ($2, $1, $3, $4, $5)",
	[POSTING_ADD] = "INSERT INTO posting (id, account_id, terms)"
			" VALUES ($2, $1, $3)",
	[SMALL] = "SELECT id, bodies, direct FROM segment"
		  " WHERE account_id = $1 AND large = 0 ORDER BY id LIMIT 16",
	[SEGMENT_DROP] = "DELETE FROM segment WHERE account_id = $1"
			 " AND id = $2",
	[POSTING_DROP] = "DELETE FROM posting WHERE account_id = $1"
			 " AND id BETWEEN $2 AND $3",
	[POSTING_GET] = "SELECT terms FROM posting WHERE account_id = $1"
			" AND id = $2",
};

/* A segment while it is made. */
struct making {
	int64_t after; /* the body that the last one ended with */
	int64_t id;
	bool large;
	int64_t bodies[POSTING_LARGE];
	bool mail[POSTING_SMALL];
	size_t count;
	unsigned char direct[POSTING_LARGE / 8];
	struct posting_pairs pairs;
	unsigned char *seen; /* a bit a term, of the present text */
	size_t first; /* its first pair */
	int64_t from[POSTING_MERGED]; /* segments that are merged */
};

static void
look_at_directly(struct making *m, size_t text)
{
	m->direct[text / 8] |= (unsigned char)(1U << text % 8);
}

/* true: there are too many. */
static bool
add_terms(void *making, view text)
{
	struct making *m = making;
	uint32_t number = (uint32_t)m->count;

	for (size_t i = 0; i + POSTING_NEEDLE <= text.n; i++) {
		uint32_t term = posting_term(text.p + i);
		unsigned char bit = (unsigned char)(1U << term % 8);

		if ((m->seen[term / 8] & bit) != 0)
			continue;
		if (m->pairs.n - m->first >= LIMIT_SEARCH_TERMS)
			return true;
		m->seen[term / 8] |= bit;
		posting_add(&m->pairs, term << POSTING_SMALL_BITS | number);
	}
	return false;
}

/* All that SEARCH may look at: TEXT, and fields by their values. */
static bool
add_message(struct making *m, view bytes)
{
	view header = view_first(bytes, header_length(bytes));

	return !text_message(bytes, true, add_terms, m)
	    && !text_header(header, NULL, true, add_terms, m)
	    && !text_header(header, NULL, false, add_terms, m);
}

static result
add_text(struct account *a, struct making *m)
{
	struct body body;
	result r = body_open(a, m->bodies[m->count], &body);
	bool whole = true;

	if (r.is != OK) /* gone already: nothing will be looked for */
		return r.is == NOT_FOUND ? done() : r;
	m->first = m->pairs.n;
	whole = add_message(m, body.bytes);
	body_close(&body);
	for (size_t i = m->first; i < m->pairs.n; i++)
		m->seen[(m->pairs.p[i] >> POSTING_SMALL_BITS) / 8] = 0;
	if (!whole) {
		m->pairs.n = m->first;
		look_at_directly(m, m->count);
	}
	return done();
}

static result
get_bodies(struct account *a, struct making *m)
{
	const struct db_arg args[] = { db_int(a->id), db_int(m->after) };
	struct db_query q;

	db_ask(a->db, &q, sql[NEXT], args, COUNT(args));
	while (db_next(&q)) {
		m->mail[m->count] = !db_is_null(&q, 1);
		m->bodies[m->count++] = db_int_at(&q, 0);
	}
	return db_end(&q);
}

static result
add_bucket(struct account *a, int64_t id, view terms)
{
	const struct db_arg args[] = { db_int(a->id), db_int(id),
		db_blob(terms) };

	return terms.n == 0 ? done()
			    : db_do(a->search, sql[POSTING_ADD], args,
				COUNT(args));
}

/* Cut sorted pairs into buckets by their high bits, of which `bits` are above
 * `shift`; `first` is the id of bucket 0. */
static result
add_buckets(struct account *a, const struct making *m, int64_t first,
    unsigned shift, unsigned bits)
{
	unsigned numbers = m->large ? POSTING_LARGE_BITS : POSTING_SMALL_BITS;
	struct posting_pairs cut = { 0 };
	struct buf terms = buf_new(LIMIT_JOURNAL_RECORD);
	size_t i = 0;
	result r = done();

	for (uint32_t bucket = 0; bucket >> bits == 0 && r.is == OK;
	     bucket++) {
		for (cut.n = 0; i < m->pairs.n
		     && m->pairs.p[i] >> shift == bucket;
		     i++)
			posting_add(&cut,
			    m->pairs.p[i] & ((1U << shift) - 1));
		buf_reset(&terms);
		posting_write(cut.p, cut.n, numbers, &terms);
		r = add_bucket(a, first + bucket, buf_view(&terms));
	}
	posting_free(&cut);
	buf_free(&terms);
	return r;
}

static result
add_segment(struct account *a, const struct making *m)
{
	const view bodies = { (const char *)m->bodies,
		m->count * sizeof *m->bodies };
	const view direct = { (const char *)m->direct,
		m->large ? POSTING_LARGE / 8 : POSTING_SMALL / 8 };
	const struct db_arg args[] = { db_int(a->id), db_int(m->id),
		db_int(m->large), db_blob(bodies), db_blob(direct) };

	return db_do(a->search, sql[SEGMENT_ADD], args, COUNT(args));
}

static result
write_small(struct account *a, void *making)
{
	struct making *m = making;
	struct search_progress p;

	TRY(search_progress(a, &p));
	if (p.body != m->after)
		return fail(BUSY, "another one was at it");
	m->id = p.next_segment;
	TRY(add_segment(a, m));
	TRY(add_buckets(a, m, m->id * SEARCH_BUCKETS, POSTING_TERM_BITS,
	    POSTING_SMALL_BITS));
	return search_advance(a, m->bodies[m->count - 1]);
}

static result
make_small(struct account *a, struct making *m, bool *more)
{
	size_t count;

	TRY(get_bodies(a, m));
	*more = m->count == POSTING_SMALL;
	if (!*more)
		return done();
	m->seen = calloc(1, (1U << POSTING_TERM_BITS) / 8);
	if (m->seen == NULL)
		abort();
	count = m->count;
	for (m->count = 0; m->count < count; m->count++)
		if (m->mail[m->count])
			TRY(add_text(a, m));
		else
			look_at_directly(m, m->count);
	posting_sort(&m->pairs);
	return search_write(a, write_small, m);
}

static struct making *
making_new(void)
{
	struct making *m = calloc(1, sizeof *m);

	if (m == NULL)
		abort();
	return m;
}

static void
making_free(struct making **m)
{
	posting_free(&(*m)->pairs);
	free((*m)->seen);
	free(*m);
	*m = NULL;
}

result
search_fill_segment(struct account *a, bool *more)
{
	struct making *m = making_new();
	struct search_progress p;
	result r = search_progress(a, &p);

	*more = false;
	m->after = p.body;
	if (r.is == OK)
		r = make_small(a, m, more);
	making_free(&m);
	return r;
}

/* The sixteen oldest small ones; their texts follow each other. */
static result
get_small(struct account *a, struct making *m, size_t *found)
{
	const struct db_arg args[] = { db_int(a->id) };
	struct db_query q;
	bool whole = true;

	*found = 0;
	db_ask(a->search, &q, sql[SMALL], args, COUNT(args));
	while (db_next(&q) && *found < POSTING_MERGED) {
		view bodies = db_blob_at(&q, 1), direct = db_blob_at(&q, 2);
		size_t bytes = POSTING_SMALL * sizeof *m->bodies;

		whole = whole && bodies.n == bytes
		    && direct.n == POSTING_SMALL / 8;
		if (whole) {
			memcpy(m->bodies + m->count, bodies.p, bytes);
			memcpy(m->direct + m->count / 8, direct.p, direct.n);
		}
		m->count += POSTING_SMALL;
		m->from[(*found)++] = db_int_at(&q, 0);
	}
	TRY(db_end(&q));
	return whole ? done() : fail(MALFORMED, "a segment of another size");
}

/* One bucket of each, as sixteen of the large one. */
static result
merge_bucket(struct account *a, struct making *m, uint32_t bucket)
{
	unsigned shift = POSTING_TERM_BITS - POSTING_LARGE_BITS
	    + POSTING_LARGE_BITS;
	result r = done();

	m->pairs.n = 0;
	for (uint32_t i = 0; i < POSTING_MERGED && r.is == OK; i++) {
		const struct db_arg args[] = { db_int(a->id),
			db_int(m->from[i] * SEARCH_BUCKETS + bucket) };
		struct db_query q;

		db_ask(a->search, &q, sql[POSTING_GET], args, COUNT(args));
		while (r.is == OK && db_next(&q))
			r = posting_read(db_blob_at(&q, 0), i * POSTING_SMALL,
			    &m->pairs);
		TRY(db_end(&q));
	}
	TRY(r);
	posting_sort(&m->pairs);
	return add_buckets(a, m,
	    m->id * SEARCH_BUCKETS + bucket * POSTING_MERGED, shift,
	    POSTING_LARGE_BITS - POSTING_SMALL_BITS);
}

static result
drop_small(struct account *a, int64_t id)
{
	const struct db_arg segment[] = { db_int(a->id), db_int(id) };
	const struct db_arg postings[] = { db_int(a->id),
		db_int(id * SEARCH_BUCKETS),
		db_int(id * SEARCH_BUCKETS + SEARCH_BUCKETS - 1) };

	TRY(db_do(a->search, sql[SEGMENT_DROP], segment, COUNT(segment)));
	return db_do(a->search, sql[POSTING_DROP], postings, COUNT(postings));
}

static result
merge(struct account *a, void *making)
{
	struct making *m = making;
	struct search_progress p;
	size_t found;

	m->large = true;
	TRY(search_progress(a, &p));
	m->id = p.next_segment;
	TRY(get_small(a, m, &found));
	if (found < POSTING_MERGED)
		return fail(NOT_FOUND, "nothing to merge");
	TRY(add_segment(a, m));
	for (uint32_t bucket = 0; bucket < POSTING_SMALL; bucket++)
		TRY(merge_bucket(a, m, bucket));
	for (size_t i = 0; i < POSTING_MERGED; i++)
		TRY(drop_small(a, m->from[i]));
	return search_advance(a, p.body);
}

result
search_fill_merge(struct account *a, bool *more)
{
	struct making *m = making_new();
	result r = search_write(a, merge, m);

	*more = r.is == OK;
	making_free(&m);
	return r.is == NOT_FOUND ? done() : r;
}
