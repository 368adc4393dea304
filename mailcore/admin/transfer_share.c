/* What a person shares, and what others share with him, in an archive:
 * "settings/shares" and "settings/subscriptions", a line each.  They come back
 * where the people and their collections are there. */
#include "mailcore/admin/share.h"
#include "mailcore/admin/transfer_inside.h"
#include "mailcore/base/encode.h"
#include "mailcore/store/domain.h"
#include "mailcore/store/right_subscription.h"

enum { SHARES_MOST = 16 << 20, WORDS = 4 };

/* Words that are coded like names of files. */
static void
add_words(struct buf *out, const view *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		file_name_encode(words[i], out);
		buf_add_byte(out, i + 1 < count ? ' ' : '\n');
	}
}

static result
put_shares(struct store *store, struct arena *arena, view owner,
    struct buf *out)
{
	struct share *list;
	size_t count;

	TRY(admin_share_list(store, arena, owner, &list, &count));
	for (size_t i = 0; i < count; i++) {
		const view words[] = { list[i].collection, list[i].who,
			list[i].rights };

		add_words(out, words, COUNT(words));
	}
	return buf_result(out);
}

static const struct {
	enum collection_kind kind;
	view word;
} kinds[] = {
	{ COLLECTION_CALENDAR, VIEW_INIT("calendar") },
	{ COLLECTION_ADDRESSBOOK, VIEW_INIT("contacts") },
};

/* What is gone is left out. */
static result
put_subscription(struct store *store, struct arena *arena, view kind,
    const struct subscription *s, struct buf *out)
{
	struct account_info info;
	struct collection c;
	struct account *a;
	result r = account_get(store, arena, s->owner, &info);

	if (r.is == OK)
		r = account_open(store, s->owner, &a);
	if (r.is == OK) {
		r = collection_get(a, arena, s->collection, &c);
		account_close(&a);
	}
	if (r.is == NOT_FOUND)
		return done();
	TRY(r);
	{
		const view words[] = { kind, s->name, info.address, c.name };

		add_words(out, words, COUNT(words));
	}
	return buf_result(out);
}

static result
put_subscriptions(struct account *account, struct store *store,
    struct arena *arena, struct buf *out)
{
	for (size_t k = 0; k < COUNT(kinds); k++) {
		struct subscription *list;
		size_t count;

		TRY(subscription_list(account, arena, kinds[k].kind, &list,
		    &count));
		for (size_t i = 0; i < count; i++)
			TRY(put_subscription(store, arena, kinds[k].word,
			    &list[i], out));
	}
	return done();
}

result
export_shares(struct transfer *t, struct account *account,
    struct arena *arena, struct sink *sink)
{
	struct buf out = buf_new(SHARES_MOST);
	struct account_info owner;
	result r = account_get(t->store, arena, t->account, &owner);

	if (r.is == OK)
		r = put_shares(t->store, arena, owner.address, &out);
	if (r.is == OK && out.n > 0)
		sink_file(sink, VIEW("settings/shares"), 0, buf_view(&out));
	buf_reset(&out);
	if (r.is == OK)
		r = put_subscriptions(account, t->store, arena, &out);
	if (r.is == OK && out.n > 0)
		sink_file(sink, VIEW("settings/subscriptions"), 0,
		    buf_view(&out));
	buf_free(&out);
	return r.is == OK ? sink->r : r;
}

/* Back. */

/* false: not so many words. */
static bool
read_words(struct arena *arena, view line, view *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buf b = buf_new(TRANSFER_PATH);
		bool good = line.n > 0
		    && decode_percent(&b, view_cut(&line, ' ')).is == OK;

		words[i] = arena_copy(arena, buf_view(&b));
		buf_free(&b);
		if (!good)
			return false;
	}
	return line.n == 0 && arena_result(arena).is == OK;
}

/* Could the owner have done this by IMAP (SETACL) or DAV (ACL, proxies)? */
static result
check_own(struct import *m, const struct account_info *owner,
    const view *words)
{
	view name = words[0], kind = view_cut(&name, '/'), who = words[1];
	bool calendars = view_eq(kind, VIEW("Calendar"));
	bool whole = view_eq(kind, words[0]);
	struct account_info info;

	if (whole && (!calendars || view_find_byte(who, '@') == SIZE_MAX))
		return fail(DENIED, "all of a kind: the operator shares it");
	if (view_eq(kind, VIEW("Mail")) || view_eq(who, VIEW("domain")))
		return done();
	if (view_eq(who, VIEW("anyone")))
		return m->t->publish
		    ? done()
		    : fail(DENIED, "nothing is open to everyone here");
	TRY(account_find(m->t->store, m->arena, who, &info));
	return info.domain == owner->domain
	    ? done()
	    : fail(NOT_FOUND, "there is nobody of that address");
}

