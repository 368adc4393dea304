/* What changed in calendars and address books, in words that people know. */
#include "davd/page_calendars.h"

#include "mailcore/base/utf8.h"
#include "mailcore/format/content_line.h"
#include "mailcore/store/history.h"

enum {
	SHOWN = 50, /* changes; the API has more */
	TITLE = 100,
	LOOKED_AT = 16384, /* of an object; what is attached comes later */
	TITLE_ARENA = 4 * LOOKED_AT
};

static const char *const whats[] = {
	[HISTORY_ADDED] = "calendars.added",
	[HISTORY_CHANGED] = "calendars.changed",
	[HISTORY_REMOVED] = "calendars.removed",
	[HISTORY_GONE] = "calendars.gone",
};

/* SUMMARY of the first event or task, not of its alarms; FN of a contact. */
static view
find_title(view text, bool contact, struct arena *arena)
{
	struct content_lines lines = content_lines_of(text, arena);
	view wanted = contact ? VIEW("FN") : VIEW("SUMMARY");
	unsigned depth = 0, at = contact ? 1 : 2;
	struct content_line line;

	while (content_line_next(&lines, &line)) {
		if (view_same(line.name, VIEW("BEGIN")))
			depth++;
		else if (view_same(line.name, VIEW("END")) && depth > 0)
			depth--;
		else if (depth == at && view_same(line.name, wanted))
			return content_unescape(line.value, arena);
	}
	return VIEW("");
}

/* Names of objects are made by programs, for programs. */
static view
title_of(struct page *p, struct account *a, const struct history_event *e)
{
	struct arena *arena;
	view title = VIEW(""), first;
	struct body body;

	if (e->what == HISTORY_GONE)
		return e->name.n > 0 ? e->name : e->place;
	if (body_open(a, e->body, &body).is != OK)
		return e->name;
	arena = arena_new(TITLE_ARENA);
	first = utf8_first(body.bytes, LOOKED_AT);
	if (utf8_is_valid(first))
		title = view_trim(find_title(first,
		    e->kind == COLLECTION_ADDRESSBOOK, arena));
	if (title.n > 0)
		title = arena_copy(p->request->arena,
		    utf8_first(title, TITLE));
	arena_free(&arena);
	body_close(&body);
	return title.n > 0 ? title : e->name;
}

struct place {
	struct collection *list;
	size_t count;
};

static view
place_of(const struct place *known, const struct history_event *e)
{
	for (size_t i = 0; i < known->count; i++)
		if (known->list[i].id == e->collection)
			return page_collection_name(&known->list[i]);
	return e->place;
}

result
page_changes_add(struct page *p, struct account *a)
{
	static const char *const at[] = { "at", "at_iso" };
	struct arena *arena = p->request->arena;
	struct place calendars, books;
	struct history_event *events;
	size_t count;

	TRY(history_list(a, arena, 0, SHOWN, &events, &count));
	TRY(collection_list(a, arena, COLLECTION_CALENDAR, &calendars.list,
	    &calendars.count));
	TRY(collection_list(a, arena, COLLECTION_ADDRESSBOOK, &books.list,
	    &books.count));
	for (size_t i = 0; i < count; i++) {
		const struct history_event *e = &events[i];
		struct html *row = html_row(p->html, "changes");

		html_number(row, "id", (uint64_t)e->id);
		html_text(row, "what", page_word(p, whats[e->what]));
		html_text(row, "label", title_of(p, a, e));
		html_text(row, "place", place_of(
		    e->kind == COLLECTION_ADDRESSBOOK ? &books : &calendars,
		    e));
		page_moment(p, row, at, e->at);
	}
	return done();
}
