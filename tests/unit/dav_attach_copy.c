/* Files of one event that another one names too (RFC 8607 3.7). */
#include "mailcore/store/right.h"
#include "mailcore/store/verify.h"
#include "tests/unit/dav_event.h"

#define PLACE "/SOGo/dav/user@example.org/Attachments/"
#define TWO HOME "Calendar/two/"
#define REFUSED "<C:valid-managed-id/>"

/* What stands behind a word on the unfolded lines of an event. */
static void
find(struct talk *t, const char *event, const char *word, char to[256])
{
	struct reply r = talk(t, "GET", event, "", "");
	view found;
	size_t at;

	unfold(&r.body);
	found = buf_view(&r.body);
	at = view_find(found, view_of(word));
	to[0] = '\0';
	if (at != SIZE_MAX) {
		found = view_from(found, at);
		found = view_cut(&found, '\r');
		if (word[0] != '/')
			found = view_cut(&found, ';');
		(void)view_copy(found, to, 256);
	}
	reply_free(&r);
}

static struct account_info
known(struct talk *t, view address, struct arena *arena)
{
	struct account_info info;

	talk_must(account_find(t->store, arena, address, &info), "find");
	return info;
}

static void
grant(struct talk *t, view calendar, unsigned rights)
{
	struct arena *arena = arena_new(65536);
	struct right_grant g = { .whom = RIGHT_ACCOUNT,
		.kind = COLLECTION_CALENDAR, .rights = rights };
	int64_t owner = known(t, VIEW("user@example.org"), arena).id;
	struct collection c;
	struct account *a;

	g.id = known(t, VIEW("other@example.org"), arena).id;
	talk_must(account_open(t->store, owner, &a), "open");
	talk_must(collection_find(a, arena, COLLECTION_CALENDAR, calendar, &c),
	    "calendar");
	account_close(&a);
	g.collection = c.id;
	talk_must(right_grant(t->store, owner, &g), "grant");
	arena_free(&arena);
}

static void
put(struct talk *t, const char *event, const char *headers, const char *uid,
    const char *id, unsigned status, const char *what)
{
	char text[1024];

	snprintf(text, sizeof text, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
	    "PRODID:-//t//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\n"
	    "DTSTAMP:20260101T000000Z\r\n" NINE
	    "ATTACH;%s;FMTTYPE=text/html;SIZE=9;FILENAME=\"a b.txt\":"
	    "https://dav.example.org" PLACE "x/a%%20b.txt\r\n"
	    "END:VEVENT\r\nEND:VCALENDAR\r\n", uid, id);
	expect(t, "PUT", event, headers, text, status,
	    status == 403 ? REFUSED : NULL, what);
}

static void
test_copied(struct talk *t, char id[256])
{
	char path[256], other[256], other_path[256];
	struct reply r;

	expect(t, "PUT", CALENDAR "a.ics", "", EVENT("a", NINE), 201, NULL,
	    "an event");
	expect(t, "POST", CALENDAR "a.ics?action=attachment-add",
	    "Content-Type: text/plain\n", "hello", 201, NULL, "with a file");
	find(t, CALENDAR "a.ics", "MANAGED-ID=", id);
	find(t, CALENDAR "a.ics", PLACE, path);
	put(t, CALENDAR "b.ics", "", "b", id, 201, "another one names it");
	find(t, CALENDAR "b.ics", "MANAGED-ID=", other);
	find(t, CALENDAR "b.ics", PLACE, other_path);
	ok(strlen(other) == strlen(id) && strcmp(other, id) != 0
		&& strstr(other_path, other + 11) != NULL,
	    "and has one of its own: %s, %s", other, other_path);
	is_number(kept(t), 2, "which is kept");
	expect(t, "GET", other_path, "", "", 200, "hello", "and the same");
	find(t, CALENDAR "b.ics", "FMTTYPE=text/plain", path);
	find(t, CALENDAR "b.ics", "SIZE=5", other);
	ok(path[0] != '\0' && other[0] != '\0', "it is told what it is");
	find(t, CALENDAR "a.ics", PLACE, path);
	ok(strstr(other_path, "/a%20b.txt") != NULL, "and keeps its name");
	r = talk(t, "GET", CALENDAR "b.ics", "", "");
	expect(t, "PUT", CALENDAR "b.ics", "", buf_text(&r.body), 204, NULL,
	    "written as it is");
	reply_free(&r);
	is_number(kept(t), 2, "it is copied once");
	expect(t, "DELETE", CALENDAR "a.ics", "", "", 204, NULL,
	    "the first one goes");
	is_number(kept(t), 1, "with its file");
	expect(t, "GET", path, "", "", 404, NULL, "that is");
	expect(t, "GET", other_path, "", "", 200, "hello", "not the other");
	find(t, CALENDAR "b.ics", "MANAGED-ID=", id);
}

