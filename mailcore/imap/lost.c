#include "mailcore/imap/lost.h"

#include "mailcore/base/limits.h"
#include "mailcore/store/right_subscription.h"

/* No mailbox has such a name, so it is in nobody's way. */
#define PREFIX "//"

static view
kept_name(struct arena *arena, view name)
{
	return arena_print(arena, PREFIX "%.*s", (int)name.n, name.p);
}

static bool
is_lost(struct account *a, const struct subscription *s)
{
	return s->owner == account_id(a)
	    && view_starts(s->name, VIEW(PREFIX));
}

/* The oldest goes where there is no room: subscriptions to what others share
 * stand in the same table. */
static result
make_room(struct account *a, struct arena *arena)
{
	struct subscription *all;
	const struct subscription *oldest = NULL;
	size_t n, count = 0;

	TRY(subscription_list(a, arena, COLLECTION_MAILBOX, &all, &n));
	for (size_t i = 0; i < n; i++) {
		if (!is_lost(a, &all[i]))
			continue;
		count++;
		if (oldest == NULL || all[i].id < oldest->id)
			oldest = &all[i];
	}
	return count < LIMIT_IMAP_LOST
	    ? done()
	    : subscription_remove(a, oldest->owner, oldest->collection);
}

result
lost_keep(struct account *a, struct arena *arena, const struct collection *c)
{
	const struct subscription to = { .kind = COLLECTION_MAILBOX,
		.name = kept_name(arena, c->name),
		.owner = account_id(a),
		.collection = c->id };
	result r;

	TRY(arena_result(arena));
	TRY(make_room(a, arena));
	r = subscription_add(a, &to);
	return r.is == OVER_LIMIT || r.is == EXISTS ? done() : r;
}

result
lost_take(struct account *a, struct arena *arena, view name, bool *was)
{
	struct subscription found;
	result r = subscription_find(a, arena, COLLECTION_MAILBOX,
	    kept_name(arena, name), &found);

	*was = r.is == OK;
	if (r.is == OK)
		r = subscription_remove(a, found.owner, found.collection);
	return r.is == NOT_FOUND ? done() : r;
}

result
lost_list(struct account *a, struct arena *arena, view **out, size_t *count)
{
	struct subscription *all;
	size_t n;

	*count = 0;
	TRY(subscription_list(a, arena, COLLECTION_MAILBOX, &all, &n));
	*out = arena_array(arena, n + 1, sizeof **out);
	TRY(arena_result(arena));
	for (size_t i = 0; i < n; i++)
		if (is_lost(a, &all[i]))
			(*out)[(*count)++] = view_from(all[i].name,
			    sizeof PREFIX - 1);
	return done();
}
