/* A file of many events or contacts, each stored for itself. */
#include "mailcore/admin/transfer_inside.h"
#include "mailcore/format/split.h"

struct taking {
	struct import *m;
	enum collection_kind kind;
	int64_t collection;
};

static result
take(void *context, view id, view text)
{
	struct taking *t = context;
	struct incoming_object in = { .kind = t->kind,
		.collection = t->collection, .when = -1, .bytes = text };

	if (text.n > 0)
		return import_object(t->m, &in);
	import_told(t->m, id, fail(OVER_LIMIT, "larger than an object may be"));
	return done();
}

result
import_calendar(struct import *m, int64_t collection, view text)
{
	struct taking t = { m, COLLECTION_CALENDAR, collection };
	struct arena *arena = arena_new(TRANSFER_ARENA);
	result r = split_calendar(text, arena, take, &t);

	arena_free(&arena);
	return r;
}

result
import_cards(struct import *m, int64_t collection, view text)
{
	struct taking t = { m, COLLECTION_ADDRESSBOOK, collection };

	return split_cards(text, take, &t);
}
