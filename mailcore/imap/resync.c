#include "mailcore/imap/resync.h"

#include "mailcore/base/heap.h"

#include <stdlib.h>

struct gone {
	const struct box *box;
	const struct idset *known;
	uint32_t *uids;
	size_t count, room;
};

static result
visit(void *context, const struct item *item, bool gone)
{
	struct gone *g = context;

	/* Those that the session still has are told as EXPUNGE is. */
	if (!gone || box_find(g->box, item->uid) != SIZE_MAX
	    || (g->known != NULL && !idset_has(g->known, item->uid)))
		return done();
	g->uids = heap_more(g->uids, g->count, &g->room, sizeof *g->uids);
	g->uids[g->count++] = item->uid;
	return done();
}

static int
by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
tell_uids(struct gone *g, struct buf *out)
{
	struct idset_writer w = idset_to(out);

	if (g->count == 0)
		return;
	qsort(g->uids, g->count, sizeof *g->uids, by_number);
	buf_add(out, VIEW("* VANISHED (EARLIER) "));
	for (size_t i = 0; i < g->count; i++)
		if (i == 0 || g->uids[i] != g->uids[i - 1])
			idset_put(&w, g->uids[i]);
	idset_end(&w);
	buf_add(out, VIEW("\r\n"));
}

/* A range at the end of a list of ranges. */
static void
add_range(uint32_t from, uint32_t to, bool *any, struct buf *out)
{
	if (from > to)
		return;
	buf_add_text(out, *any ? "," : "* VANISHED (EARLIER) ");
	*any = true;
	buf_print(out, from == to ? "%u" : "%u:%u", from, to);
}

/* The tombstones do not go back that far: what is not there is gone
 * (RFC 7162 3.2.5.1). */
static void
tell_gaps(const struct box *b, const struct idset *known, struct buf *out)
{
	struct idrange all = { 1, b->uid_next - 1 };
	const struct idrange *ranges = known == NULL ? &all : known->ranges;
	size_t count = known == NULL ? 1 : known->count;
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		uint32_t from = ranges[i].from, to = ranges[i].to;
		size_t at = box_at_or_above(b, from);

		if (to >= b->uid_next)
			to = b->uid_next - 1;
		for (; at < b->count && b->messages[at].uid <= to; at++) {
			add_range(from, b->messages[at].uid - 1, &any, out);
			from = b->messages[at].uid + 1;
		}
		add_range(from, to, &any, out);
	}
	if (any)
		buf_add(out, VIEW("\r\n"));
}

result
resync_tell_gone(const struct box *b, struct account *a, int64_t since,
    const struct idset *known, struct buf *out)
{
	struct gone g = { .box = b, .known = known };
	result r = item_changes(a, b->collection, since, 0, visit, &g);

	if (r.is == OK)
		tell_uids(&g, out);
	if (r.is == STALE) {
		tell_gaps(b, known, out);
		r = done();
	}
	free(g.uids);
	return r;
}

/* " (1,5,9 1,7,12)": which numbers had which UIDs.  It could spare us some
 * of the answer; we know what is gone. */
static void
parse_matches(struct parse *in)
{
	struct idset numbers, uids;

	scan_byte(&in->s, '(', "RFC 7162 3.2.5: not seq-match-data");
	idset_scan(&in->s, in->arena, &numbers);
	parse_space(in);
	idset_scan(&in->s, in->arena, &uids);
	scan_byte(&in->s, ')', "RFC 7162 3.2.5: not seq-match-data");
	if (numbers.star || uids.star)
		scan_fail(&in->s, MALFORMED,
		    "RFC 7162 7: * is no known number");
}

void
resync_parse(struct parse *in, struct resync *x)
{
	x->asked = true;
	scan_word(&in->s, VIEW(" ("), "RFC 7162 3.2.5: not a list");
	x->uid_validity = (uint32_t)parse_number(in, UINT32_MAX);
	parse_space(in);
	x->since = (int64_t)parse_number(in, INT64_MAX);
	if (parse_more(in)) {
		if (scan_peek(&in->s) != '(') {
			x->knows = true;
			idset_scan(&in->s, in->arena, &x->known);
			if (x->known.star)
				scan_fail(&in->s, MALFORMED,
				    "RFC 7162 7: * is no known UID");
			if (parse_more(in))
				parse_matches(in);
		} else {
			parse_matches(in);
		}
	}
	scan_byte(&in->s, ')', "RFC 7162 3.2.5: not a list");
}

result
resync_box(struct box *b, struct account *a, struct resync *x,
    struct buf *out)
{
	if (x->uid_validity != b->uid_validity)
		return done();
	if (x->knows)
		idset_resolve(&x->known, UINT32_MAX);
	TRY(resync_tell_gone(b, a, x->since, x->knows ? &x->known : NULL,
	    out));
	for (size_t i = 0; i < b->count; i++) {
		const struct message *m = &b->messages[i];

		if (m->modseq <= x->since
		    || (x->knows && !idset_has(&x->known, m->uid)))
			continue;
		box_own(b)[i].flags |= MARK_FLAGS;
		box_mark(b, i);
	}
	return done();
}
