/* Events, tasks and contacts into their collections. */
#include "mailcore/admin/transfer_inside.h"
#include "mailcore/base/encode.h"
#include "mailcore/format/ical.h"
#include "mailcore/format/vcard.h"
#include "mailcore/sys/clock.h"

#include <openssl/evp.h>

enum { HASH = 16 };

struct object {
	struct import *import;
	enum collection_kind kind;
	int64_t collection;
	view name;
	view display_name;
	struct item_new item;
};

static result
find_or_add(struct account *a, void *context)
{
	struct object *o = context;
	struct collection there;
	result r = collection_find(a, o->import->folder_arena, o->kind,
	    o->name, &there);

	if (r.is == OK)
		o->collection = there.id;
	if (r.is != NOT_FOUND)
		return r;
	return collection_add(a, o->kind, o->name,
	    o->display_name.n > 0 ? o->display_name : o->name, USE_NONE,
	    &o->collection);
}

result
import_collection(struct import *m, enum collection_kind kind, view name,
    view display_name, int64_t *id)
{
	struct object o = { m, kind, 0, name, display_name, { .received = 0 } };
	result r = account_write(m->account, find_or_add, &o, DURABLE_LATER);

	*id = o.collection;
	return r;
}

/* As DAV has it: half the hash of the very bytes. */
static view
etag_of(struct arena *arena, view bytes)
{
	unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };
	struct buf hex = buf_new(2 * sizeof digest);
	view etag;

	(void)EVP_Digest(bytes.p, bytes.n, digest, NULL, EVP_sha256(), NULL);
	encode_hex(&hex, (view){ (const char *)digest, HASH });
	etag = arena_copy(arena, buf_view(&hex));
	buf_free(&hex);
	return etag;
}

static result
examine(struct object *o, view bytes)
{
	struct arena *arena = o->import->arena;
	struct ical_facts event;
	struct vcard_facts card;

	if (o->kind == COLLECTION_ADDRESSBOOK) {
		if (bytes.n > LIMIT_VCARD)
			return fail(OVER_LIMIT, "larger than any contact");
		TRY(vcard_examine(bytes, arena, &card));
		o->item.key = card.uid;
	} else {
		if (bytes.n > LIMIT_CALENDAR_OBJECT)
			return fail(OVER_LIMIT, "larger than any event");
		TRY(ical_examine(bytes, arena, &event));
		o->item.key = event.uid;
		o->item.component = event.component;
		o->item.span_from = event.span_from;
		o->item.span_to = event.span_to;
		o->item.times = event.times;
	}
	o->item.etag = etag_of(arena, bytes);
	if (o->name.n == 0)
		o->name = arena_print(arena, "%.*s%s", 2 * HASH,
		    etag_of(arena, o->item.key.n > 0 ? o->item.key : bytes).p,
		    o->kind == COLLECTION_ADDRESSBOOK ? ".vcf" : ".ics");
	if (o->item.key.n == 0) /* a card without UID goes by its name */
		o->item.key = o->name;
	o->item.name = o->name;
	return arena_result(arena);
}

static result
add(struct account *a, void *context)
{
	struct object *o = context;
	struct arena *arena = o->import->arena;
	struct item there;
	result r = item_by_key(a, arena, o->collection, o->item.key, &there);

	if (r.is == OK)
		return view_eq(there.etag, o->item.etag)
		    ? fail(EXISTS, "")
		    : fail(EXISTS, "its UID is there with other content,"
			" which is kept");
	if (r.is != NOT_FOUND)
		return r;
	r = item_add(a, o->collection, &o->item, &there);
	return r.is == EXISTS ? fail(EXISTS, "another object has its name") : r;
}

static result
store(struct object *o, view bytes)
{
	struct import *m = o->import;
	struct spool *spool = spool_new(m->t->store, bytes.n);
	result r;

	spool_add(spool, bytes);
	o->item.bytes = spool;
	r = spool_result(spool);
	if (r.is == OK)
		r = item_prepare(m->account, spool);
	if (r.is == OK)
		r = account_write(m->account, add, o, DURABLE_LATER);
	spool_free(&spool);
	return r;
}

/* What is wrong with one object does not stop the others. */
result
import_object(struct import *m, const struct incoming_object *in)
{
	struct object o = { m, in->kind, in->collection, in->name, VIEW(""),
		{ .received = in->when < 0 ? clock_now() : in->when } };
	result r;

	arena_reset(m->arena);
	r = examine(&o, in->bytes);
	if (r.is == OK)
		r = store(&o, in->bytes);
	if (r.is == NO_SPACE || r.is == FAILED || r.is == BUSY)
		return r;
	if (r.is == OK && ++m->unsynced >= TRANSFER_BATCH) {
		m->unsynced = 0;
		TRY(store_sync(m->t->store));
	}
	import_told(m, o.item.key.n > 0 ? o.item.key
	    : in->name.n > 0 ? in->name : VIEW("an object"), r);
	return done();
}
