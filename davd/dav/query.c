#include "davd/dav/report.h"

#include "davd/dav/acl.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/ical.h"
#include "mailcore/format/ical_zone.h"
#include "mailcore/format/match.h"
#include "mailcore/format/vcard.h"
#include "mailcore/format/vcard_words.h"
#include "mailcore/schedule/schedule.h"

/*
 * calendar-query (RFC 4791 7.8) and addressbook-query (RFC 6352 8.6): the
 * candidates' uids are taken from the index at once, with what their times
 * say; the others are looked at while their piece is made.
 */
struct candidate {
	uint32_t uid;
	bool sure; /* it matches, unless it has changed since */
	int64_t modseq;
};

struct query {
	struct stream s; /* first */
	struct prop_wanted wanted;
	struct collection collection;
	const struct xml_element *filter;
	bool whole; /* every candidate matches */
	bool timed; /* a range of time is all that is asked for */
	int64_t from, to;
	const struct vcard_search *search; /* NULL: every card may match */
	struct candidate *list;
	size_t count, room, at;
	uint64_t left;
	bool limited, truncated;
};

static result
add_candidate(void *context, const struct item *item)
{
	struct query *q = context;
	struct arena *arena = q->s.out.d->arena;
	enum ical_touch touch = q->whole ? ICAL_TOUCHES : ICAL_TOUCHES_PERHAPS;
	struct candidate *more;

	if (q->timed)
		touch = ical_times_touch(
		    item->times, q->from, q->to, q->s.clock);
	if (q->search != NULL
	    && !vcard_search_may_match(q->search, item->times))
		touch = ICAL_TOUCHES_NOT;
	if (touch == ICAL_TOUCHES_NOT)
		return done();
	more = arena_more(arena, q->list, q->count, &q->room, sizeof *more);
	if (more == NULL)
		return arena_result(arena);
	q->list = more;
	q->list[q->count++] = (struct candidate){ item->uid,
		touch == ICAL_TOUCHES, item->modseq };
	return done();
}

static result
matches(struct query *q, const struct item *item, bool sure, bool *out)
{
	struct stream *s = &q->s;
	struct buf seen = buf_new(DATA_MOST);
	struct body body;
	view bytes;
	result r;

	*out = sure;
	if (sure)
		return done();
	TRY(body_open(s->out.d->account, item->body, &body));
	bytes = acl_seen(s->out.d, &q->collection, body.bytes, &seen);
	if (q->collection.kind != COLLECTION_ADDRESSBOOK)
		r = ical_matches(
		    bytes, q->filter, q->s.clock, s->out.scratch, out);
	else
		r = vcard_matches(bytes, q->filter, s->out.scratch, out);
	buf_free(&seen);
	body_close(&body);
	return r;
}

static result
next(struct stream *s, bool *more)
{
	struct query *q = (struct query *)s;
	struct candidate c;
	struct item item;
	bool match = false;
	result r;

	*more = q->at < q->count;
	if (!*more)
		return done();
	c = q->list[q->at++];
	r = item_get(s->out.d->account, s->out.scratch, q->collection.id,
	    c.uid, &item);
	if (r.is == OK)
		r = matches(q, &item,
		    q->whole || (c.sure && c.modseq == item.modseq), &match);
	if (r.is == OK && match) {
		if (q->limited && q->left == 0) {
			q->truncated = true;
			*more = false;
			return done();
		}
		q->left--;
		stream_item(s, &q->collection, &item);
	}
	arena_reset(s->out.scratch);
	return r.is == NOT_FOUND ? done() : r; /* removed meanwhile */
}

static void
finish(struct stream *s)
{
	const struct query *q = (struct query *)s;

	if (q->truncated)
		stream_truncated(s);
}

static bool
knows_collations(const struct xml_element *e)
{
	if (view_eq(e->name, VIEW("text-match"))
	    && !match_knows_collation(xml_attribute(e, VIEW("collation"))))
		return false;
	for (const struct xml_element *c = e->first; c != NULL; c = c->next)
		if (!knows_collations(c))
			return false;
	return true;
}

