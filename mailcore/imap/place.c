#include "mailcore/imap/place.h"

#include "mailcore/imap/box.h"
#include "mailcore/imap/reply.h"
#include "mailcore/store/domain.h"
#include "mailcore/store/item.h"
#include "mailcore/store/right_subscription.h"

static const char nobody[] = "no such mailbox";

/* "Other Users/a@example.org/INBOX": the address, and what is behind it. */
static bool
is_others(const struct imap *s, view name, view *address, view *rest)
{
	if (!view_starts(name, VIEW(PLACE_OTHERS "/"))
	    || reply_is_without(s, VIEW("ACL")))
		return false;
	*rest = view_from(name, sizeof PLACE_OTHERS);
	*address = view_cut(rest, '/');
	return true;
}

static result
of_other(struct imap *s, struct command *c, view address, struct place *out)
{
	struct account_info owner;
	result r = account_find(s->services->store, c->arena, address, &owner);

	if (r.is == NOT_FOUND || (r.is == OK && owner.id == s->account)
	    || (r.is == OK && !view_same(owner.address, address)))
		return fail(NOT_FOUND, nobody);
	TRY(r);
	out->owner = owner.id;
	out->prefix = arena_print(c->arena, PLACE_OTHERS "/%.*s/",
	    (int)owner.address.n, owner.address.p);
	TRY(right_read(s->services->store, c->arena, s->account, owner.id,
	    &out->set));
	return right_any(&out->set, COLLECTION_MAILBOX)
	    ? done()
	    : fail(NOT_FOUND, nobody);
}

result
place_of(struct imap *s, struct command *c, view name, struct place *out)
{
	view address, rest;

	*out = (struct place){ .owner = s->account, .name = name,
		.prefix = VIEW(""), .set = { .all = true } };
	if (!is_others(s, name, &address, &rest))
		return done();
	if (view_same(rest, VIEW("INBOX")))
		rest = VIEW("INBOX");
	out->name = rest;
	return of_other(s, c, address, out);
}

result
place_refuse(unsigned rights)
{
	return (rights & RIGHT_LOOKUP) == 0
	    ? fail(NOT_FOUND, nobody)
	    : fail(DENIED, "RFC 4314 4: the owner has not granted that");
}

static result
find(struct imap *s, struct command *c, view name, struct place *out)
{
	TRY(place_of(s, c, name, out));
	TRY(command_account_of(s, c, out->owner));
	TRY(collection_find(c->account, c->arena, COLLECTION_MAILBOX,
	    out->name, &out->there));
	out->rights = right_in(&out->set, COLLECTION_MAILBOX, out->there.id);
	if (out->owner == s->account)
		return done();
	out->there.use = USE_NONE;
	out->there.name = arena_print(c->arena, "%.*s%.*s",
	    (int)out->prefix.n, out->prefix.p, (int)out->name.n, out->name.p);
	return arena_result(c->arena);
}

result
place_find(struct imap *s, struct command *c, view name, unsigned need,
    struct place *out)
{
	TRY(find(s, c, name, out));
	return (out->rights & need) == need ? done()
					    : place_refuse(out->rights);
}

result
place_find_any(struct imap *s, struct command *c, view name, unsigned any,
    struct place *out)
{
	TRY(find(s, c, name, out));
	return (out->rights & any) != 0 ? done() : place_refuse(out->rights);
}

result
place_check_make(struct command *c, const struct place *p, view name,
    int64_t *above)
{
	unsigned rights = right_in_all(&p->set, COLLECTION_MAILBOX);
	struct collection found;
	view up = name;

	*above = 0;
	while (view_find_byte(up, '/') != SIZE_MAX) {
		view rest = up;
		result r;

		up = view_cut_last(&rest, '/');
		r = collection_find(c->account, c->arena, COLLECTION_MAILBOX,
		    up, &found);
		if (r.is == NOT_FOUND)
			continue;
		TRY(r);
		*above = found.id;
		rights = right_in(&p->set, COLLECTION_MAILBOX, found.id);
		break;
	}
	return (rights & RIGHT_MAKE) != 0 ? done() : place_refuse(rights);
}

static result
grants_on(struct imap *s, struct command *c, int64_t owner, int64_t id,
    struct right_grant **list, size_t *count)
{
	return right_list(s->services->store, c->arena, owner,
	    COLLECTION_MAILBOX, id, list, count);
}

result
place_inherit(struct imap *s, struct command *c, int64_t owner, int64_t above,
    int64_t made)
{
	struct right_grant *list;
	size_t count;

	if (above == 0)
		return done();
	TRY(grants_on(s, c, owner, above, &list, &count));
	for (size_t i = 0; i < count; i++)
		list[i].collection = made;
	if (count == 0)
		return done();
	return right_replace(s->services->store, owner, COLLECTION_MAILBOX,
	    made, list, count);
}

result
place_forget(struct imap *s, struct command *c, int64_t owner, int64_t gone)
{
	struct right_grant *list;
	size_t count;

	TRY(grants_on(s, c, owner, gone, &list, &count));
	if (count == 0)
		return done();
	return right_replace(s->services->store, owner, COLLECTION_MAILBOX,
	    gone, NULL, 0);
}

