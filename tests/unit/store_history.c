/* What was there before: kept, shown, undone, forgotten. */
#include "mailcore/base/limits.h"
#include "mailcore/store/body.h"
#include "mailcore/store/history.h"
#include "mailcore/store/verify.h"
#include "tests/unit/store_help.h"

enum { MANY = 64 };

struct scene {
	struct home home;
	struct account *a;
	int64_t calendar, other;
};

/* One change, in a transaction of its own. */
struct step {
	struct scene *s;
	const char *name, *key, *text; /* text NULL: remove */
	int64_t collection;
	struct spool *bytes;
	struct item out;
};

static result
do_step(struct account *a, void *context)
{
	struct step *t = context;
	struct item old;
	int64_t modseq;
	bool endless = view_eq(view_of(t->name), VIEW("b.ics"));
	result r = item_by_name(a, t->s->home.arena, t->collection,
	    view_of(t->name), &old);
	const struct item_new n = { .name = view_of(t->name),
		.key = view_of(t->key), .received = 1000,
		.keywords = VIEW(""), .etag = view_of(t->text),
		.component = VIEW("VEVENT"),
		.span_to = endless ? INT64_MAX : 10,
		.times = view_of(t->text),
		.bytes = t->bytes };

	if (t->text == NULL)
		return r.is != OK ? r : item_remove(a, t->collection, old.uid,
					    &modseq);
	return r.is == OK
	    ? item_replace(a, t->collection, old.uid, VIEW(""), &n, &t->out)
	    : item_add(a, t->collection, &n, &t->out);
}

static void
put(struct scene *s, int64_t collection, const char *name, const char *text)
{
	struct step t = { .s = s, .name = name, .key = name, .text = text,
		.collection = collection };

	if (text != NULL) {
		t.bytes = spool_new(s->home.store, 1 << 20);
		spool_add(t.bytes, view_of(text));
	}
	must(account_write(s->a, do_step, &t, DURABLE_LATER), "a step");
	spool_free(&t.bytes);
}

/* What stands under a name; "": nothing. */
static view
text_of(struct scene *s, int64_t collection, const char *name)
{
	struct item i;
	struct body b;
	view text;

	if (item_by_name(s->a, s->home.arena, collection, view_of(name), &i)
		.is != OK
	    || body_open(s->a, i.body, &b).is != OK)
		return VIEW("");
	text = arena_copy(s->home.arena, b.bytes);
	body_close(&b);
	return text;
}

/* Its times are those of its text, here the text itself. */
static result
check_times(void *context, const struct item *item)
{
	struct scene *s = context;
	struct body b;

	TRY(body_open(s->a, item->body, &b));
	same(item->times, b.bytes, "the index says when");
	body_close(&b);
	return done();
}

static void
times_fit(struct scene *s, int64_t collection)
{
	must(item_each_in_span(s->a, collection, VIEW("VEVENT"), 0, 20,
		 check_times, s), "item_each_in_span");
}

static size_t
list(struct scene *s, int64_t collection, struct history_event **out)
{
	size_t count;

	must(history_list(s->a, s->home.arena, collection, MANY, out, &count),
	    "history_list");
	return count;
}

static result
add_calendars(struct account *a, void *context)
{
	struct scene *s = context;

	TRY(collection_add(a, COLLECTION_CALENDAR, VIEW("work"), VIEW("Work"),
	    USE_NONE, &s->calendar));
	TRY(property_set(a, s->calendar, VIEW("x color"), VIEW("red")));
	return collection_add(a, COLLECTION_CALENDAR, VIEW("other"),
	    VIEW("Other"), USE_NONE, &s->other);
}

static void
open_store(struct scene *s, unsigned days)
{
	const struct store_options o = { .data = s->home.data,
		.journal = "test", .history_days = days };

	must(store_open(&s->home.store, &o), "store_open");
}

static void
begin(struct scene *s, unsigned days)
{
	int64_t id;

	home_begin(&s->home);
	store_close(&s->home.store);
	open_store(s, days);
	must(account_add(s->home.store, VIEW("a@example.org"), VIEW("A"),
		 VIEW("x"), &id), "account_add");
	must(account_open(s->home.store, id, &s->a), "account_open");
	must(account_write(s->a, add_calendars, s, DURABLE_LATER), "calendars");
}

static void
end(struct scene *s)
{
	account_close(&s->a);
	home_end(&s->home);
}

static void
show_fault(void *context, const struct verify_finding *f)
{
	(void)context;
	printf("# %s: %lld, %lld\n", f->what, (long long)f->collection,
	    (long long)f->number);
}

static enum status
undo(struct scene *s, int64_t id)
{
	struct history_undone out;
	enum status is = history_undo(s->a, s->home.arena, id, &out).is;
	size_t faults;

	must(account_verify(s->a, true, show_fault, NULL, &faults), "verify");
	is_number((int64_t)faults, 0, "the books are right");
	return is;
}

