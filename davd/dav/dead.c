#include "davd/dav/dead.h"

#include "davd/dav/acl.h"
#include "davd/dav/subscribe.h"

bool
dead_fits(enum dav_what what, const struct prop_row *row)
{
	return (what & (DAV_EVENT | DAV_CARD | DAV_FILE)) != 0
	    && (row == NULL || row->kind != PROP_LIVE);
}

void
dead_write(struct prop_out *o, view ns, view name, const struct property *p)
{
	view tag = arena_print(
	    o->scratch, ns.n == 0 ? "%.*s" : "x:%.*s", (int)name.n, name.p);

	if (arena_result(o->scratch).is != OK)
		return;
	xml_start(&o->x, tag.p);
	if (ns.n > 0)
		xml_set(&o->x, "xmlns:x", ns);
	if (p->language.n > 0)
		xml_set(&o->x, "xml:lang", p->language);
	xml_raw(&o->x, p->value);
	xml_end(&o->x, tag.p);
}

struct search {
	struct arena *arena;
	view key;
	struct property *out;
};

static result
search_visit(void *context, const struct property *p)
{
	struct search *s = context;

	if (!view_eq(p->name, s->key))
		return done();
	*s->out = (struct property){ s->key, arena_copy(s->arena, p->language),
		arena_copy(s->arena, p->value) };
	return fail(EXISTS, "that is it");
}

/* Who sees when an event is, but not what, sees nothing that others have
 * written to it. */
static bool
find_of_item(
    struct prop_out *o, const struct resource *r, view key, struct property *p)
{
	struct search s = { o->scratch, key, p };

	return r->item != NULL && r->item->properties > 0
	    && !acl_is_masked(o->d, r->collection, r->item)
	    && item_property_each(o->d->account, r->item, search_visit, &s).is
	    == EXISTS;
}

static bool
is_shown(const struct dav *d, const struct resource *r)
{
	return (r->what & DAV_COLLECTIONS) != 0
	    && (d->rights.all
		|| acl_may(d, r->collection, RIGHT_READ | RIGHT_TIMES));
}

bool
dead_find(struct prop_out *o, const struct resource *r, view ns, view name,
    struct property *out)
{
	view key;

	*out = (struct property){ name, VIEW(""), VIEW("") };
	if ((r->what & DAV_OBJECTS) != 0)
		return r->item != NULL && r->item->properties > 0
		    && find_of_item(o, r, prop_key(o->scratch, ns, name), out);
	if (!is_shown(o->d, r))
		return false;
	key = prop_key(o->scratch, ns, name);
	if (o->d->shared.id != 0 && subscribe_is_personal(ns, name)
	    && subscribe_property(o->d, o->scratch, key, &out->value).is == OK)
		return out->value.n > 0;
	return property_read(
		   o->d->account, o->scratch, r->collection->id, key, out)
		   .is
	    == OK;
}

struct listing {
	struct prop_out *o;
	bool names_only;
};

/* What a calendar is (change.h) is kept there too. */
static bool
is_ours(view ns, view name)
{
	return prop_find(ns, name) != NULL
	    || (view_eq(ns, VIEW(NS_SERVER))
		&& view_eq(name, VIEW("subscribed")));
}

static result
list_visit(void *context, const struct property *p)
{
	struct listing *l = context;
	const struct property named = { p->name, VIEW(""), VIEW("") };
	view name = p->name;
	view ns = view_cut_last(&name, ' ');

	if (!is_ours(ns, name))
		dead_write(l->o, ns, name, l->names_only ? &named : p);
	return done();
}

void
dead_write_all(struct prop_out *o, const struct resource *r, bool names_only)
{
	struct listing l = { o, names_only };
	result done_so_far = done();

	if (r->item != NULL && r->item->properties > 0
	    && !acl_is_masked(o->d, r->collection, r->item))
		done_so_far = item_property_each(
		    o->d->account, r->item, list_visit, &l);
	else if (r->item == NULL && r->collection != NULL
	    && r->collection->id > 0 && is_shown(o->d, r))
		done_so_far = property_each(
		    o->d->account, r->collection->id, list_visit, &l);
	(void)done_so_far; /* what cannot be read is not there */
}

/* RFC 5646 4.4.1: real ones have at most 35 octets. */
enum { LANGUAGE_MOST = 64 };

static struct property
property_of(struct dav *d, const struct change *c)
{
	view language = c->element->language;

	return (struct property){
		prop_key(d->arena, c->element->ns, c->element->name),
		language.n > LANGUAGE_MOST ? VIEW("") : language,
		c->element->inner
	};
}

/* Ours are taken away by an empty value, as they always were. */
result
dead_apply(struct dav *d, int64_t collection, const struct change *c)
{
	struct property p = property_of(d, c);

	TRY(arena_result(d->arena));
	if (c->remove || (c->row != NULL && p.value.n == 0))
		return property_set(d->account, collection, p.name, VIEW(""));
	return property_put(d->account, collection, &p);
}

result
dead_apply_all(struct dav *d, struct item *item, const struct changes *all)
{
	for (size_t i = 0; i < all->count; i++) {
		struct property p = property_of(d, &all->list[i]);

		TRY(arena_result(d->arena));
		TRY(all->list[i].remove
			? item_property_drop(d->account, item, p.name)
			: item_property_put(d->account, item, &p));
	}
	return done();
}
