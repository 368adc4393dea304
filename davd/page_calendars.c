/* /calendars: calendars and address books, out as one file each, and what
 * changed in them, back. */
#include "davd/page_calendars.h"

#include "mailcore/base/limits.h"
#include "mailcore/store/history.h"

static const struct {
	enum collection_kind kind;
	const char *key, *media, *file;
} kinds[] = {
	{ COLLECTION_CALENDAR, "calendars.calendar",
	    "text/calendar; charset=utf-8",
	    "attachment; filename=\"calendar.ics\"" },
	{ COLLECTION_ADDRESSBOOK, "calendars.book",
	    "text/vcard; charset=utf-8",
	    "attachment; filename=\"contacts.vcf\"" },
};

view
page_collection_name(const struct collection *c)
{
	return c->display_name.n > 0 ? c->display_name : c->name;
}

static result
add_kind(struct page *p, struct account *a, size_t kind, view chosen)
{
	struct collection *list;
	size_t count;

	TRY(collection_list(a, p->request->arena, kinds[kind].kind, &list,
	    &count));
	for (size_t i = 0; i < count; i++) {
		struct html *row = html_row(p->html, "collections");
		view id = arena_print(p->request->arena, "%lld",
		    (long long)list[i].id);

		html_text(row, "id", id);
		html_text(row, "label", page_collection_name(&list[i]));
		html_text(row, "kind", page_word(p, kinds[kind].key));
		html_number(row, "items", (uint64_t)list[i].items);
		html_flag(row, "here", view_eq(chosen, id));
	}
	return done();
}

static result
fill(struct page *p)
{
	struct account *a;
	result r;

	TRY(account_open(p->services->dav.store, p->session.account, &a));
	r = page_changes_add(p, a);
	for (size_t i = 0; r.is == OK && i < COUNT(kinds); i++)
		r = add_kind(p, a, i, form_value(&p->form, VIEW("into")));
	account_close(&a);
	return r;
}

void
page_calendars_show(struct page *p)
{
	result r = fill(p);

	if (r.is != OK) {
		page_fault_of(p, r);
		return;
	}
	html_flag(p->html, "at_calendars", true);
	html_text(p->html, "typed_name", form_value(&p->form, VIEW("name")));
	page_done(p);
	page_send(p, "calendars", "title.calendars");
}

void
page_calendars(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;

	if (!page_begin_person(&p, services, request, answer))
		return;
	if (page_is_post(&p))
		page_go(&p, "/calendars", NULL);
	else
		page_calendars_show(&p);
}

static result
send_out(struct page *p, size_t kind, uint64_t id)
{
	struct answer *a = p->answer;
	struct transfer_out *out;

	TRY(transfer_out_new(p->services->dav.store, p->session.account,
	    kinds[kind].kind, (int64_t)id, &out));
	a->status = 200;
	a->stream = transfer_out_piece;
	a->stream_end = transfer_out_end;
	a->context = out;
	answer_header(a, "Content-Type", view_of(kinds[kind].media));
	answer_header(a, "Content-Disposition", view_of(kinds[kind].file));
	answer_header(a, "Cache-Control", VIEW("no-store"));
	page_guard(a);
	return done();
}

void
page_calendars_download(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;
	uint64_t id;
	result r = fail(NOT_FOUND, "");

	if (!page_begin_person(&p, services, request, answer))
		return;
	if (page_is_post(&p)) {
		page_go(&p, "/calendars", NULL);
		return;
	}
	if (!view_number(form_value(&p.query, VIEW("id")), INT64_MAX, &id))
		id = 0;
	for (size_t i = 0; r.is == NOT_FOUND && i < COUNT(kinds); i++)
		r = send_out(&p, i, id);
	if (r.is == NOT_FOUND)
		page_fault(&p, 404, "404");
	else if (r.is != OK)
		page_fault_of(&p, r);
}

static result
undo(struct page *p, uint64_t id)
{
	struct history_undone out;
	struct account *a;
	result r;

	TRY(account_open(p->services->dav.store, p->session.account, &a));
	r = history_undo(a, p->request->arena, (int64_t)id, &out);
	account_close(&a);
	return r;
}

void
page_calendars_undo(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;
	uint64_t id;
	result r = fail(NOT_FOUND, "");

	if (!page_begin_person(&p, services, request, answer))
		return;
	if (!page_is_post(&p)) {
		page_go(&p, "/calendars", NULL);
		return;
	}
	if (view_number(form_value(&p.form, VIEW("id")), INT64_MAX, &id))
		r = undo(&p, id);
	if (r.is == OK) {
		page_go(&p, "/calendars", "undone");
	} else if (r.is == FAILED || r.is == BUSY) {
		page_fault_of(&p, r);
	} else {
		page_wrong(&p, r.is == NO_SPACE ? 507 : 409,
		    r.is == NO_SPACE ? "import.full"
		    : r.is == STALE  ? "calendars.stale"
		                     : "calendars.taken");
		page_calendars_show(&p);
	}
}
