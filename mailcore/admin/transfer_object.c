/* Events, tasks and contacts into their collections. */
#include "mailcore/admin/transfer_inside.h"
#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/content_line.h"
#include "mailcore/format/ical.h"
#include "mailcore/format/ical_merge.h"
#include "mailcore/format/vcard.h"
#include "mailcore/sys/clock.h"

#include <openssl/evp.h>
#include <stdio.h>

enum {
	HASH = 16,
	LOOK_ARENA = 4 * LIMIT_DAV_PROPERTY,
	COMPONENTS_MOST = 2048
};

struct object {
	struct import *import;
	enum collection_kind kind;
	int64_t collection;
	view name;
	view display_name;
	struct item_new item;
	view text;
};

/* Neither events nor contacts: whatever bytes. */
static bool
is_plain(enum collection_kind kind)
{
	return kind == COLLECTION_FILES || kind == COLLECTION_ATTACHMENTS;
}

/* What it may hold.  DENIED: it shows what another place has. */
static result
look_at(struct account *a, struct object *o)
{
	static const view holds = VIEW_INIT("urn:ietf:params:xml:ns:caldav"
	    " supported-calendar-component-set");
	static const view source = VIEW_INIT("http://calendarserver.org/ns/"
	    " subscribed");
	struct import *m = o->import;
	struct arena *arena = arena_new(LOOK_ARENA);
	view found;
	result r = property_get(a, arena, o->collection, source, &found);

	m->components = VIEW("");
	if (r.is == OK && found.n > 0)
		r = fail(DENIED, "a calendar that is subscribed to");
	else if (r.is == OK || r.is == NOT_FOUND)
		r = property_get(a, arena, o->collection, holds, &found);
	/* As often as an archive names it: no more than may count. */
	if (r.is == OK)
		m->components = arena_copy(m->folder_arena,
		    view_first(found, COMPONENTS_MOST));
	arena_free(&arena);
	return r.is == NOT_FOUND ? done() : r;
}

static result
find_or_add(struct account *a, void *context)
{
	struct object *o = context;
	struct collection there;
	result r = collection_find(a, o->import->folder_arena, o->kind,
	    o->name, &there);

	if (r.is == OK)
		o->collection = there.id;
	if (r.is == OK && o->kind == COLLECTION_CALENDAR)
		return look_at(a, o);
	if (r.is != NOT_FOUND)
		return r;
	return collection_add(a, o->kind, o->name,
	    o->display_name.n > 0 || is_plain(o->kind) ? o->display_name
						       : o->name, USE_NONE,
	    &o->collection);
}

