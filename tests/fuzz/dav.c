/* Requests to the DAV handlers, a byte 0xff between two: the first line is
 * "METHOD target", then header fields, an empty line, and the body.  Never 500,
 * and what is XML is well-formed.  The books of the accounts stay right, and
 * clients that ask what has changed hear of all of it (dav_follower.h).
 * Everything is put back after each input. */
#include "mailcore/format/xml_in.h"
#include "tests/dialog/dav_follower.h"
#include "tests/dialog/house.h"
#include "tests/dialog/house_back.h"
#include "tests/unit/dav_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int LLVMFuzzerInitialize(int *, char ***);

enum { REQUESTS = 12, QUOTA = 1 << 20 };
#define SEPARATOR ((char)0xff)

#define XML "Content-Type: application/xml\n"
#define ROLES(roles) \
	"<acl-query xmlns=\"urn:inverse:params:xml:ns:inverse-dav\">" \
	"<set-roles user=\"other@example.org\">" roles "</set-roles>" \
	"</acl-query>"
#define WEEKLY "RRULE:FREQ=WEEKLY;COUNT=9\r\n"
#define PEOPLE \
	"ORGANIZER:mailto:user@example.org\r\n" \
	"ATTENDEE;PARTSTAT=ACCEPTED:mailto:user@example.org\r\n" \
	"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:other@example.org\r\n"

/* What is there. */
static const struct {
	const char *method, *target, *fields, *body;
} furniture[] = {
	{ "PUT", CALENDAR "e.ics", "", EVENT("e", NINE "SUMMARY:One\r\n") },
	{ "PUT", CALENDAR "r.ics", "",
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n"
	    "BEGIN:VEVENT\r\nUID:r\r\nDTSTAMP:20260101T000000Z\r\n" NINE WEEKLY
	    "EXDATE:20300315T090000Z\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\n"
	    "TRIGGER:-PT5M\r\nDESCRIPTION:x\r\nEND:VALARM\r\nEND:VEVENT\r\n"
	    "BEGIN:VEVENT\r\nUID:r\r\nDTSTAMP:20260101T000000Z\r\n"
	    "RECURRENCE-ID:20300308T090000Z\r\nCLASS:PRIVATE\r\n"
	    "DTSTART:20300308T110000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\n"
	    "END:VCALENDAR\r\n" },
	{ "PUT", CALENDAR "t.ics", "",
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n"
	    "BEGIN:VTODO\r\nUID:t\r\nDTSTAMP:20260101T000000Z\r\n"
	    "DUE:20300301T090000Z\r\nSUMMARY:Do\r\nEND:VTODO\r\n"
	    "END:VCALENDAR\r\n" },
	{ "PUT", CALENDAR "i.ics", "", EVENT("i", NINE PEOPLE) },
	{ "PUT", CALENDAR "gone.ics", "", EVENT("gone", NINE) },
	{ "DELETE", CALENDAR "gone.ics", "", "" },
	{ "POST", CALENDAR "e.ics?action=attachment-add",
	    "Content-Type: text/plain\n"
	    "Content-Disposition: attachment; filename=a.txt\n", "a" },
	{ "MKCALENDAR", HOME "Calendar/work/", "", "" },
	{ "PUT", HOME "Calendar/work/w.ics", "", EVENT("w", NINE) },
	{ "POST", HOME "Calendar/work/", XML,
	    ROLES("<PublicModifier/><ObjectCreator/><ObjectEraser/>") },
	{ "POST", CALENDAR, XML, ROLES("<PublicDAndTViewer/>") },
	{ "PUT", BOOK "c.vcf", "",
	    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c\r\nFN:Ann\r\nN:Ann;;;;\r\n"
	    "EMAIL;TYPE=INTERNET:c@example.com\r\nEND:VCARD\r\n" },
	{ "PUT", BOOK "g.vcf", "",
	    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:g\r\nFN:All\r\nN:All;;;;\r\n"
	    "X-ADDRESSBOOKSERVER-KIND:group\r\n"
	    "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:c\r\nEND:VCARD\r\n" },
	{ "PUT", OTHER_HOME "Calendar/personal/o.ics", AS_OTHER,
	    EVENT("o", NINE) },
	{ "PROPPATCH", CALENDAR, XML,
	    "<propertyupdate xmlns=\"DAV:\"><set><prop><x xmlns=\"y\">z</x>"
	    "<displayname>Mine</displayname></prop></set></propertyupdate>" },
	{ "MKCOL", HOME "Files/docs/", "", "" },
	{ "PUT", HOME "Files/docs/a.txt", "Content-Type: text/plain\n", "a" },
};