/* false: refused. */
static bool
query_new(struct dav *d, const struct xml_element *root, struct query **out)
{
	struct query *q = arena_alloc(d->arena, sizeof *q);
	result r = arena_result(d->arena);

	if (r.is == OK)
		r = report_wanted(d, root, &q->wanted);
	if (r.is == OK)
		r = dav_collection(d, d->arena, &q->collection);
	if (r.is != OK) {
		dav_fail(d, r);
		return false;
	}
	q->s.out.d = d;
	q->s.next = next;
	q->s.finish = finish;
	q->s.wanted = &q->wanted;
	*out = q;
	return true;
}

/* RFC 4791 7.8, RFC 6352 8.6: "Depth: 0" is the collection alone, which
 * matches nothing.  Without the field it should be the same; SOGo has always
 * looked inside, and those who rely on that go on. */
static enum dav_depth
depth_of(const struct dav *d)
{
	return dav_depth_of(d->request, DEPTH_1);
}

static void
start(struct query *q, struct dav *d, result r)
{
	if (depth_of(d) == DEPTH_BAD)
		answer_text(d->answer, 400, "RFC 4918 10.2: bad Depth");
	else if (r.is == OK)
		stream_start(&q->s, d);
	else
		dav_fail(d, r);
}

/* RFC 4791 7.3, RFC 7809 5.1.2: whose floating times they are says the query,
 * or the calendar; false: refused. */
static bool
read_clock(struct query *q, struct dav *d, const struct xml_element *root)
{
	const struct xml_element *id = xml_child(root, VIEW(NS_CALDAV),
				     VIEW("timezone-id")),
				 *zone = xml_child(root, VIEW(NS_CALDAV),
				     VIEW("timezone"));

	if (id != NULL && !ical_zone_is_known(view_trim(id->text))) {
		dav_error(d, 403, "C:valid-timezone", VIEW(""));
		return false;
	}
	/* A name that has no VTIMEZONE is one of UTC's. */
	if (id != NULL
	    && ical_clock_named(view_trim(id->text), d->arena, &q->s.clock).is
		!= OK)
		q->s.clock = NULL;
	if (id == NULL && zone != NULL
	    && ical_clock_read(zone->text, d->arena, &q->s.clock).is != OK) {
		dav_error(d, 403, "C:valid-calendar-data", VIEW(""));
		return false;
	}
	/* What asks for no time needs none, but for what is expanded. */
	if (id == NULL && zone == NULL
	    && (!q->whole
		|| (q->wanted.data != NULL && q->wanted.data->first != NULL)))
		q->s.clock = schedule_clock(
		    d->account, q->collection.id, d->arena);
	return true;
}

/* RFC 4791 7, RFC 6352 8: the report of an object is about that alone. */
static result
add_target(struct query *q, struct dav *d)
{
	struct item item;

	q->whole = q->timed = false;
	q->search = NULL;
	TRY(item_by_name(
	    d->account, d->arena, q->collection.id, d->path.object, &item));
	return add_candidate(q, &item);
}

void
report_calendar_query(struct dav *d, const struct xml_element *root)
{
	struct query *q;
	view component;

	if (!query_new(d, root, &q))
		return;
	q->filter = xml_child(root, VIEW(NS_CALDAV), VIEW("filter"));
	if (q->filter == NULL
	    || ical_filter_check(q->filter, &q->whole).is != OK) {
		dav_error(d, 403, "C:valid-filter", VIEW(""));
		return;
	}
	if (!knows_collations(q->filter)) {
		dav_error(d, 403, "C:supported-collation", VIEW(""));
		return;
	}
	if (!read_clock(q, d, root))
		return;
	ical_filter_range(q->filter, &component, &q->from, &q->to);
	q->timed = ical_filter_is_range(q->filter);
	start(q, d,
	    (d->path.what & DAV_OBJECTS) != 0 ? add_target(q, d)
		: depth_of(d) == DEPTH_0
		? done()
		: item_each_in_span(d->account, q->collection.id, component,
		      q->from, q->to, add_candidate, q));
}

