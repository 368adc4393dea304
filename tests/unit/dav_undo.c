/* What is undone comes back with its files, and is found by its time. */
#include "mailcore/store/history.h"
#include "mailcore/store/verify.h"
#include "tests/unit/dav_event.h"

#define TEXT "Content-Type: text/plain; charset=utf-8\n"
#define THREE HOME "Calendar/three/"

/* What `before` leads to in the text of an event, without folding. */
static void
part_of(struct talk *t, const char *event, const char *before,
    const char *ends, char to[256])
{
	struct reply r = talk(t, "GET", event, "", "");
	view rest;
	size_t at;

	unfold(&r.body);
	to[0] = '\0';
	at = view_find(buf_view(&r.body), view_of(before));
	if (at != SIZE_MAX) {
		rest = view_from(buf_view(&r.body), at);
		rest = view_first(rest, strcspn(rest.p, ends));
		(void)view_copy(rest, to, 256);
	}
	reply_free(&r);
}

/* The newest change of that kind, or 0. */
static int64_t
newest(struct account *a, struct arena *arena, enum history_what what)
{
	struct history_event *all;
	size_t count;

	talk_must(history_list(a, arena, 0, 100, &all, &count), "list");
	for (size_t i = 0; i < count; i++) {
		if (all[i].kind != COLLECTION_CALENDAR)
			ok(false, "a file is shown as a change");
		if (all[i].what == what)
			return all[i].id;
	}
	return 0;
}

static void
show_fault(void *context, const struct verify_finding *f)
{
	(void)context;
	printf("# %s: %lld, %lld\n", f->what, (long long)f->collection,
	    (long long)f->number);
}

static void
undo(struct talk *t, enum history_what what, const char *about)
{
	struct arena *arena = arena_new(16777216);
	struct account_info info;
	struct history_undone out;
	struct account *a;
	size_t faults;
	result r;

	talk_must(account_find(t->store, arena, VIEW("user@example.org"),
		      &info), "find");
	talk_must(account_open(t->store, info.id, &a), "open");
	r = history_undo(a, arena, newest(a, arena, what), &out);
	ok(r.is == OK, "%s: undone (%s)", about, r.why);
	talk_must(account_verify(a, true, show_fault, NULL, &faults),
	    "verify");
	is_number((int64_t)faults, 0, "and the books are right");
	account_close(&a);
	arena_free(&arena);
}

#define RANGE(from, to)                                                     \
	"<calendar-query xmlns=\"urn:ietf:params:xml:ns:caldav\"><filter>"  \
	"<comp-filter name=\"VCALENDAR\"><comp-filter name=\"VEVENT\">"     \
	"<time-range start=\"" from "\" end=\"" to "\"/></comp-filter>"     \
	"</comp-filter></filter></calendar-query>"

static void
is_found(struct talk *t, const char *name, const char *about)
{
	struct reply r = talk(t, "REPORT", THREE,
	    "Depth: 1\n", RANGE("20300301T000000Z", "20300302T000000Z"));

	ok(reply_has(&r, name), "%s: found by its time", about);
	reply_free(&r);
	r = talk(t, "REPORT", THREE, "Depth: 1\n",
	    RANGE("20300303T000000Z", "20300304T000000Z"));
	ok(!reply_has(&r, name), "%s: not at another", about);
	reply_free(&r);
}

/* With a history, which is off in other tests. */
static void
keep_history(struct talk *t)
{
	auth_free(&t->auth);
	store_close(&t->store);
	talk_must(store_open(&t->store, &(struct store_options){
		      .data = t->folder, .journal = "web",
		      .history_days = 30 }), "store");
	talk_must(auth_new(&t->auth, t->store), "auth");
	t->services.store = t->store;
	t->services.auth = t->auth;
}

static void
add_file(struct talk *t, const char *event, char path[256])
{
	char url[256];

	snprintf(url, sizeof url, "%s?action=attachment-add", event);
	expect(t, "POST", url, TEXT, "hello", 201, NULL, "a file");
	part_of(t, event, HOME "Attachments/", "\r", path);
}

/* Undone, an event has its files again, for as long as they are kept. */
static void
test_changes(struct talk *t, const char *event)
{
	char path[256], id[256], url[512];

	expect(t, "PUT", event, "", EVENT("u", NINE), 201, NULL, "an event");
	add_file(t, event, path);
	expect(t, "PUT", event, "", EVENT("u", NINE), 204, NULL, "without");
	expect(t, "GET", path, "", "", 404, NULL, "the file is gone");
	undo(t, HISTORY_CHANGED, "changed");
	is_number(kept(t), 1, "the file is back");
	expect(t, "GET", path, "", "", 200, "hello", "by its address");
	is_found(t, "u.ics", "changed");
	undo(t, HISTORY_CHANGED, "and once more");
	is_number(kept(t), 0, "the file is gone with its line");
	undo(t, HISTORY_CHANGED, "and back");
	expect(t, "GET", path, "", "", 200, "hello", "with the file");

	part_of(t, event, "MANAGED-ID=", ":;\r", id);
	snprintf(url, sizeof url, "%s?action=attachment-update&managed-id=%s",
	    event, id + strlen("MANAGED-ID="));
	expect(t, "POST", url, TEXT, "again", 204, NULL, "another version");
	undo(t, HISTORY_CHANGED, "updated");
	is_number(kept(t), 1, "one file");
	expect(t, "GET", path, "", "", 200, "hello", "the first");
}

