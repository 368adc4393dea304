#include "davd/dav/subscribe.h"

#include "davd/dav/bulk.h"

bool
subscribe_is_shown(const struct dav *d)
{
	static const view proxied[] = { VIEW_INIT("dataaccessd"),
		VIEW_INIT("accountsd"), VIEW_INIT("CalendarAgent"),
		VIEW_INIT("CalendarStore"), VIEW_INIT("CoreDAV"),
		VIEW_INIT("iCal"), VIEW_INIT("AddressBook"),
		VIEW_INIT("DAVx5") };
	view agent = VIEW("");

	(void)request_header(d->request, VIEW("User-Agent"), &agent);
	for (size_t i = 0; i < COUNT(proxied); i++)
		if (view_find(agent, proxied[i]) != SIZE_MAX)
			return false;
	return true;
}

struct subscribing {
	struct subscription s;
	bool end;
};

static result
work(struct account *a, void *context)
{
	const struct subscribing *w = context;
	result r;

	if (!w->end)
		return subscription_add(a, &w->s);
	r = subscription_remove(a, w->s.owner, w->s.collection);
	return r.is == NOT_FOUND ? done() : r;
}

static result
run(struct dav *d, int64_t who, struct subscribing *w)
{
	struct account *a;
	result r;

	TRY(account_open(d->services->store, who, &a));
	r = account_write(a, work, w, DURABLE);
	account_close(&a);
	return r;
}

result
subscribe_to(struct dav *d, int64_t who, const struct dav_person *owner,
    const struct collection *c)
{
	struct subscribing w = { .s = { .kind = c->kind,
				     .owner = owner->id,
				     .collection = c->id } };

	w.s.name = subscription_segment(d->arena, owner->address, c->name);
	return run(d, who, &w);
}

result
subscribe_end(struct dav *d, int64_t who, int64_t owner, int64_t collection)
{
	struct subscribing w = { .s = { .owner = owner,
				     .collection = collection },
		.end = true };

	return run(d, who, &w);
}

void
dav_unsubscribe(struct dav *d)
{
	result r = subscribe_end(d, d->who.account, d->shared.owner,
	    d->shared.collection);

	if (r.is == OK)
		d->answer->status = 204;
	else
		dav_fail(d, r);
}

bool
subscribe_is_personal(view ns, view name)
{
	static const struct {
		view ns, name;
	} personal[] = {
		{ VIEW_INIT(NS_DAV), VIEW_INIT("displayname") },
		{ VIEW_INIT(NS_APPLE), VIEW_INIT("calendar-color") },
		{ VIEW_INIT(NS_APPLE), VIEW_INIT("calendar-order") },
		{ VIEW_INIT(NS_CALDAV),
		    VIEW_INIT("schedule-calendar-transp") },
	};

	for (size_t i = 0; i < COUNT(personal); i++)
		if (view_eq(personal[i].name, name)
		    && view_eq(personal[i].ns, ns))
			return true;
	return false;
}

result
subscribe_property(struct dav *d, struct arena *arena, view key, view *value)
{
	struct account *a;
	result r;

	*value = VIEW("");
	TRY(account_open(d->services->store, d->who.account, &a));
	r = subscription_property_get(a, arena, d->shared.id, key, value);
	account_close(&a);
	return r;
}

struct patching {
	struct dav *d;
	const struct changes *all;
};

static result
work_patch(struct account *a, void *context)
{
	const struct patching *p = context;
	struct dav *d = p->d;

	for (size_t i = 0; i < p->all->count; i++) {
		const struct change *c = &p->all->list[i];
		const struct xml_element *e = c->element;
		bool name = c->row != NULL && c->row->kind == PROP_NAME;

		if (c->personal)
			TRY(subscription_property_set(a, d->shared.id,
			    prop_key(d->arena, e->ns, e->name),
			    c->remove	? VIEW("")
				: name	? e->text
					: e->inner));
	}
	return done();
}

result
subscribe_patch(struct dav *d, const struct changes *all)
{
	struct patching p = { d, all };
	struct account *a;
	result r;

	TRY(account_open(d->services->store, d->who.account, &a));
	r = account_write(a, work_patch, &p, DURABLE);
	account_close(&a);
	return r;
}

result
subscribe_person(struct dav *d, view address, struct account_info *out)
{
	struct account_info owner;

	address = view_trim(address);
	if (view_starts_same(address, VIEW("mailto:")))
		address = view_from(address, 7);
	TRY(account_get(d->services->store, d->arena, d->owner.id, &owner));
	TRY(account_find(d->services->store, d->arena, address, out));
	return out->domain == owner.domain
	    ? done()
	    : fail(NOT_FOUND, "no such account");
}

static void
run_subscription(
    struct dav *d, const struct xml_element *root, const struct collection *c)
{
	bool end = view_eq(root->name, VIEW("unsubscribe"));
	result r;

	if (d->owner.id == d->who.account
	    || xml_attribute(root, VIEW("users")).n > 0) {
		answer_text(d->answer, 403,
		    "Everyone subscribes for himself, and not to his own.");
		return;
	}
	r = end ? subscribe_end(d, d->who.account, d->owner.id, c->id)
		: subscribe_to(d, d->who.account, &d->owner, c);
	if (r.is == OK)
		answer_text(d->answer, 200,
		    end ? "It is no longer shown." : "It is shown.");
	else
		dav_fail(d, r);
}

static const struct command {
	view ns;
	view name;
	unsigned right; /* 0: everyone who sees the collection */
	int on;
	void (*run)(struct dav *, const struct xml_element *,
	    const struct collection *);
} commands[] = {
	{ VIEW_INIT(NS_INVERSE), VIEW_INIT("acl-query"), RIGHT_ADMIN,
	    DAV_COLLECTIONS, subscribe_acl_query },
	{ VIEW_INIT(NS_INVERSE), VIEW_INIT("subscribe"), 0, DAV_COLLECTIONS,
	    run_subscription },
	{ VIEW_INIT(NS_INVERSE), VIEW_INIT("unsubscribe"), 0, DAV_COLLECTIONS,
	    run_subscription },
	{ VIEW_INIT(NS_SERVER), VIEW_INIT("share"), RIGHT_ADMIN, DAV_CALENDAR,
	    subscribe_share },
	{ VIEW_INIT(NS_SERVER), VIEW_INIT("publish-calendar"), RIGHT_ADMIN,
	    DAV_CALENDAR, subscribe_publish },
	{ VIEW_INIT(NS_SERVER), VIEW_INIT("unpublish-calendar"), RIGHT_ADMIN,
	    DAV_CALENDAR, subscribe_publish },
	{ VIEW_INIT(NS_ME), VIEW_INIT("multiput"), 0,
	    DAV_CALENDAR | DAV_BOOK, bulk_crud },
};

void
dav_command(struct dav *d)
{
	struct xml_element *root;
	struct collection c;
	result r;

	if (!dav_body(d, &root))
		return;
	r = dav_collection(d, d->arena, &c);
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	for (size_t i = 0; root != NULL && i < COUNT(commands); i++) {
		const struct command *command = &commands[i];

		if (!xml_is(root, command->ns, command->name)
		    || (command->on & (int)d->path.what) == 0)
			continue;
		if (command->right != 0 && !acl_may(d, &c, command->right))
			dav_need(d, command->right);
		else
			command->run(d, root, &c);
		return;
	}
	answer_text(d->answer, 400, "That is no command for this collection.");
}
