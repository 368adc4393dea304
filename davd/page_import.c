/* /calendars/import: a file of events or contacts, and what became of each.
 * The answer to the form itself tells it, as it is told once. */
#include "davd/page_calendars.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"

enum {
	SHOWN = 1000, /* items of one file; all are counted */
	TOLD = 255    /* bytes of a name */
};

struct importing {
	struct page *page;
	struct html *html;
	uint64_t added, unchanged, refused, shown;
};

static void
told(void *context, view what, result r)
{
	struct importing *i = context;
	bool kept = r.is == EXISTS && r.why[0] == '\0';
	bool refused = r.is != OK && !kept;
	struct html *row;

	i->added += r.is == OK ? 1 : 0;
	i->unchanged += kept ? 1 : 0;
	i->refused += refused ? 1 : 0;
	if (i->shown++ >= SHOWN)
		return;
	row = html_row(i->html, "items");
	html_text(row, "label", utf8_first(what, TOLD));
	html_flag(row, "refused", refused);
	html_text(row, "why", refused ? view_of(r.why) : VIEW(""));
	html_text(row, "result", page_word(i->page, r.is == OK
	        ? "import.added" : kept ? "import.unchanged"
	                                : "import.refused"));
}

static bool
is_of_contacts(view file)
{
	if (view_starts(file, VIEW("\xEF\xBB\xBF")))
		file = view_from(file, 3);
	file = view_trim(file);
	return view_starts_same(file, VIEW("BEGIN:VCARD"))
	    || view_starts_same(file, VIEW("BEGIN:VLIST"));
}

/* The last segment of its address: of the letters and digits of its name. */
static view
segment_of(struct page *p, view name)
{
	char *to = arena_alloc(p->request->arena, name.n + 1);
	size_t n = 0;

	for (size_t i = 0; to != NULL && i < name.n
	     && n < LIMIT_DAV_NAME / 2; i++)
		if (ascii_is_alnum(name.p[i]))
			to[n++] = ascii_lower(name.p[i]);
		else if (n > 0 && to[n - 1] != '-')
			to[n++] = '-';
	while (n > 0 && to[n - 1] == '-')
		n--;
	return n == 0 ? VIEW("imported") : (view){ to, n };
}

/* A segment that none of them has. */
static view
free_segment(struct page *p, const struct collection *list, size_t count,
    view name)
{
	view base = segment_of(p, name), segment = base;

	for (size_t try = 2, i = 0; i < count;) {
		if (!view_eq(list[i].name, segment)) {
			i++;
			continue;
		}
		segment = arena_print(p->request->arena, "%.*s-%zu",
		    (int)base.n, base.p, try++);
		i = 0;
	}
	return segment;
}

/* Where it goes.  NOT_FOUND: none of that number.  MALFORMED: a new one has
 * no name. */
static result
choose(struct page *p, struct account *a, enum collection_kind kind,
    struct transfer *t)
{
	view into = form_value(&p->form, VIEW("into"));
	view name = view_trim(form_value(&p->form, VIEW("name")));
	struct collection *list;
	size_t count;
	uint64_t id;

	TRY(collection_list(a, p->request->arena, kind, &list, &count));
	if (view_number(into, INT64_MAX, &id)) {
		for (size_t i = 0; i < count; i++)
			if (list[i].id == (int64_t)id) {
				t->collection = list[i].name;
				t->display_name = list[i].display_name;
				return done();
			}
		return fail(NOT_FOUND, "none of that kind");
	}
	if (name.n == 0 || name.n > LIMIT_DISPLAY_NAME
	    || view_find_byte(name, '\n') != SIZE_MAX
	    || view_find_byte(name, '\r') != SIZE_MAX)
		return fail(MALFORMED, "no name");
	t->collection = free_segment(p, list, count, name);
	t->display_name = name;
	return arena_result(p->request->arena);
}

static void
wrong(struct page *p, unsigned status, const char *key)
{
	page_wrong(p, status, key);
	page_calendars_show(p);
}

/* Nothing of it was taken. */
static void
failed(struct page *p, result r)
{
	if (r.is == NOT_FOUND)
		wrong(p, 400, "import.kind");
	else if (r.is == MALFORMED)
		wrong(p, 400, "import.bad");
	else if (r.is == OVER_LIMIT)
		wrong(p, 413, "import.large");
	else if (r.is == NO_SPACE)
		wrong(p, 507, "import.full");
	else
		page_fault_of(p, r);
}

static void
show(struct importing *i, const struct transfer *t, result r)
{
	struct page *p = i->page;

	html_text(p->html, "place", t->display_name.n > 0 ? t->display_name
	                                                  : t->collection);
	html_number(p->html, "added", i->added);
	html_number(p->html, "unchanged", i->unchanged);
	html_number(p->html, "refused_count", i->refused);
	html_flag(p->html, "more", i->shown > SHOWN);
	html_number(p->html, "shown", SHOWN);
	html_flag(p->html, "at_calendars", true);
	/* Some of it is there: that is to be told. */
	if (r.is == NO_SPACE)
		page_wrong(p, 507, "import.full");
	else if (r.is != OK)
		page_wrong(p, 503, "import.stopped");
	page_send(p, "imported", "title.imported");
}

static void
import(struct page *p)
{
	bool contacts = is_of_contacts(p->file);
	struct importing i = { .page = p, .html = p->html };
	struct transfer t = { .store = p->services->dav.store,
		.account = p->session.account, .told = told, .context = &i };
	struct account *a;
	int64_t id;
	result r = account_open(t.store, t.account, &a);

	if (r.is == OK)
		r = choose(p, a, contacts ? COLLECTION_ADDRESSBOOK
		                          : COLLECTION_CALENDAR, &t);
	account_close(&a);
	if (r.is == MALFORMED) {
		wrong(p, 400, "import.name");
		return;
	}
	if (r.is == OK)
		r = transfer_import_text(&t, p->file,
		    contacts ? TRANSFER_VCF : TRANSFER_ICS, &id);
	if (r.is != OK && i.added == 0)
		failed(p, r);
	else
		show(&i, &t, r);
}

void
page_import(void *services, const struct request *request,
    struct answer *answer)
{
	struct page p;

	if (!page_begin_person(&p, services, request, answer))
		return;
	if (!page_is_post(&p))
		page_go(&p, "/calendars", NULL);
	else if (view_trim(p.file).n == 0)
		wrong(&p, 400, "import.none");
	else
		import(&p);
}