/* What a client is not told: bytes other than those it sent. */
static void
test_etag(struct talk *t, const char *id)
{
	char text[512];
	struct reply r;

	snprintf(text, sizeof text, EVENT("c", NINE "ATTACH;%s:x\r\n"), id);
	r = talk(t, "PUT", CALENDAR "c.ics", "", text);
	ok(r.status == 201 && !reply_header(&r, "\nETag:"),
	    "no ETag for what was changed");
	reply_free(&r);
	expect(t, "DELETE", CALENDAR "c.ics", "", "", 204, NULL, "over");
}

static void
test_rights(struct talk *t, const char *id)
{
	static const char hers[] = "/SOGo/dav/user@example.org/Calendar/two/";
	char event[128];

	snprintf(event, sizeof event, "%sd.ics", hers);
	expect(t, "MKCALENDAR", TWO, "", "", 201, NULL, "another calendar");
	grant(t, VIEW("two"), RIGHT_READ | RIGHT_INSERT | RIGHT_CHANGE
	    | RIGHT_POST);
	put(t, event, AS_OTHER, "d", id, 403, "not of what she cannot read");
	is_number(kept(t), 1, "nothing is copied");
	grant(t, VIEW("personal"), RIGHT_READ);
	put(t, event, AS_OTHER, "d", id, 201, "of what she reads");
	is_number(kept(t), 2, "it is");
	put(t, CALENDAR "e.ics", "", "e", "MANAGED-ID=none", 403,
	    "not of nothing");
}

/* Wherever it is named: also in an alarm, and in a to-do. */
static void
test_places(struct talk *t, const char *id)
{
	char text[1024], path[256];

	snprintf(text, sizeof text, EVENT("f", NINE
	    "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT5M\r\n"
	    "ATTACH;%s:https://dav.example.org" PLACE "x/a.wav\r\n"
	    "END:VALARM\r\n"), id);
	expect(t, "PUT", CALENDAR "f.ics", "", text, 201, NULL,
	    "an alarm names it");
	find(t, CALENDAR "f.ics", PLACE, path);
	expect(t, "GET", path, "", "", 200, "hello", "and has its own");
	expect(t, "DELETE", CALENDAR "f.ics", "", "", 204, NULL, "over");
	expect(t, "GET", path, "", "", 404, NULL, "it goes with it");
	snprintf(text, sizeof text,
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n"
	    "BEGIN:VTODO\r\nUID:g\r\nDTSTAMP:20260101T000000Z\r\n"
	    "ATTACH;%s:https://dav.example.org" PLACE "x/a.txt\r\n"
	    "END:VTODO\r\nEND:VCALENDAR\r\n", id);
	expect(t, "PUT", CALENDAR "g.ics", "", text, 201, NULL,
	    "a to-do names it");
	find(t, CALENDAR "g.ics", PLACE, path);
	expect(t, "GET", path, "", "", 200, "hello", "and has its own");
	expect(t, "DELETE", CALENDAR "g.ics", "", "", 204, NULL, "over");
}

