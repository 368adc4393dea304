#include "davd/dav/report.h"

#include "davd/dav/acl.h"

#include "mailcore/base/limits.h"

#include <stdlib.h>

/* calendar-multiget (RFC 4791 7.9) and addressbook-multiget (RFC 6352 8.7). */
struct multiget {
	struct stream s; /* first */
	struct prop_wanted wanted;
	struct collection collection; /* of the last href; id 0: none */
	const struct xml_element *at; /* the next child of the report */
	size_t count;
	/* By the place of a child: it names what one before it did. */
	bool *again;
	size_t place;
};

static result
find_collection(struct multiget *m, const struct dav_path *p)
{
	struct dav *d = m->s.out.d;

	m->collection.id = 0;
	if ((d->path.what & (DAV_COLLECTIONS | DAV_OBJECTS)) != 0)
		return dav_collection(d, d->arena, &m->collection);
	TRY(collection_find(d->account, d->arena, dav_kind(p->what),
	    p->collection, &m->collection));
	if (acl_may(d, &m->collection, RIGHT_READ | RIGHT_TIMES))
		return done();
	m->collection.id = 0;
	return fail(NOT_FOUND, "There is nothing here.");
}

/* The item that an href names: that of the request, one in its collection or,
 * for a request to a home, one in any of that kind. */
static result
find_item(struct multiget *m, view href, struct item *out)
{
	struct dav *d = m->s.out.d;
	struct arena *scratch = m->s.out.scratch;
	result none = fail(NOT_FOUND, "There is nothing here.");
	struct dav_path p;

	if (!dav_href_path(d, scratch, href, &p))
		return none;
	if ((p.what & DAV_OBJECTS) == 0
	    || dav_kind(p.what) != dav_kind(d->path.what)
	    || p.open != d->path.open
	    || !view_same(p.user, d->tree.address))
		return none;
	if ((d->path.what & (DAV_COLLECTIONS | DAV_OBJECTS)) != 0
	    && !view_eq(p.collection, d->path.collection))
		return none;
	if ((d->path.what & DAV_OBJECTS) != 0
	    && !view_eq(p.object, d->path.object))
		return none;
	if (m->collection.id == 0 || !view_eq(m->collection.name, p.collection))
		TRY(find_collection(m, &p));
	return item_by_name(
	    d->account, scratch, m->collection.id, p.object, out);
}

static void
add_over_limit(struct multiget *m)
{
	struct xml_out *x = &m->s.out.x;

	xml_start(x, "D:response");
	xml_leaf(x, "D:href", m->s.out.d->self);
	xml_leaf(x, "D:status", VIEW("HTTP/1.1 507 Insufficient Storage"));
	xml_start(x, "D:error");
	xml_leaf(x, "D:number-of-matches-within-limits", VIEW(""));
	xml_end(x, "D:error");
	xml_end(x, "D:response");
}

static result
next(struct stream *s, bool *more)
{
	struct multiget *m = (struct multiget *)s;
	const struct xml_element *e = m->at;
	struct item item;
	result r;

	*more = e != NULL;
	if (e == NULL)
		return done();
	m->at = e->next;
	if (m->again[m->place++] || !xml_is(e, VIEW(NS_DAV), VIEW("href")))
		return done();
	if (m->count++ == LIMIT_MULTIGET) {
		add_over_limit(m);
		*more = false;
		return done();
	}
	r = find_item(m, e->text, &item);
	if (r.is == NOT_FOUND)
		stream_status(
		    s, view_trim(e->text), VIEW("HTTP/1.1 404 Not Found"));
	else if (r.is == OK)
		stream_item(s, &m->collection, &item);
	else
		return r;
	arena_reset(s->out.scratch);
	return done();
}

struct name {
	view href;
	size_t place;
};

static int
by_href(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = view_order(x->href, y->href);

	return order != 0
	    ? order
	    : (x->place > y->place) - (x->place < y->place);
}

/* RFC 4791 7.9: an answer for each, and one is enough. */
static result
note_names(struct multiget *m, const struct xml_element *root)
{
	struct arena *arena = m->s.out.d->arena;
	struct name *names;
	size_t n = 0, i = 0;

	for (const struct xml_element *e = root->first; e != NULL; e = e->next)
		n++;
	names = arena_array(arena, n, sizeof *names);
	m->again = arena_array(arena, n, sizeof *m->again);
	TRY(arena_result(arena));
	if (n == 0)
		return done();
	for (const struct xml_element *e = root->first; e != NULL;
	     e = e->next, i++)
		names[i] = (struct name){
			xml_is(e, VIEW(NS_DAV), VIEW("href"))
			    ? view_trim(e->text)
			    : VIEW(""),
			i
		};
	qsort(names, n, sizeof *names, by_href);
	for (i = 1; i < n; i++)
		m->again[names[i].place] = names[i].href.n > 0
		    && view_eq(names[i].href, names[i - 1].href);
	return done();
}

void
report_multiget(struct dav *d, const struct xml_element *root)
{
	struct multiget *m = arena_alloc(d->arena, sizeof *m);
	result r = arena_result(d->arena);

	if (r.is == OK) {
		m->s.out.d = d;
		r = note_names(m, root);
	}
	if (r.is == OK)
		r = report_wanted(d, root, &m->wanted);
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	m->at = root->first;
	m->s.next = next;
	m->s.wanted = &m->wanted;
	stream_start(&m->s, d);
}