static void
test_objects(void)
{
	struct scene s;
	struct history_event *e;
	int64_t added, changed, removed, before, after;
	struct account_info info;

	begin(&s, 30);
	put(&s, s.calendar, "a.ics", "one");
	is_number((int64_t)list(&s, s.calendar, &e), 1, "one was added");
	ok(e[0].what == HISTORY_ADDED, "it says so");
	put(&s, s.calendar, "a.ics", "two2");
	put(&s, s.calendar, "a.ics", NULL);
	is_number((int64_t)list(&s, s.calendar, &e), 3, "three changes");
	ok(e[0].what == HISTORY_REMOVED && e[1].what == HISTORY_CHANGED
		&& e[2].what == HISTORY_ADDED, "the newest first");
	removed = e[0].id;
	changed = e[1].id;
	added = e[2].id;
	is_number((int64_t)e[0].size, 4, "what was removed");
	is_number((int64_t)e[1].size, 3, "what was replaced");
	same(e[0].place, VIEW("work"), "where");
	is_number((int64_t)list(&s, s.other, &e), 0, "nowhere else");
	must(account_get(s.home.store, s.home.arena, account_id(s.a), &info),
	    "account_get");
	is_number((int64_t)info.used, 0, "what is kept fills no quota");

	ok(undo(&s, added) == NOT_FOUND, "what is gone cannot be taken away");
	must(account_modseq(s.a, &before), "modseq");
	ok(undo(&s, removed) == OK, "back again");
	times_fit(&s, s.calendar);
	must(account_modseq(s.a, &after), "modseq");
	ok(after > before, "as a change of its own");
	same(text_of(&s, s.calendar, "a.ics"), VIEW("two2"), "as it was");
	/* The object that was replaced then has gone, and its name is taken. */
	ok(undo(&s, changed) == EXISTS, "another stands there");
	put(&s, s.calendar, "a.ics", "three");
	(void)list(&s, s.calendar, &e);
	ok(e[0].what == HISTORY_CHANGED, "changed");
	changed = e[0].id;
	ok(undo(&s, changed) == OK, "undone");
	same(text_of(&s, s.calendar, "a.ics"), VIEW("two2"), "as before");
	(void)list(&s, s.calendar, &e);
	ok(e[0].what == HISTORY_CHANGED && e[0].id > changed,
	    "to undo is a change");
	ok(undo(&s, e[0].id) == OK, "which can be undone");
	same(text_of(&s, s.calendar, "a.ics"), VIEW("three"), "once more");
	times_fit(&s, s.calendar);
	ok(undo(&s, 1) == NOT_FOUND, "no such change");
	end(&s);
}

static result
move_it(struct account *a, void *context)
{
	struct scene *s = context;
	struct item i, out;

	TRY(item_by_name(a, s->home.arena, s->calendar, VIEW("m.ics"), &i));
	return item_move_as(a, &i, s->other, VIEW("m.ics"), &out);
}

/* A body that two name is there as long as one of them is. */
static void
test_move(void)
{
	struct scene s;
	struct history_event *e;

	begin(&s, 30);
	put(&s, s.calendar, "m.ics", "moved");
	must(account_write(s.a, move_it, &s, DURABLE_LATER), "move");
	is_number((int64_t)list(&s, s.calendar, &e), 2, "added and removed");
	put(&s, s.other, "m.ics", NULL);
	ok(undo(&s, e[0].id) == OK, "put back where it was");
	same(text_of(&s, s.calendar, "m.ics"), VIEW("moved"), "as it was");
	is_number((int64_t)list(&s, s.other, &e), 2, "seen there too");
	ok(undo(&s, e[0].id) == OK, "and where it went");
	same(text_of(&s, s.other, "m.ics"), VIEW("moved"), "as it was");
	times_fit(&s, s.other);
	times_fit(&s, s.calendar);
	end(&s);
}

static result
remove_it(struct account *a, void *context)
{
	struct scene *s = context;

	return collection_remove(a, s->calendar);
}

static result
add_work(struct account *a, void *context)
{
	int64_t id;

	(void)context;
	return collection_add(a, COLLECTION_CALENDAR, VIEW("work"), VIEW(""),
	    USE_NONE, &id);
}

static result
count_item(void *context, const struct item *item)
{
	(void)item;
	++*(int64_t *)context;
	return done();
}

/* Those that happen around some second. */
static int64_t
count_at(struct scene *s, int64_t collection, int64_t at)
{
	int64_t count = 0;

	must(item_each_in_span(s->a, collection, VIEW(""), at, at + 1,
		 count_item, &count), "item_each_in_span");
	return count;
}