static size_t
count_nodes(const struct xml_element *e)
{
	size_t n = 1;

	for (const struct xml_element *c = e->first; c != NULL; c = c->next)
		n += count_nodes(c);
	return n;
}

/* RFC 6352 10.5: is-not-defined stands alone, and a test is one of two.  What
 * is of another namespace counts for nothing (RFC 4918 17). */
static bool
is_well_formed(const struct xml_element *e)
{
	view test = xml_attribute(e, VIEW("test"));
	view ns = VIEW(NS_CARDDAV);
	bool good = xml_child(e, ns, VIEW("is-not-defined")) == NULL
	    || xml_count(e, ns, VIEW("")) == 1;

	if (test.n > 0 && !view_eq(test, VIEW("anyof")))
		good = good && view_eq(test, VIEW("allof"));
	for (const struct xml_element *c = e->first; c != NULL; c = c->next)
		good = good && (!view_eq(c->ns, ns) || is_well_formed(c));
	return good;
}

static bool
filter_is_valid(const struct xml_element *filter)
{
	if (filter == NULL || count_nodes(filter) > LIMIT_FILTER_NODES
	    || !is_well_formed(filter))
		return false;
	for (const struct xml_element *e = filter->first; e != NULL;
	     e = e->next)
		if (xml_is(e, VIEW(NS_CARDDAV), VIEW("prop-filter"))
		    && xml_attribute(e, VIEW("name")).n == 0)
			return false;
	return true;
}

/* RFC 6352 10.5.4 */
static bool
knows_match_types(const struct xml_element *e)
{
	static const view known[] = { VIEW_INIT(""), VIEW_INIT("equals"),
		VIEW_INIT("contains"), VIEW_INIT("starts-with"),
		VIEW_INIT("ends-with") };
	view type = xml_attribute(e, VIEW("match-type"));
	bool good = !view_eq(e->name, VIEW("text-match"));

	for (size_t i = 0; i < COUNT(known); i++)
		good = good || view_eq(type, known[i]);
	for (const struct xml_element *c = e->first; c != NULL; c = c->next)
		good = good && knows_match_types(c);
	return good;
}

bool
report_book_filter(struct dav *d, const struct xml_element *root,
    const struct xml_element **filter, uint64_t *limit)
{
	*filter = xml_child(root, VIEW(NS_CARDDAV), VIEW("filter"));
	if (!filter_is_valid(*filter)) {
		dav_error(d, 403, "CR:valid-filter", VIEW(""));
		return false;
	}
	if (!knows_match_types(*filter)) {
		dav_error(d, 403, "CR:supported-filter", VIEW(""));
		return false;
	}
	if (!knows_collations(*filter)) {
		dav_error(d, 403, "CR:supported-collation", VIEW(""));
		return false;
	}
	if (report_limit(root, VIEW(NS_CARDDAV), limit).is != OK) {
		dav_error(
		    d, 403, "D:number-of-matches-within-limits", VIEW(""));
		return false;
	}
	return true;
}

void
report_book_query(struct dav *d, const struct xml_element *root)
{
	struct query *q;

	if (!query_new(d, root, &q)
	    || !report_book_filter(d, root, &q->filter, &q->left))
		return;
	q->limited = q->left > 0;
	q->whole = q->filter->first == NULL;
	q->search = vcard_search_of(q->filter, d->arena);
	start(q, d,
	    (d->path.what & DAV_OBJECTS) != 0 ? add_target(q, d)
		: depth_of(d) == DEPTH_0
		? done()
		: item_each_times(
		      d->account, q->collection.id, add_candidate, q));
}