result
import_collection(struct import *m, enum collection_kind kind, view name,
    view display_name, int64_t *id)
{
	struct object o = { .import = m, .kind = kind, .name = name,
		.display_name = display_name };
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

/* MKCALENDAR may have chosen what a calendar holds. */
static bool
component_fits(const struct import *m, view component)
{
	char wanted[64];

	(void)snprintf(wanted, sizeof wanted, "name=\"%.*s\"",
	    (int)component.n, component.p);
	return m->components.n == 0
	    || view_find(m->components, view_of(wanted)) != SIZE_MAX;
}

static bool
is_media_type(view v)
{
	size_t slashes = 0;

	for (size_t i = 0; i < v.n; i++) {
		slashes += v.p[i] == '/';
		if (!ascii_is_graph(v.p[i]) && v.p[i] != ' ')
			return false;
	}
	return v.n > 0 && v.n <= 255 && slashes > 0;
}

/* A file, or one of an event, which its key names: store/attachment.h. */
static result
examine_plain(struct object *o, view bytes)
{
	bool file = o->kind == COLLECTION_FILES;
	view type = VIEW(""), key = VIEW("");
	bool told = import_about_find(o->import, o->name, &type, &key);

	if (bytes.n > (file ? LIMIT_FILE : LIMIT_ATTACHMENT))
		return fail(OVER_LIMIT, "larger than any file");
	o->item.component = is_media_type(type)
	    ? type : VIEW("application/octet-stream");
	if (file)
		return done();
	if (!told || !view_starts(key, o->name)
	    || view_at(key, o->name.n) != ' ' || !utf8_is_valid(key))
		return fail(MALFORMED, "an attachment of no event");
	o->item.key = key;
	return done();
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
		o->item.times = card.words;
	} else if (is_plain(o->kind)) {
		TRY(examine_plain(o, bytes));
	} else {
		if (bytes.n > LIMIT_CALENDAR_OBJECT)
			return fail(OVER_LIMIT, "larger than any event");
		TRY(ical_examine(bytes, arena, &event));
		if (event.attendees > LIMIT_ATTENDEES)
			return fail(OVER_LIMIT, "more people than an event may"
			    " have");
		if (!component_fits(o->import, event.component))
			return fail(MALFORMED, "RFC 4791 5.2.3: not what that"
			    " calendar is for");
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
	/* A card without UID goes by its name. */
	if (o->item.key.n == 0 && o->kind == COLLECTION_ADDRESSBOOK)
		o->item.key = o->name;
	o->item.name = o->name;
	return arena_result(arena);
}

/* Its components; the zones are known then, and not repeated. */
static result
add_plain(struct object *o, struct ical_merge *merge, view text,
    struct buf *out)
{
	struct buf b = buf_new(2 * text.n + 64);
	result r = done();

	if (o->kind == COLLECTION_CALENDAR) {
		r = ical_merge_add(merge, text, o->import->arena, &b);
		if (r.is == OK) {
			buf_reset(&b);
			r = ical_merge_add(merge, text, o->import->arena, &b);
		}
		text = buf_view(&b);
	}
	if (r.is == OK)
		text_to_unix(text, out);
	buf_free(&b);
	return r.is == OK ? buf_result(out) : r;
}

/* What comes out of an export of ours has other bytes around the same. */
static bool
is_same(struct account *a, struct object *o, const struct item *there)
{
	struct ical_merge merge = { .arena = o->import->arena };
	struct buf left, right;
	struct body body;
	bool same;

	if (view_eq(there->etag, o->item.etag))
		return true;
	if (is_plain(o->kind))
		return false;
	if (body_open(a, there->body, &body).is != OK)
		return false;
	left = buf_new(2 * body.bytes.n + 64);
	right = buf_new(2 * o->text.n + 64);
	same = add_plain(o, &merge, body.bytes, &left).is == OK
	    && add_plain(o, &merge, o->text, &right).is == OK
	    && left.n > 0 && view_eq(buf_view(&left), buf_view(&right));
	buf_free(&left);
	buf_free(&right);
	body_close(&body);
	return same;
}

static result
add(struct account *a, void *context)
{
	struct object *o = context;
	struct arena *arena = o->import->arena;
	struct item there;
	result r = o->item.key.n > 0
	    ? item_by_key(a, arena, o->collection, o->item.key, &there)
	    : item_by_name(a, arena, o->collection, o->name, &there);

	if (r.is == OK)
		return is_same(a, o, &there)
		    ? fail(EXISTS, "")
		    : fail(EXISTS, "it is there with other content, which is"
			" kept");
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
	o->text = bytes;
	r = spool_result(spool);
	if (r.is == OK)
		r = item_prepare(m->account, spool);
	if (r.is == OK)
		r = account_write(m->account, add, o, DURABLE_LATER);
	spool_free(&spool);
	return r;
}

/* What people know it by, though it may be refused. */
static view
told_name(const struct object *o, view text)
{
	struct content_lines lines = content_lines_of(text, o->import->arena);
	struct content_line line;

	if (is_plain(o->kind))
		return o->name;
	if (o->item.key.n > 0)
		return o->item.key;
	while (content_line_next(&lines, &line))
		if (view_same(line.name, VIEW("UID"))
		    && view_trim(line.value).n > 0)
			return view_trim(line.value);
	return o->name.n > 0 ? o->name : VIEW("an object");
}

/* What is wrong with one object does not stop the others. */
result
import_object(struct import *m, const struct incoming_object *in)
{
	struct object o = { .import = m, .kind = in->kind,
		.collection = in->collection, .name = in->name,
		.item.received = in->when < 0 ? clock_now() : in->when };
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
	import_told(m, told_name(&o, in->bytes), r);
	return done();
}
