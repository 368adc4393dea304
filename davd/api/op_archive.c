/* All of a person as one archive, and mailboxes as mbox, out and in. */
#include "davd/api/routes.h"

#include "mailcore/admin/transfer.h"
#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/imap/utf7.h"
#include "mailcore/sys/clock.h"

/* As much of a name as helps to find it. */
enum { TOLD = 255, FILE_NAME = 512 };

static const view parts[] = { VIEW_INIT("mail"), VIEW_INIT("calendars"),
	VIEW_INIT("contacts"), VIEW_INIT("attachments"), VIEW_INIT("files"),
	VIEW_INIT("sieve"), VIEW_INIT("settings") };

/* What became of one of them. */
struct part {
	json_int_t added, unchanged, refused;
	json_t *refusals; /* the first ones */
};

struct taking {
	struct transfer t;
	struct part parts[COUNT(parts)];
};

static json_t *
mailbox_json(const struct collection *c)
{
	return json_pack("{sI so sI sI sI}", "id", (json_int_t)c->id, "name",
	    api_string(c->name), "items", (json_int_t)c->items, "unseen",
	    (json_int_t)c->unseen, "size", (json_int_t)c->bytes);
}

result
op_mailboxes(struct api_call *c)
{
	struct collection *list;
	struct account *a;
	size_t count;
	json_t *all;
	result r;

	TRY(account_open(c->services->store, c->person.account, &a));
	r = collection_list(a, c->request->arena, COLLECTION_MAILBOX, &list,
	    &count);
	account_close(&a);
	TRY(r);
	all = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(all, mailbox_json(&list[i]));
	return api_give(c, json_pack("{so}", "mailboxes", all));
}

static result
send_out(struct api_call *c, int64_t mailbox, view file)
{
	const struct transfer t = { .store = c->services->store,
		.account = c->person.account, .name_encode = utf7_encode };
	struct answer *a = c->answer;
	struct transfer_stream *stream;

	TRY(transfer_stream_new(&t, mailbox, &stream));
	a->status = c->route->status;
	a->stream = transfer_stream_piece;
	a->stream_end = transfer_stream_end;
	a->context = stream;
	answer_header(a, "Content-Type", view_of(c->route->media));
	answer_header(a, "Content-Disposition", arena_print(c->request->arena,
	    "attachment; filename=\"%.*s\"", (int)file.n, file.p));
	return done();
}

/* "me@example.org-2026-11-22.tar", which needs no quoting anywhere. */
result
op_archive(struct api_call *c)
{
	struct buf name = buf_new(FILE_NAME);
	struct date d = date_of(clock_now());
	view address = view_of(c->session.address);
	result r;

	for (size_t i = 0; i < address.n; i++) {
		char b = address.p[i];
		bool kept = ascii_is_alnum(b) || b == '.' || b == '-'
		    || b == '_' || b == '@' || b == '+';

		buf_add_byte(&name, kept ? b : '_');
	}
	buf_print(&name, "-%04d-%02d-%02d.tar", d.year, d.month, d.day);
	r = buf_result(&name);
	if (r.is == OK)
		r = send_out(c, 0, buf_view(&name));
	buf_free(&name);
	return r;
}

result
op_mailbox_export(struct api_call *c)
{
	view format;

	TRY(api_parameter(c, "format", &format)); /* there is one alone */
	if (c->id == 0)
		return fail(NOT_FOUND, "there is none of that number");
	return send_out(c, c->id, VIEW("mailbox.mbox"));
}

static struct part *
part_of(struct taking *k)
{
	for (size_t i = 0; i < COUNT(parts); i++)
		if (view_eq(parts[i], k->t.part))
			return &k->parts[i];
	return &k->parts[0]; /* an mbox has no others */
}

static void
told(void *context, view what, result r)
{
	struct part *p = part_of(context);

	if (r.is == OK) {
		p->added++;
	} else if (r.is == EXISTS && r.why[0] == '\0') {
		p->unchanged++;
	} else if (p->refused++ < LIMIT_IMPORT_REFUSALS) {
		if (p->refusals == NULL)
			p->refusals = json_array();
		(void)json_array_append_new(p->refusals,
		    json_pack("{so ss}", "what",
		        api_string(utf8_first(what, TOLD)), "why", r.why));
	}
}

static json_t *
part_json(struct part *p)
{
	return json_pack("{sI sI sI so}", "added", p->added, "unchanged",
	    p->unchanged, "refused", p->refused, "refusals",
	    p->refusals != NULL ? json_incref(p->refusals) : json_array());
}

static void
say_stopped(json_t *o, result r)
{
	if (o != NULL && r.is != OK)
		(void)json_object_set_new(o, "stopped",
		    json_string(r.is == FAILED
		        ? "the server could not go on; its log says why"
		        : r.why));
}

static json_t *
archive_json(struct taking *k)
{
	json_t *all = json_array();

	for (size_t i = 0; i < COUNT(parts); i++) {
		json_t *o = part_json(&k->parts[i]);

		if (o == NULL)
			continue;
		(void)json_object_set_new(o, "kind", api_string(parts[i]));
		(void)json_array_append_new(all, o);
	}
	return json_pack("{so}", "kinds", all);
}

static json_t *
mbox_json(struct taking *k)
{
	json_t *o = part_json(&k->parts[0]);

	if (o != NULL)
		(void)json_object_set_new(o, "mailbox",
		    api_string(k->t.mailbox));
	return o;
}

static bool
did_something(const struct taking *k)
{
	for (size_t i = 0; i < COUNT(k->parts); i++)
		if (k->parts[i].added + k->parts[i].unchanged
		        + k->parts[i].refused > 0)
			return true;
	return false;
}

static result
take(struct api_call *c, struct taking *k, enum transfer_format format)
{
	json_t *o;
	result r;

	k->t.store = c->services->store;
	k->t.account = c->person.account;
	k->t.name_encode = utf7_encode;
	k->t.name_decode = utf7_decode;
	k->t.told = told;
	k->t.own = true;
	k->t.publish = c->services->conf->publish;
	k->t.context = k;
	r = transfer_import_bytes(&k->t, c->request->body, format);
	/* Some of it is there: that is to be told. */
	if (r.is != OK && !did_something(k))
		return r;
	o = format == TRANSFER_ARCHIVE ? archive_json(k) : mbox_json(k);
	say_stopped(o, r);
	return api_give(c, o);
}

static result
import(struct api_call *c, view mailbox, enum transfer_format format)
{
	struct taking k = { .t = { .mailbox = mailbox } };
	result r = take(c, &k, format);

	for (size_t i = 0; i < COUNT(k.parts); i++)
		json_decref(k.parts[i].refusals);
	return r;
}

result
op_archive_import(struct api_call *c)
{
	return import(c, VIEW(""), TRANSFER_ARCHIVE);
}

result
op_mailbox_import(struct api_call *c)
{
	view mailbox;

	TRY(api_parameter(c, "mailbox", &mailbox));
	return import(c, mailbox.n > 0 ? mailbox : VIEW("INBOX"),
	    TRANSFER_MBOX);
}
