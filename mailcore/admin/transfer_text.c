/* A whole calendar or address book that somebody sends, or asks for. */
#include "mailcore/admin/transfer_inside.h"
#include "mailcore/base/ascii.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/ical_merge.h"
#include "mailcore/format/split.h"

#include <stdlib.h>

/* Of the given text, of one object, and of what is made of it. */
enum { LINES_ARENA = 64 << 20, SCRATCH = 64 << 20, PIECE = 128 << 10 };

static result
count_visit(void *context, view id, view text)
{
	size_t *count = context;

	(void)id;
	(void)text;
	return ++*count > LIMIT_IMPORT_ITEMS
	    ? fail(OVER_LIMIT, "more than 10,000 objects in one file")
	    : done();
}

/* Before anything is stored of a file that is none, or too large a one. */
static result
count_objects(view text, enum transfer_format format)
{
	struct arena *arena = arena_new(LINES_ARENA);
	size_t count = 0;
	result r = format == TRANSFER_ICS
	    ? split_calendar(text, arena, count_visit, &count)
	    : split_cards(text, count_visit, &count);

	arena_free(&arena);
	return r;
}

/* One that every DAV client can be sent to. */
static result
check_place(view name)
{
	/* What else lies beside calendars (RFC 6638 2.1, 2.2). */
	static const view taken[] = { VIEW_INIT("."), VIEW_INIT(".."),
		VIEW_INIT("inbox"), VIEW_INIT("outbox"),
		VIEW_INIT("freebusy.ifb") };

	TRY(name_check(name));
	for (size_t i = 0; i < COUNT(taken); i++)
		if (view_same(name, taken[i]))
			return fail(MALFORMED, "a name that is taken");
	for (size_t i = 0; i < name.n; i++)
		if (ascii_is_control(name.p[i]))
			return fail(MALFORMED, "a name with control bytes");
	return done();
}

/* For people. */
static result
check_shown(view name)
{
	bool good = name.n <= LIMIT_DISPLAY_NAME && utf8_is_valid(name);

	for (size_t i = 0; i < name.n; i++)
		good = good && !ascii_is_control(name.p[i]);
	return good ? done()
		    : fail(MALFORMED, "a display name that is too long, not"
			" UTF-8, or with control bytes");
}

static result
import(struct import *m, view text, enum transfer_format format,
    int64_t *collection)
{
	enum collection_kind kind = format == TRANSFER_ICS
	    ? COLLECTION_CALENDAR : COLLECTION_ADDRESSBOOK;

	TRY(import_collection(m, kind, m->t->collection,
	    m->t->display_name, collection));
	return kind == COLLECTION_CALENDAR
	    ? import_calendar(m, *collection, text)
	    : import_cards(m, *collection, text);
}

result
transfer_import_text(struct transfer *t, view text,
    enum transfer_format format, int64_t *collection)
{
	struct import m = { .t = t };
	result r, synced;

	*collection = 0;
	if (format != TRANSFER_ICS && format != TRANSFER_VCF)
		return fail(MALFORMED, "expected a calendar or contacts");
	if (t->collection.n == 0)
		t->collection = VIEW("personal");
	TRY(check_place(t->collection));
	TRY(check_shown(t->display_name));
	TRY(count_objects(text, format));
	TRY(account_open(t->store, t->account, &m.account));
	m.arena = arena_new(SCRATCH);
	m.folder_arena = arena_new(LINES_ARENA);
	r = import(&m, text, format, collection);
	account_close(&m.account);
	arena_free(&m.folder_arena);
	arena_free(&m.arena);
	/* What was told is kept, even if the rest came to nothing. */
	synced = store_sync(t->store);
	return synced.is != OK ? synced : r;
}

struct transfer_out {
	struct store *store;
	int64_t account;
	struct collection collection;
	struct account *open; /* while a piece is made */
	struct arena *arena, *scratch;
	struct ical_merge merge;
	struct buf *to;
	uint32_t next_uid;
	bool begun, over;
};

void
transfer_out_free(struct transfer_out **at)
{
	if (*at == NULL)
		return;
	arena_free(&(*at)->scratch);
	arena_free(&(*at)->arena);
	free(*at);
	*at = NULL;
}

result
transfer_out_new(struct store *store, int64_t account,
    enum collection_kind kind, int64_t collection, struct transfer_out **out)
{
	struct transfer_out *o = calloc(1, sizeof *o);
	struct account *a;
	result r;

	if (o == NULL)
		abort();
	o->store = store;
	o->account = account;
	o->arena = o->merge.arena = arena_new(SCRATCH);
	o->scratch = arena_new(SCRATCH);
	r = account_open(store, account, &a);
	if (r.is == OK)
		r = collection_get(a, o->arena, collection, &o->collection);
	account_close(&a);
	if (r.is == OK && o->collection.kind != kind)
		r = fail(NOT_FOUND, "there is none of that number");
	if (r.is != OK)
		transfer_out_free(&o);
	*out = o;
	return r;
}

static result
add_bytes(struct transfer_out *o, view bytes)
{
	if (o->collection.kind == COLLECTION_CALENDAR)
		return ical_merge_add(&o->merge, bytes, o->scratch, o->to);
	buf_add(o->to, bytes);
	if (!view_ends(bytes, VIEW("\n")))
		buf_add(o->to, VIEW("\r\n"));
	return buf_result(o->to);
}

static result
add_item(void *context, const struct item *item)
{
	struct transfer_out *o = context;
	struct body body;
	result r;

	if (o->to->n >= PIECE)
		return fail(BUSY, "the piece is full");
	TRY(body_open(o->open, item->body, &body));
	r = add_bytes(o, body.bytes);
	body_close(&body);
	arena_reset(o->scratch);
	o->next_uid = item->uid + 1;
	return r;
}

static void
begin(struct transfer_out *o)
{
	const struct collection *c = &o->collection;
	view name = c->display_name.n > 0 ? c->display_name : c->name;

	o->begun = true;
	if (c->kind != COLLECTION_CALENDAR)
		return;
	buf_add(o->to, VIEW("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
			    "PRODID:-//Posthaste//EN\r\n"));
	ical_add_text(o->to, VIEW("NAME"), name); /* RFC 7986 5.1 */
	ical_add_text(o->to, VIEW("X-WR-CALNAME"), name);
}

static result
add_piece(struct transfer_out *o)
{
	result r;

	if (!o->begun)
		begin(o);
	r = item_each(o->open, o->collection.id, o->next_uid, UINT32_MAX,
	    add_item, o);
	if (r.is == BUSY && o->to->n >= PIECE)
		return done();
	TRY(r);
	o->over = true;
	if (o->collection.kind == COLLECTION_CALENDAR)
		buf_add(o->to, VIEW("END:VCALENDAR\r\n"));
	return buf_result(o->to);
}

bool
transfer_out_piece(void *context, struct buf *to)
{
	struct transfer_out *o = context;
	result r;

	if (o->over)
		return false;
	o->to = to;
	r = account_open(o->store, o->account, &o->open);
	if (r.is == OK)
		r = add_piece(o);
	account_close(&o->open);
	if (r.is != OK)
		buf_fail(to, r.is, r.why);
	return r.is == OK && !o->over;
}

void
transfer_out_end(void *context)
{
	struct transfer_out *o = context;

	transfer_out_free(&o);
}
