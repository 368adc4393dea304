/* What an event names is there, and what none names any more is not. */
#include "davd/dav/attach.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/ical_attach.h"

view
attach_uid(const struct item *item)
{
	view uid = item->key;

	(void)view_cut(&uid, ' ');
	return uid;
}

result
attach_find(struct dav *d, struct arena *arena, view id,
    struct collection *c, struct item *out)
{
	TRY(collection_find(d->account, arena, COLLECTION_ATTACHMENTS,
	    VIEW("attachments"), c));
	return item_by_name(d->account, arena, c->id, id, out);
}

/* One object that changes. */
struct changing {
	struct dav *d;
	struct arena *arena; /* its own: a whole calendar may go */
	const struct collection *in;
	view uid;
};

/* Does another copy of the event name it? */
static result
is_elsewhere(struct changing *g, view id, bool *out)
{
	struct account *a = g->d->account;
	struct collection *list;
	size_t count;

	*out = false;
	TRY(collection_list(
	    a, g->arena, COLLECTION_CALENDAR, &list, &count));
	for (size_t i = 0; i < count && !*out; i++) {
		struct item item;
		struct body body;
		result r;

		if (list[i].id == g->in->id)
			continue;
		r = item_by_key(a, g->arena, list[i].id, g->uid, &item);
		if (r.is == NOT_FOUND)
			continue;
		TRY(r);
		TRY(body_open(a, item.body, &body));
		*out = view_find(body.bytes, id) != SIZE_MAX;
		body_close(&body);
	}
	return done();
}

static result
forget(struct changing *g, view id)
{
	struct collection in;
	struct item item;
	int64_t modseq;
	bool elsewhere;
	result r = attach_find(g->d, g->arena, id, &in, &item);

	/* Of an event of somebody else's: his affair. */
	if (r.is == NOT_FOUND
	    || (r.is == OK && !view_eq(attach_uid(&item), g->uid)))
		return done();
	TRY(r);
	TRY(is_elsewhere(g, id, &elsewhere));
	return elsewhere
	    ? done()
	    : item_remove(g->d->account, in.id, item.uid, &modseq);
}

static result
check(struct changing *g, view id)
{
	struct collection in;
	struct item item;
	result r = attach_find(g->d, g->arena, id, &in, &item);

	if (r.is == NOT_FOUND
	    || (r.is == OK && !view_eq(attach_uid(&item), g->uid)))
		return fail(DENIED, "RFC 8607 3.7: not managed here");
	return r;
}

static result
compare(struct changing *g, view old, view new)
{
	view *was, *is;
	size_t was_count, is_count;

	/* Such as was stored before it was looked at. */
	if (ical_attach_list(old, g->arena, &was, &was_count).is != OK)
		was_count = 0;
	TRY(ical_attach_list(new, g->arena, &is, &is_count));
	for (size_t i = 0; i < is_count; i++)
		if (!ical_attach_has(was, was_count, is[i]))
			TRY(check(g, is[i]));
	for (size_t i = 0; i < was_count; i++)
		if (!ical_attach_has(is, is_count, was[i]))
			TRY(forget(g, was[i]));
	return done();
}

result
attach_changed(struct dav *d, const struct collection *c, view uid, view old,
    view new)
{
	static const view mark = VIEW_INIT("MANAGED-ID");
	struct changing g = { .d = d, .in = c, .uid = uid };
	result r;

	if (c->kind != COLLECTION_CALENDAR
	    || (view_find_same(old, mark) == SIZE_MAX
		&& view_find_same(new, mark) == SIZE_MAX))
		return done();
	g.arena = arena_new(LIMIT_HTTP_ARENA);
	r = compare(&g, old, new);
	arena_free(&g.arena);
	return r;
}
