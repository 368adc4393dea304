/* principal-match (RFC 3744 9.3) of what holds no principals itself: which of
 * the members name who asks. */
#include "davd/dav/acl.h"
#include "davd/dav/report.h"
#include "davd/dav/schedule.h"

struct match {
	struct stream s; /* first */
	struct prop_wanted wanted;
	const struct prop_row *row; /* NULL: nothing here can match */
	view me;                    /* as a property names who asks */
	struct collection *list;
	size_t count, at;
	bool inside;       /* the collections are no members themselves */
	bool told;         /* of the one at `at` */
	uint32_t next_uid; /* in it */
};

static bool
names_me(struct match *m, const struct resource *r)
{
	struct buf text = buf_new(65536);
	struct prop_out o = { .d = m->s.out.d, .scratch = m->s.out.scratch,
		.x = { .to = &text } };
	bool found;

	if ((m->row->on & (int)r->what) == 0)
		return false;
	found = m->row->inside != NULL && m->row->inside(&o, r)
	    && view_find(buf_view(&text), m->me) != SIZE_MAX;
	buf_free(&text);
	return found;
}

static result
visit(void *context, const struct item *item)
{
	struct match *m = context;
	const struct collection *c = &m->list[m->at];
	const struct resource r = { .what = dav_member(c->kind),
		.href = m->s.out.d->self, .collection = c, .item = item };

	if (stream_is_full(&m->s))
		return fail(BUSY, "the piece is full");
	m->next_uid = item->uid + 1;
	if (names_me(m, &r))
		stream_item(&m->s, c, item);
	arena_reset(m->s.out.scratch);
	return done();
}

static void
tell(struct match *m, const struct collection *c)
{
	struct dav *d = m->s.out.d;
	const struct resource r = { .what = dav_container(c->kind),
		.href = dav_href(d, d->arena, dav_container(c->kind), c->name,
		    VIEW("")),
		.collection = c };

	if (names_me(m, &r))
		stream_resource(&m->s, &r);
	m->told = true;
	m->next_uid = 0;
}

static result
next(struct stream *s, bool *more)
{
	struct match *m = (struct match *)s;
	const struct collection *c;
	result r = done();

	*more = m->at < m->count;
	if (!*more)
		return done();
	c = &m->list[m->at];
	if (!m->inside && !m->told)
		tell(m, c);
	if ((m->row->on & (int)dav_member(c->kind)) != 0)
		r = item_each(s->out.d->account, c->id, m->next_uid,
		    UINT32_MAX, visit, m);
	if (r.is == BUSY && stream_is_full(s))
		return done();
	m->at++;
	m->told = false;
	m->next_uid = 0;
	return r;
}

/* Those of a home that may be read. */
static result
add_home(struct match *m, struct dav *d, enum dav_what home)
{
	struct collection *all, *list;
	size_t count;

	TRY(collection_list(
	    d->account, d->arena, dav_kind(home), &all, &count));
	list = arena_array(d->arena, m->count + count, sizeof *list);
	TRY(arena_result(d->arena));
	for (size_t i = 0; i < m->count; i++)
		list[i] = m->list[i];
	m->list = list;
	for (size_t i = 0; i < count; i++)
		if (acl_may(d, &all[i], RIGHT_READ | RIGHT_TIMES))
			m->list[m->count++] = all[i];
	return done();
}

/* Of the one that is asked, or of those in it. */
static result
list_collections(struct match *m, struct dav *d)
{
	const int homes[] = { DAV_CALENDARS, DAV_BOOKS };

	m->inside = (d->path.what & DAV_COLLECTIONS) != 0;
	if (m->inside) {
		m->list = arena_alloc(d->arena, sizeof *m->list);
		TRY(arena_result(d->arena));
		TRY(dav_collection(d, d->arena, m->list));
		m->count = 1;
		return acl_may(d, m->list, RIGHT_READ | RIGHT_TIMES)
		    ? done()
		    : fail(DENIED, "RFC 3744 3: the owner has not granted it");
	}
	for (size_t i = 0; i < COUNT(homes); i++)
		if (((int)d->path.what & (homes[i] | DAV_PRINCIPAL)) != 0)
			TRY(add_home(m, d, (enum dav_what)homes[i]));
	return done();
}

/* As properties have it. */
static view
link_to(struct dav *d)
{
	struct buf text = buf_new(4096);
	struct xml_out x = { .to = &text };
	view out;

	xml_leaf(&x, "D:href", dav_principal_href(
	    d->arena, view_of(d->who.address)));
	out = arena_copy(d->arena, buf_view(&text));
	buf_free(&text);
	return out;
}

static result
prepare(struct match *m, struct dav *d, const struct xml_element *root)
{
	const struct xml_element *by = xml_child(
	    root, VIEW(NS_DAV), VIEW("principal-property"));
	bool self = xml_child(root, VIEW(NS_DAV), VIEW("self")) != NULL;

	if (!self && (by == NULL || by->first == NULL))
		return fail(MALFORMED, "RFC 3744 9.3: nothing to match");
	TRY(report_wanted(d, root, &m->wanted));
	TRY(list_collections(m, d));
	m->me = link_to(d);
	TRY(arena_result(d->arena));
	m->row = self ? NULL : prop_find(by->first->ns, by->first->name);
	if (m->row == NULL || d->who.account == 0)
		m->count = 0;
	return done();
}

void
report_member_match(struct dav *d, const struct xml_element *root)
{
	struct match *m = arena_alloc(d->arena, sizeof *m);
	result r = arena_result(d->arena);

	if (r.is == OK)
		r = prepare(m, d, root);
	if (r.is == DENIED) {
		dav_need(d, RIGHT_READ);
		return;
	}
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	m->s.next = next;
	m->s.wanted = &m->wanted;
	stream_start(&m->s, d);
}