result
import_share(struct import *m, const view words[3])
{
	struct account_info owner;
	struct share *list;
	size_t count;

	TRY(account_get(m->t->store, m->arena, m->t->account, &owner));
	TRY(admin_share_list(m->t->store, m->arena, owner.address, &list,
	    &count));
	for (size_t i = 0; i < count; i++)
		if (view_eq(list[i].collection, words[0])
		    && view_eq(list[i].who, words[1]))
			return fail(EXISTS,
			    view_eq(list[i].rights, words[2]) ? ""
			        : "it is shared with other rights, which"
			          " stay");
	if (m->t->own)
		TRY(check_own(m, &owner, words));
	return admin_share_add(m->t->store, owner.address, words[0], words[1],
	    words[2]);
}

static result
take_share(struct import *m, view line)
{
	view words[3];

	return read_words(m->arena, line, words, COUNT(words))
	    ? import_share(m, words)
	    : fail(MALFORMED, "expected what is shared with whom");
}

const view import_color = VIEW_INIT("http://apple.com/ns/ical/"
    " calendar-color");

struct subscribing {
	struct arena *arena;
	struct subscription subscription;
	view color;
};

static result
add_colored(struct account *a, const struct subscribing *s)
{
	const struct subscription *wanted = &s->subscription;
	struct subscription there;

	TRY(subscription_add(a, wanted));
	if (s->color.n == 0)
		return done();
	TRY(subscription_find(a, s->arena, wanted->kind, wanted->name,
	    &there));
	return subscription_property_set(a, there.id, import_color, s->color);
}

static result
add_subscription(struct account *a, void *context)
{
	const struct subscribing *s = context;
	const struct subscription *wanted = &s->subscription;
	struct subscription *list;
	size_t count;

	TRY(subscription_list(a, s->arena, wanted->kind, &list, &count));
	for (size_t i = 0; i < count; i++)
		if (list[i].owner == wanted->owner
		    && list[i].collection == wanted->collection)
			return fail(EXISTS, "");
	return add_colored(a, s);
}

static const char not_shared[] = "it is not shared with him";

static result
find_in_account(struct import *m, view owner_address, view collection,
    struct subscription *s)
{
	struct account_info owner;
	struct right_set rights;
	struct collection c;
	struct account *a;
	result r;

	TRY(account_find(m->t->store, m->arena, owner_address, &owner));
	TRY(right_read(m->t->store, m->arena, m->t->account, owner.id,
	    &rights));
	TRY(account_open(m->t->store, owner.id, &a));
	r = collection_find(a, m->arena, s->kind, collection, &c);
	account_close(&a);
	TRY(r);
	if (rights.all || right_in(&rights, s->kind, c.id) == 0)
		return fail(NOT_FOUND, not_shared);
	s->owner = owner.id;
	s->collection = c.id;
	return done();
}

/* To what he may see alone; of all else it is not told whether it is there. */
static result
find_shared(struct import *m, view owner, view collection,
    struct subscription *s)
{
	result r = find_in_account(m, owner, collection, s);

	return r.is == NOT_FOUND || r.is == MALFORMED || r.is == OVER_LIMIT
	    ? fail(NOT_FOUND, not_shared) : r;
}

result
import_subscription(struct import *m, enum collection_kind kind, view name,
    view owner, view collection, view color)
{
	struct subscribing g = { .arena = m->arena, .color = color,
		.subscription = { .kind = kind, .name = name } };

	TRY(name_check(name));
	TRY(find_shared(m, owner, collection, &g.subscription));
	return account_write(m->account, add_subscription, &g, DURABLE_LATER);
}

static result
take_subscription(struct import *m, view line)
{
	enum collection_kind kind = 0;
	view words[WORDS];

	if (!read_words(m->arena, line, words, WORDS))
		return fail(MALFORMED, "expected a subscription");
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (view_eq(kinds[i].word, words[0]))
			kind = kinds[i].kind;
	if (kind == 0)
		return fail(MALFORMED, "expected a subscription");
	return import_subscription(m, kind, words[1], words[2], words[3],
	    VIEW(""));
}

result
import_shares(struct import *m, view path, view bytes)
{
	bool shares = view_eq(path, VIEW("settings/shares"));
	view line;

	while (view_line(&bytes, &line)) {
		result r;

		arena_reset(m->arena);
		r = shares ? take_share(m, line) : take_subscription(m, line);
		if (r.is == NO_SPACE || r.is == FAILED || r.is == BUSY)
			return r;
		import_told(m, path, r);
	}
	return done();
}