/* An event of the same UID is no way to a calendar that is closed. */
static void
test_same_uid(struct talk *t, char id[256])
{
	char event[128], before[256], after[256], text[512];

	expect(t, "MKCALENDAR", HOME "Calendar/three/", "", "", 201, NULL,
	    "a calendar of one's own");
	expect(t, "PUT", HOME "Calendar/three/h.ics", "", EVENT("h", NINE),
	    201, NULL, "an event");
	expect(t, "POST", HOME "Calendar/three/h.ics?action=attachment-add",
	    "Content-Type: text/plain\n", "secret", 201, NULL, "with a file");
	find(t, HOME "Calendar/three/h.ics", "MANAGED-ID=", id);
	find(t, HOME "Calendar/three/h.ics", PLACE, before);
	expect(t, "GET", before, AS_OTHER, "", 404, NULL, "not hers");
	snprintf(event, sizeof event, "%s", TWO "h.ics");
	put(t, event, AS_OTHER, "h", id, 403, "nor by another of that UID");
	expect(t, "PUT", event, AS_OTHER, EVENT("h", NINE), 201, NULL,
	    "without it");
	put(t, event, AS_OTHER, "h", id, 403, "nor later");
	snprintf(text, sizeof text, EVENT("h", NINE
	    "ATTACH;MANAGED-ID=none;%s:x\r\nSUMMARY:%s\r\n"), id, id);
	expect(t, "PUT", event, AS_OTHER, text, 403, REFUSED, "nor behind");
	snprintf(text, sizeof text, EVENT("h", NINE
	    "SUMMARY:%s\r\nATTACH;X-%s:x\r\n"), id, id);
	expect(t, "PUT", event, AS_OTHER, text, 204, NULL,
	    "words are no attachment");
	expect(t, "GET", before, AS_OTHER, "", 404, NULL, "still not hers");
	expect(t, "POST", TWO "h.ics?action=attachment-add",
	    AS_OTHER "Content-Type: text/plain\n", "open", 201, NULL,
	    "but she adds one");
	find(t, TWO "h.ics", PLACE, after);
	expect(t, "GET", after, AS_OTHER, "", 200, "open", "and reads it");
	put(t, CALENDAR "h.ics", "", "h", id, 201, "the owner may name it");
}

/* A client folds where it likes. */
static void
test_folded(struct talk *t)
{
	char id[256], path[256], text[512];
	int from = (int)strlen("MANAGED-ID=");

	expect(t, "PUT", CALENDAR "k.ics", "", EVENT("k", NINE), 201, NULL,
	    "an event");
	expect(t, "POST", CALENDAR "k.ics?action=attachment-add",
	    "Content-Type: text/plain\n", "hello", 201, NULL, "with a file");
	find(t, CALENDAR "k.ics", "MANAGED-ID=", id);
	find(t, CALENDAR "k.ics", PLACE, path);
	grant(t, VIEW("personal"), RIGHT_READ);
	snprintf(text, sizeof text, EVENT("k", NINE
	    "ATTACH;MANAGED-\r\n ID=%.9s\r\n %s:x\r\n"), id + from,
	    id + from + 9);
	expect(t, "PUT", CALENDAR "k.ics", "", text, 204, NULL, "folded");
	expect(t, "GET", path, "", "", 200, "hello", "its file stays");
	expect(t, "GET", path, AS_OTHER, "", 200, "hello", "for readers too");
	expect(t, "COPY", CALENDAR "k.ics", "Destination: " TWO "k.ics\n", "",
	    201, NULL, "a copy");
	expect(t, "DELETE", TWO "k.ics", "", "", 204, NULL, "goes");
	expect(t, "GET", path, "", "", 200, "hello", "its file stays");
	expect(t, "DELETE", CALENDAR "k.ics", "", "", 204, NULL, "both");
	expect(t, "GET", path, "", "", 404, NULL, "it goes with them");
}

static void
show_fault(void *context, const struct verify_finding *f)
{
	(void)context;
	note("%s: %lld, %lld", f->what, (long long)f->collection,
	    (long long)f->number);
}

static void
test_books(struct talk *t)
{
	struct arena *arena = arena_new(65536);
	struct account *a;
	size_t faults;

	talk_must(account_open(t->store,
		      known(t, VIEW("user@example.org"), arena).id, &a),
	    "open");
	talk_must(account_verify(a, true, show_fault, NULL, &faults),
	    "verify");
	is_number((int64_t)faults, 0, "the books are right");
	account_close(&a);
	arena_free(&arena);
}

int
main(void)
{
	struct talk t;
	char id[256];

	talk_open(&t);
	test_copied(&t, id);
	test_etag(&t, id);
	test_rights(&t, id);
	test_places(&t, id);
	test_same_uid(&t, id);
	test_folded(&t);
	test_books(&t);
	talk_close(&t);
	return tap_done();
}