result
place_of_box(struct imap *s, struct command *c)
{
	struct right_set set;

	s->rights = RIGHT_ALL;
	if (s->box == NULL || s->owner == s->account)
		return done();
	s->rights = 0;
	TRY(right_read(s->services->store, c->arena, s->account, s->owner,
	    &set));
	s->rights = right_in(&set, COLLECTION_MAILBOX, s->box->collection);
	return done();
}

uint32_t
place_flags(unsigned rights)
{
	uint32_t flags = 0;

	if ((rights & RIGHT_SEEN) != 0)
		flags |= FLAG_SEEN;
	if ((rights & RIGHT_DELETE) != 0)
		flags |= FLAG_DELETED;
	if ((rights & RIGHT_CHANGE) != 0)
		flags |= FLAG_ANSWERED | FLAG_FLAGGED | FLAG_DRAFT;
	return flags;
}

/* No mailbox has such a name, so it is in nobody's way. */
static view
subscription_name(struct arena *arena, int64_t owner, int64_t collection)
{
	return arena_print(arena, "/%lld/%lld", (long long)owner,
	    (long long)collection);
}

struct subscribing {
	struct subscription to;
	bool on;
};

static result
subscribe(struct account *a, void *context)
{
	struct subscribing *x = context;
	result r;

	if (x->on)
		return subscription_add(a, &x->to);
	r = subscription_remove(a, x->to.owner, x->to.collection);
	return r.is == NOT_FOUND ? done() : r;
}

result
place_subscribe(
    struct imap *s, struct command *c, const struct place *p, bool on)
{
	struct subscribing x = { .on = on,
		.to = { .kind = COLLECTION_MAILBOX,
		    .name = subscription_name(c->arena, p->owner,
			p->there.id),
		    .owner = p->owner,
		    .collection = p->there.id } };

	TRY(arena_result(c->arena));
	TRY(command_account_of(s, c, s->account));
	return account_write(c->account, subscribe, &x, DURABLE);
}

static bool
is_subscribed(const struct subscription *list, size_t count, int64_t owner,
    int64_t collection)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].owner == owner && list[i].collection == collection)
			return true;
	return false;
}

struct listing {
	struct subscription *mine;
	size_t mine_count;
	struct place_shared *list;
	size_t count, room;
};

static result
add_shared(struct listing *l, struct arena *arena,
    const struct place_shared *one)
{
	struct place_shared *more = arena_more(
	    arena, l->list, l->count, &l->room, sizeof *more);

	if (more == NULL)
		return arena_result(arena);
	l->list = more;
	l->list[l->count++] = *one;
	return done();
}

/* `work` holds what is only looked at: nobody's many mailboxes take the room
 * that the others need. */
static result
list_of(struct imap *s, struct command *c, const struct right_grant *owner,
    struct arena *work, struct listing *l)
{
	struct right_set set;
	struct collection *all;
	size_t n;

	TRY(right_read(s->services->store, work, s->account, owner->id,
	    &set));
	TRY(command_account_of(s, c, owner->id));
	TRY(collection_list(c->account, work, COLLECTION_MAILBOX, &all, &n));
	for (size_t i = 0; i < n && l->count < LIMIT_IMAP_SHARED; i++) {
		struct place_shared one = { .c = all[i], .owner = owner->id,
			.rights = right_in(&set, COLLECTION_MAILBOX,
			    all[i].id) };

		if ((one.rights & RIGHT_LOOKUP) == 0)
			continue;
		one.c.use = USE_NONE;
		one.c.display_name = VIEW("");
		one.c.subscribed = is_subscribed(l->mine, l->mine_count,
		    owner->id, all[i].id);
		one.c.name = arena_print(c->arena,
		    PLACE_OTHERS "/%.*s/%.*s", (int)owner->name.n,
		    owner->name.p, (int)all[i].name.n, all[i].name.p);
		TRY(add_shared(l, c->arena, &one));
	}
	return done();
}

result
place_list(struct imap *s, struct command *c, struct place_shared **out,
    size_t *count)
{
	struct listing l = { .count = 0 };
	struct right_grant *owners;
	size_t n;

	*out = NULL;
	*count = 0;
	if (reply_is_without(s, VIEW("ACL")))
		return done();
	TRY(right_owners(s->services->store, c->arena, s->account,
	    COLLECTION_MAILBOX, &owners, &n));
	if (n == 0)
		return done();
	TRY(command_account_of(s, c, s->account));
	TRY(subscription_list(c->account, c->arena, COLLECTION_MAILBOX,
	    &l.mine, &l.mine_count));
	for (size_t i = 0; i < n && i < LIMIT_IMAP_SHARERS; i++) {
		struct arena *work = arena_new(LIMIT_IMAP_COMMAND_MEMORY);

		/* One account that is away hides no other. */
		(void)list_of(s, c, &owners[i], work, &l).is;
		arena_free(&work);
	}
	*out = l.list;
	*count = l.count;
	return arena_result(c->arena);
}

void
place_add_letters(unsigned rights, struct buf *out)
{
	right_letters(rights, out);
	if ((rights & (RIGHT_MAKE | RIGHT_REMOVE)) != 0)
		buf_add_byte(out, 'c');
	if ((rights & (RIGHT_DELETE | RIGHT_EXPUNGE)) != 0)
		buf_add_byte(out, 'd');
}