static void
test_removed(struct talk *t, const char *event)
{
	char path[256];

	part_of(t, event, HOME "Attachments/", "\r", path);
	expect(t, "DELETE", event, "", "", 204, NULL, "removed");
	is_number(kept(t), 0, "with its file");
	undo(t, HISTORY_REMOVED, "removed");
	expect(t, "GET", path, "", "", 200, "hello", "the file is back");
	is_found(t, "u.ics", "removed");
	expect(t, "DELETE", THREE, "", "", 204, NULL, "the calendar goes");
	is_number(kept(t), 0, "with all files");
	undo(t, HISTORY_GONE, "the calendar");
	is_number(kept(t), 1, "with its file");
	expect(t, "GET", path, "", "", 200, "hello", "all is back");
	is_found(t, "u.ics", "the calendar");
}

/* A copy that names the file has it whatever becomes of the other. */
static void
test_copy(struct talk *t, const char *event)
{
	char path[256];

	part_of(t, event, HOME "Attachments/", "\r", path);
	expect(t, "COPY", event, "Destination: " CALENDAR "u.ics\n", "", 201,
	    NULL, "a copy");
	undo(t, HISTORY_ADDED, "the copy");
	expect(t, "GET", path, "", "", 200, "hello", "the file stays");
	expect(t, "COPY", event, "Destination: " CALENDAR "u.ics\n", "", 201,
	    NULL, "a copy");
	expect(t, "DELETE", event, "", "", 204, NULL, "the first goes");
	expect(t, "GET", path, "", "", 200, "hello", "the file stays");
	undo(t, HISTORY_REMOVED, "the first");
	is_number(kept(t), 1, "one file");
	expect(t, "DELETE", CALENDAR "u.ics", "", "", 204, NULL, "over");
	expect(t, "DELETE", THREE, "", "", 204, NULL, "over");
	is_number(kept(t), 0, "nothing is left");
}

/* So has another event that named it, whose file is a copy (RFC 8607 3.7). */
static void
test_adopted(struct talk *t, const char *event)
{
	static const char other[] = CALENDAR "v.ics";
	char path[256], copy[256], id[256], text[512];

	expect(t, "MKCALENDAR", THREE, "", "", 201, NULL, "a calendar");
	expect(t, "PUT", event, "", EVENT("u", NINE), 201, NULL, "an event");
	add_file(t, event, path);
	part_of(t, event, "MANAGED-ID=", ":;\r", id);
	snprintf(text, sizeof text, EVENT("v", NINE "ATTACH;%s:x\r\n"), id);
	expect(t, "PUT", other, "", text, 201, NULL, "another names it");
	is_number(kept(t), 2, "two files");
	undo(t, HISTORY_ADDED, "the other");
	is_number(kept(t), 1, "one file");
	expect(t, "GET", path, "", "", 200, "hello", "the first one");
	expect(t, "PUT", other, "", text, 201, NULL, "once more");
	part_of(t, other, HOME "Attachments/", "\r", copy);
	expect(t, "DELETE", event, "", "", 204, NULL, "the first goes");
	expect(t, "DELETE", other, "", "", 204, NULL, "and the other");
	is_number(kept(t), 0, "no files");
	undo(t, HISTORY_REMOVED, "the other");
	expect(t, "GET", copy, "", "", 200, "hello", "its file is back");
	expect(t, "GET", path, "", "", 404, NULL, "that one alone");
	expect(t, "PUT", other, "", EVENT("v", NINE), 204, NULL, "without");
	undo(t, HISTORY_CHANGED, "the line");
	expect(t, "GET", copy, "", "", 200, "hello", "is back with its file");
	expect(t, "DELETE", THREE, "", "", 204, NULL, "over");
}

int
main(void)
{
	static const char event[] = THREE "u.ics";
	struct talk t;

	talk_open(&t);
	keep_history(&t);
	expect(&t, "MKCALENDAR", THREE, "", "", 201, NULL, "a calendar");
	test_changes(&t, event);
	test_removed(&t, event);
	test_copy(&t, event);
	test_adopted(&t, event);
	talk_close(&t);
	return tap_done();
}