/* Whom somebody follows. */
static const char *const followed[]
    = { CALENDAR, HOME "Calendar/work/", BOOK, HOME "Files/docs/" };

static struct talk fuzzed;
static int64_t accounts[2];
static struct back backs[3]; /* of those, and the house */
static struct dav_copy copies[COUNT(followed)];

static void
finish(void)
{
	for (size_t i = 0; i < COUNT(backs); i++)
		back_close(&backs[i]);
	talk_close(&fuzzed);
}

static int64_t
find_account(view address)
{
	struct account_info info;
	struct arena *arena = arena_new(65536);

	house_check(account_find(fuzzed.store, arena, address, &info));
	arena_free(&arena);
	house_check(account_set_quota(fuzzed.store, info.id, QUOTA));
	house_check(account_set_password(fuzzed.store, info.id,
	    VIEW(HOUSE_HASH)));
	return info.id;
}

static void
furnish(void)
{
	for (size_t i = 0; i < COUNT(furniture); i++) {
		struct reply r = talk(&fuzzed, furniture[i].method,
		    furniture[i].target, furniture[i].fields,
		    furniture[i].body);

		dav_must(r.status < 300, furniture[i].target, &r);
		reply_free(&r);
	}
	house_check(store_sync(fuzzed.store));
}

int
LLVMFuzzerInitialize(int *count, char ***words)
{
	house_begin(count, words);
	talk_open(&fuzzed);
	house_hasten(fuzzed.auth);
	fuzzed.services.directory = true;
	accounts[0] = find_account(VIEW("user@example.org"));
	accounts[1] = find_account(VIEW("other@example.org"));
	furnish();
	for (size_t i = 0; i < COUNT(accounts); i++)
		back_open(&backs[i], fuzzed.folder, accounts[i], "");
	back_open(&backs[2], fuzzed.folder, 0, "");
	for (size_t i = 0; i < COUNT(followed); i++)
		if (!dav_sync(&fuzzed, followed[i], &copies[i]))
			abort();
	return atexit(finish);
}

static void
check(const struct reply *r)
{
	struct arena *arena = arena_new(134217728);
	struct xml_element *root;

	if (r->status == 0 || r->status == 500)
		abort();
	if (view_starts(buf_view(&r->body), VIEW("<?xml"))
	    && xml_parse(buf_view(&r->body), arena, &root).is == MALFORMED)
		abort();
	arena_free(&arena);
}

static void
ask(view rest)
{
	view line = view_cut(&rest, '\n'), method = view_cut(&line, ' ');
	struct buf headers = buf_new(65536), target = buf_new(65536);
	char name[32];
	struct reply r;

	if (view_copy(method, name, sizeof name)
	    && view_find_byte(line, '\0') == SIZE_MAX) {
		buf_add(&target, line);
		for (line = view_cut(&rest, '\n'); line.n > 0;
		     line = view_cut(&rest, '\n')) {
			buf_add(&headers, line);
			buf_add_byte(&headers, '\n');
		}
		r = talk_bytes(
		    &fuzzed, name, buf_text(&target), buf_text(&headers), rest);
		check(&r);
		reply_free(&r);
	}
	buf_free(&headers);
	buf_free(&target);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view input = { (const char *)data, size };

	for (int n = 0; n < REQUESTS && input.n > 0; n++)
		ask(view_cut(&input, SEPARATOR));
	for (size_t i = 0; i < COUNT(followed) && back_is_due(&backs[0]); i++)
		dav_check_copy(&fuzzed, followed[i], &copies[i]);
	for (size_t i = 0; i < COUNT(accounts); i++)
		if (back_is_due(&backs[i]))
			house_verify(fuzzed.store, accounts[i]);
	for (size_t i = 0; i < COUNT(backs); i++)
		back_put(&backs[i]);
	return 0;
}
