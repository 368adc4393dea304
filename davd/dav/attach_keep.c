/* What an event names is there, and what none names any more is not. */
#include "davd/dav/attach.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/ical_attach.h"
#include "mailcore/store/attachment.h"

/* One object that changes. */
struct changing {
	struct dav *d;
	struct arena *arena; /* its own: a whole calendar may go */
	const struct collection *in;
	view uid;
};

static result
check(struct changing *g, view id)
{
	struct collection in;
	struct item item;
	result r = attachment_find(
	    g->d->account, g->arena, id, &in, &item);

	if (r.is == NOT_FOUND
	    || (r.is == OK && !view_eq(attachment_uid(&item), g->uid)))
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
			TRY(attachment_let_go(g->d->account, g->arena,
			    g->in->id, g->uid, was[i]));
	return done();
}

/* RFC 8607 3.7: as far as it lies in this account. */
static result
adopt(struct dav *d, view uid, view id, view *text)
{
	struct ical_attachment a = { .name = VIEW("") };
	struct collection in;
	struct item item;
	bool hidden;
	result r = attachment_find(d->account, d->arena, id, &in, &item);

	if (r.is == OK && view_eq(attachment_uid(&item), uid)) {
		TRY(attach_is_hidden(d, id, uid, &hidden));
		return hidden ? fail(DENIED, "RFC 8607 3.7: not managed here")
			      : done();
	}
	if (r.is == OK)
		r = attach_readable(d, id, attachment_uid(&item));
	if (r.is == NOT_FOUND) /* attach_changed refuses it */
		return done();
	TRY(r);
	attach_place(d, &a);
	a.type = item.component;
	a.size = item.size;
	TRY(arena_result(d->arena));
	TRY(attachment_copy(d->account, d->arena, &in, &item, a.id, uid));
	return ical_attach_rename(*text, id, &a, d->arena, text);
}

result
attach_adopt(struct dav *d, view uid, view old, view *text)
{
	view *was, *is;
	size_t was_count, is_count;

	if (!ical_attach_any(*text))
		return done();
	if (ical_attach_list(old, d->arena, &was, &was_count).is != OK)
		was_count = 0;
	TRY(ical_attach_list(*text, d->arena, &is, &is_count));
	for (size_t i = 0; i < is_count; i++)
		if (!ical_attach_has(was, was_count, is[i]))
			TRY(adopt(d, uid, is[i], text));
	return done();
}

result
attach_changed(struct dav *d, const struct collection *c, view uid, view old,
    view new)
{
	struct changing g = { .d = d, .in = c, .uid = uid };
	result r;

	if (c->kind != COLLECTION_CALENDAR
	    || (!ical_attach_any(old) && !ical_attach_any(new)))
		return done();
	g.arena = arena_new(LIMIT_HTTP_ARENA);
	r = compare(&g, old, new);
	arena_free(&g.arena);
	return r;
}
