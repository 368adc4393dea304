/* A whole calendar or address book as one file, out and in. */
#include "davd/api/routes.h"

#include "mailcore/admin/transfer.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"

/* As much of a UID as helps to find it. */
enum { TOLD = 255 };

struct import_call {
	struct api_call *call;
	json_t *items;
	json_int_t added, unchanged, refused;
};

static json_t *
place_json(const struct collection *c)
{
	return json_pack("{sI so so sI sI}", "id", (json_int_t)c->id, "name",
	    api_string(c->name), "display_name",
	    api_string(c->display_name.n > 0 ? c->display_name : c->name),
	    "items", (json_int_t)c->items, "size", (json_int_t)c->bytes);
}

static result
list(struct api_call *c, enum collection_kind kind, const char *name)
{
	struct collection *places;
	struct account *a;
	size_t count;
	json_t *all;
	result r;

	TRY(account_open(c->services->store, c->person.account, &a));
	r = collection_list(a, c->request->arena, kind, &places, &count);
	account_close(&a);
	TRY(r);
	all = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(all, place_json(&places[i]));
	return api_give(c, json_pack("{so}", name, all));
}

result
op_calendars(struct api_call *c)
{
	return list(c, COLLECTION_CALENDAR, "calendars");
}

result
op_books(struct api_call *c)
{
	return list(c, COLLECTION_ADDRESSBOOK, "address_books");
}

static result
send_out(struct api_call *c, enum collection_kind kind)
{
	struct answer *a = c->answer;
	struct transfer_out *out;

	TRY(transfer_out_new(c->services->store, c->person.account, kind,
	    c->id, &out));
	a->status = c->route->status;
	a->stream = transfer_out_piece;
	a->stream_end = transfer_out_end;
	a->context = out;
	answer_header(a, "Content-Type", arena_print(c->request->arena,
	    "%s; charset=utf-8", c->route->media));
	answer_header(a, "Content-Disposition", kind == COLLECTION_CALENDAR
	    ? VIEW("attachment; filename=\"calendar.ics\"")
	    : VIEW("attachment; filename=\"contacts.vcf\""));
	return done();
}

result
op_calendar_export(struct api_call *c)
{
	return send_out(c, COLLECTION_CALENDAR);
}

result
op_book_export(struct api_call *c)
{
	return send_out(c, COLLECTION_ADDRESSBOOK);
}

static void
told(void *context, view what, result r)
{
	struct import_call *i = context;
	bool kept = r.is == EXISTS && r.why[0] == '\0';
	const char *word = r.is == OK ? "added" : kept ? "unchanged"
						       : "refused";
	json_t *item = json_pack("{so ss}", "uid",
	    api_string(utf8_first(what, TOLD)), "result", word);

	i->added += r.is == OK ? 1 : 0;
	i->unchanged += kept ? 1 : 0;
	i->refused += r.is != OK && !kept ? 1 : 0;
	if (item != NULL && r.is != OK && !kept)
		(void)json_object_set_new(item, "why", json_string(r.why));
	(void)json_array_append_new(i->items, item);
}

static json_t *
outcome(const struct import_call *i, const struct transfer *t, int64_t id,
    result r)
{
	json_t *o = json_pack("{sI so sI sI sI sO}", "id", (json_int_t)id,
	    "name", api_string(t->collection), "added", i->added,
	    "unchanged", i->unchanged, "refused", i->refused, "items",
	    i->items);

	if (o != NULL && r.is != OK)
		(void)json_object_set_new(o, "stopped",
		    json_string(r.is == FAILED
		        ? "the server could not go on; its log says why"
		        : r.why));
	return o;
}

static result
take(struct import_call *i, enum transfer_format format)
{
	struct api_call *c = i->call;
	struct transfer t = { .store = c->services->store,
		.account = c->person.account, .told = told, .context = i };
	int64_t id;
	result r;

	TRY(api_parameter(c, "collection", &t.collection));
	TRY(api_parameter(c, "display-name", &t.display_name));
	r = transfer_import_text(&t, c->request->body, format, &id);
	/* Some of it is there: that is to be told. */
	if (r.is != OK && i->added == 0)
		return r;
	return api_give(c, outcome(i, &t, id, r));
}

static result
import(struct api_call *c, enum transfer_format format)
{
	struct import_call i = { .call = c, .items = json_array() };
	result r = take(&i, format);

	json_decref(i.items);
	return r;
}

result
op_calendar_import(struct api_call *c)
{
	return import(c, TRANSFER_ICS);
}

result
op_book_import(struct api_call *c)
{
	return import(c, TRANSFER_VCF);
}