static void
test_collection(void)
{
	struct scene s;
	struct history_event *e;
	struct history_undone out;
	struct collection c;
	view color;
	int64_t id, first;

	begin(&s, 30);
	put(&s, s.calendar, "a.ics", "one");
	put(&s, s.calendar, "b.ics", "two");
	put(&s, s.calendar, "b.ics", "three");
	(void)list(&s, 0, &e);
	first = e[0].id;
	must(account_write(s.a, remove_it, &s, DURABLE_LATER), "remove");
	(void)list(&s, 0, &e);
	ok(e[0].what == HISTORY_GONE, "the calendar was removed");
	is_number(e[0].items, 2, "with so many");
	id = e[0].id;
	ok(undo(&s, first) == STALE, "what was in it comes after it");
	is_result(history_undo(s.a, s.home.arena, id, &out), OK, "undone");
	ok(undo(&s, id) == NOT_FOUND, "but once");
	same(out.name, VIEW("work"), "under its name");
	must(collection_find(s.a, s.home.arena, COLLECTION_CALENDAR,
		 VIEW("work"), &c), "find");
	same(c.display_name, VIEW("Work"), "as it was called");
	is_number(c.items, 2, "with its items");
	is_number(c.bytes, 8, "and bytes");
	same(text_of(&s, c.id, "a.ics"), VIEW("one"), "as they were");
	same(text_of(&s, c.id, "b.ics"), VIEW("three"), "the last version");
	is_number(count_at(&s, c.id, 5), 2, "both are found by their time");
	times_fit(&s, c.id);
	is_number(count_at(&s, c.id, 1000000000), 1, "one has no end");
	must(property_get(s.a, s.home.arena, c.id, VIEW("x color"), &color),
	    "property");
	same(color, VIEW("red"), "in its colour");
	ok(undo(&s, id) == NOT_FOUND, "once");
	put(&s, c.id, "c.ics", "new");
	same(text_of(&s, c.id, "c.ics"), VIEW("new"), "it can be used");

	/* Again, with its name taken meanwhile. */
	s.calendar = c.id;
	must(account_write(s.a, remove_it, &s, DURABLE_LATER), "remove");
	(void)list(&s, 0, &e);
	ok(e[0].what == HISTORY_GONE, "gone again");
	id = e[0].id;
	must(account_write(s.a, add_work, &s, DURABLE_LATER), "the same name");
	is_result(history_undo(s.a, s.home.arena, id, &out), OK, "back");
	ok(view_starts(out.name, VIEW("work-")), "under another name");
	must(collection_find(s.a, s.home.arena, COLLECTION_CALENDAR, out.name,
		 &c), "find");
	same(text_of(&s, c.id, "c.ics"), VIEW("new"), "with what was in it");
	end(&s);
}

static void
test_off(void)
{
	struct scene s;
	struct history_event *e;

	begin(&s, 0);
	put(&s, s.calendar, "a.ics", "one");
	put(&s, s.calendar, "a.ics", "two");
	is_number((int64_t)list(&s, 0, &e), 0, "switched off: nothing");
	end(&s);
}

/* One that is empty counts too: its properties stay. */
static void
test_many_gone(void)
{
	struct scene s;
	struct history_event *e;
	size_t count, gone = 0;

	begin(&s, 30);
	put(&s, s.calendar, "a.ics", "one");
	for (int i = 0; i <= LIMIT_HISTORY_GONE; i++) {
		struct collection c;

		must(account_write(s.a, remove_it, &s, DURABLE_LATER),
		    "remove");
		must(account_write(s.a, add_work, &s, DURABLE_LATER), "add");
		must(collection_find(s.a, s.home.arena, COLLECTION_CALENDAR,
			 VIEW("work"), &c), "find");
		s.calendar = c.id;
	}
	must(history_prune(s.a), "prune");
	must(history_list(s.a, s.home.arena, 0, 2 * LIMIT_HISTORY_GONE, &e,
		 &count), "list");
	for (size_t i = 0; i < count; i++)
		gone += e[i].what == HISTORY_GONE;
	is_number((int64_t)gone, LIMIT_HISTORY_GONE, "so many are kept");
	ok(count > 0 && e[count - 1].items == 0, "the oldest has gone");
	end(&s);
}

/* Closed and opened again with fewer days, all is too old. */
static void
test_prune(void)
{
	struct scene s;
	struct history_event *e;
	int64_t id;

	begin(&s, 30);
	put(&s, s.calendar, "a.ics", "one");
	put(&s, s.calendar, "a.ics", "two");
	put(&s, s.other, "b.ics", "b");
	must(account_write(s.a, remove_it, &s, DURABLE_LATER), "remove");
	must(history_prune(s.a), "prune");
	ok(list(&s, 0, &e) == 4, "nothing is too old");
	id = account_id(s.a);
	account_close(&s.a);
	store_close(&s.home.store);
	open_store(&s, 0);
	must(account_open(s.home.store, id, &s.a), "account_open");
	must(history_prune(s.a), "prune");
	account_close(&s.a);
	store_close(&s.home.store);
	open_store(&s, 30);
	must(account_open(s.home.store, id, &s.a), "account_open");
	is_number((int64_t)list(&s, 0, &e), 1, "only what is there now");
	same(text_of(&s, s.other, "b.ics"), VIEW("b"), "which stays");
	end(&s);
}

int
main(void)
{
	test_objects();
	test_move();
	test_collection();
	test_off();
	test_many_gone();
	test_prune();
	return tap_done();
}
