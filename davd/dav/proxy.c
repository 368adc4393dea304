#include "davd/dav/proxy.h"

#include "davd/dav/subscribe.h"
#include "mailcore/base/limits.h"

result
persons_add(
    struct persons *p, struct arena *arena, const struct dav_person *person)
{
	struct dav_person *more;

	for (size_t i = 0; i < p->count; i++)
		if (p->list[i].id == person->id)
			return done();
	more = arena_more(arena, p->list, p->count, &p->room, sizeof *more);
	if (more == NULL)
		return arena_result(arena);
	p->list = more;
	p->list[p->count++] = *person;
	return done();
}

static enum dav_what
proxy_by(unsigned rights)
{
	return (rights & RIGHT_CHANGE) != 0 ? DAV_PROXY_WRITE : DAV_PROXY_READ;
}

result
proxy_members(struct dav *d, struct arena *arena, enum dav_what proxy,
    struct persons *out)
{
	struct right_grant *list;
	size_t count;

	TRY(right_list(d->services->store, arena, d->tree.id,
	    COLLECTION_CALENDAR, 0, &list, &count));
	for (size_t i = 0; i < count; i++) {
		const struct dav_person person = { list[i].id, list[i].name };

		if (list[i].whom == RIGHT_ACCOUNT
		    && proxy_by(list[i].rights) == proxy)
			TRY(persons_add(out, arena, &person));
	}
	return done();
}

/* The owner of a calendar that is subscribed to, if it may still be seen. */
static result
add_subscribed(struct dav *d, struct arena *arena, enum dav_what proxy,
    const struct subscription *s, struct persons *out)
{
	struct account_info info;
	struct right_set set;
	unsigned rights;
	result r;

	TRY(right_read(
	    d->services->store, arena, d->who.account, s->owner, &set));
	rights = right_in(&set, s->kind, s->collection);
	if (rights == 0 || proxy_by(rights) != proxy)
		return done();
	r = account_get(d->services->store, arena, s->owner, &info);
	if (r.is == NOT_FOUND)
		return done();
	TRY(r);
	return persons_add(out, arena,
	    &(struct dav_person){ .id = info.id, .address = info.address });
}

static result
list_subscriptions(
    struct dav *d, struct arena *arena, struct subscription **out, size_t *n)
{
	struct account *a;
	result r;

	TRY(account_open(d->services->store, d->who.account, &a));
	r = subscription_list(a, arena, COLLECTION_CALENDAR, out, n);
	account_close(&a);
	return r;
}

result
proxy_owners(struct dav *d, struct arena *arena, enum dav_what proxy,
    struct persons *out)
{
	struct right_grant *list;
	struct subscription *shared;
	size_t count;

	TRY(right_given(d->services->store, arena, d->who.account,
	    COLLECTION_CALENDAR, &list, &count));
	for (size_t i = 0; i < count; i++) {
		const struct dav_person person = { list[i].id, list[i].name };

		if (list[i].collection == 0
		    && proxy_by(list[i].rights) == proxy)
			TRY(persons_add(out, arena, &person));
	}
	TRY(list_subscriptions(d, arena, &shared, &count));
	for (size_t i = 0; i < count; i++)
		TRY(add_subscribed(d, arena, proxy, &shared[i], out));
	return done();
}

struct members {
	struct dav *d;
	struct right_grant *list;
	size_t count;
};

/* The others of the home's grants stay, but for persons named anew. */
static result
keep_others(struct members *m)
{
	struct dav *d = m->d;
	struct right_grant *old;
	size_t count, named = m->count;

	TRY(right_list(d->services->store, d->arena, d->tree.id,
	    COLLECTION_CALENDAR, 0, &old, &count));
	for (size_t i = 0; i < count; i++) {
		bool again = false;

		for (size_t k = 0; k < named; k++)
			again = again
			    || (old[i].whom == RIGHT_ACCOUNT
				&& m->list[k].id == old[i].id);
		if (again || m->count == LIMIT_ACES
		    || (old[i].whom == RIGHT_ACCOUNT
			&& proxy_by(old[i].rights) == d->path.what))
			continue;
		m->list[m->count++] = old[i];
	}
	return done();
}

static result
add_member(struct members *m, view href)
{
	struct dav *d = m->d;
	struct account_info info;
	struct dav_path path;

	if (m->count == LIMIT_ACES)
		return fail(MALFORMED, "more than LIMIT_ACES members");
	if (!dav_href_path(d, d->arena, href, &path)
	    || path.what != DAV_PRINCIPAL || path.open)
		return fail(MALFORMED, "RFC 3744 4.3: not a principal");
	if (subscribe_person(d, path.user, &info).is != OK)
		return fail(DENIED, "RFC 3744 4.3: no such principal");
	if (info.id == d->tree.id)
		return fail(DENIED, "Nobody is his own delegate.");
	m->list[m->count++] = (struct right_grant){ .whom = RIGHT_ACCOUNT,
		.id = info.id,
		.kind = COLLECTION_CALENDAR,
		.rights = d->path.what == DAV_PROXY_WRITE
		    ? RIGHTS_WRITE | RIGHT_POST
		    : RIGHTS_READ };
	return done();
}

result
proxy_set(struct dav *d, const struct changes *all)
{
	struct members m = { .d = d };

	m.list = arena_array(d->arena, LIMIT_ACES, sizeof *m.list);
	TRY(arena_result(d->arena));
	for (size_t i = 0; i < all->count; i++) {
		const struct change *c = &all->list[i];

		m.count = 0; /* the last one holds */
		for (const struct xml_element *e = c->element->first;
		     e != NULL && !c->remove; e = e->next)
			if (xml_is(e, VIEW(NS_DAV), VIEW("href")))
				TRY(add_member(&m, e->text));
	}
	TRY(keep_others(&m));
	return right_replace(d->services->store, d->tree.id,
	    COLLECTION_CALENDAR, 0, m.list, m.count);
}

void
proxy_stand_in(struct dav *d, const struct dav_person *person,
    struct proxy_stand_in *back)
{
	*back = (struct proxy_stand_in){ d->tree, d->owner, d->rights };
	d->tree = d->owner = *person;
	d->rights = (struct right_set){ .all = person->id == d->who.account };
}

void
proxy_stand_back(struct dav *d, const struct proxy_stand_in *back)
{
	d->tree = back->tree;
	d->owner = back->owner;
	d->rights = back->rights;
}
