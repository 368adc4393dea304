/* COPY and MOVE between accounts, and what a crash between leaves. */
#include "tests/unit/dav_talk.h"

#include <sys/syscall.h>
#include <sys/wait.h>

#define WORK HOME "Calendar/work/"
#define OTHER "/SOGo/dav/other@example.org/"
#define ALIAS OTHER "Calendar/user_A_example_D_org_work/"
#define OWN OTHER "Calendar/personal/"
/* other@example.org:secret */
#define AS_OTHER "Authorization: Basic b3RoZXJAZXhhbXBsZS5vcmc6c2VjcmV0\n"
#define TO "Destination: "
#define INVERSE " xmlns=\"urn:inverse:params:xml:ns:inverse-dav\""
#define PATCH                                                              \
	"<propertyupdate xmlns=\"DAV:\"><set><prop><n xmlns=\"urn:x\">"    \
	"kept</n></prop></set></propertyupdate>"
#define FIND                                                               \
	"<propfind xmlns=\"DAV:\"><prop><n xmlns=\"urn:x\"/></prop></propfind>"

/* The sync that this process does not survive; 0: it survives all.  It stands
 * in front of the C library's. */
static _Atomic int deadly;

int
fdatasync(int fd)
{
	if (deadly > 0 && --deadly == 0)
		_exit(9);
	return (int)syscall(SYS_fdatasync, fd);
}

static void
share(struct talk *t, const char *roles)
{
	char body[512];
	struct reply r;

	snprintf(body, sizeof body,
	    "<acl-query" INVERSE "><set-roles user=\"other@example.org\">%s"
	    "</set-roles></acl-query>",
	    roles);
	r = talk(t, "POST", WORK, "Content-Type: text/xml\n", body);
	if (r.status != 204)
		talk_must(fail(FAILED, "set-roles"), roles);
	reply_free(&r);
	r = talk(t, "POST", WORK, AS_OTHER "Content-Type: text/xml\n",
	    "<subscribe" INVERSE "/>");
	reply_free(&r);
}

static void
start(struct talk *t)
{
	struct reply r;

	talk_open(t);
	r = talk(t, "MKCALENDAR", WORK, "", "");
	reply_free(&r);
	share(t, "<PublicModifier/><ObjectCreator/><ObjectEraser/>");
}

static void
test_ways(struct talk *t)
{
	char text[512];

	expect(t, "PUT", WORK "a.ics", "", event(text, "a", "0301"), 201,
	    NULL, "an event of the owner's");
	expect(t, "PROPPATCH", WORK "a.ics", "", PATCH, 207, "200 OK",
	    "with a property");
	expect(t, "PROPPATCH", ALIAS "a.ics", AS_OTHER,
	    "<propertyupdate xmlns=\"DAV:\"><set><prop><displayname>by him"
	    "</displayname></prop></set></propertyupdate>",
	    207, "200 OK", "and one by an editor");
	expect(t, "PROPFIND", WORK "a.ics", "Depth: 0\n",
	    "<propfind xmlns=\"DAV:\"><prop><displayname/></prop></propfind>",
	    207, ">by him<", "that is the event's, not his own");
	expect(t, "COPY", ALIAS "a.ics", AS_OTHER TO OWN "b.ics\n", "", 201,
	    NULL, "COPY from another's to one's own");
	expect(t, "GET", OWN "b.ics", AS_OTHER, "", 200, "UID:a\r\n",
	    "there it is");
	expect(t, "PROPFIND", OWN "b.ics", AS_OTHER "Depth: 0\n", FIND, 207,
	    "kept</x:n>", "with its property");
	expect(t, "GET", WORK "a.ics", "", "", 200, NULL, "and here too");
	expect(t, "COPY", ALIAS "a.ics", AS_OTHER TO OWN "c.ics\n", "", 403,
	    "<C:no-uid-conflict><D:href>" OWN "b.ics<", "one of each UID");
	expect(t, "COPY", ALIAS "a.ics",
	    AS_OTHER TO OWN "b.ics\nOverwrite: F\n", "", 412, NULL,
	    "Overwrite: F");
	expect(t, "COPY", ALIAS "a.ics", AS_OTHER TO OWN "b.ics\n", "", 204,
	    NULL, "and over it");
	expect(t, "COPY", ALIAS "a.ics",
	    AS_OTHER TO OWN "b.ics\nIf-Match: \"old\"\n", "", 412, NULL,
	    "If-Match of another version");
	expect(t, "MOVE", OWN "b.ics", AS_OTHER TO ALIAS "d.ics\n", "", 403,
	    "<C:no-uid-conflict>", "MOVE keeps to that as well");
	expect(t, "DELETE", WORK "a.ics", "", "", 204, NULL, "it goes");
	expect(t, "MOVE", OWN "b.ics", AS_OTHER TO WORK "d.ics\n", "", 201,
	    NULL, "MOVE to another's, by his own path");
	expect(t, "GET", OWN "b.ics", AS_OTHER, "", 404, NULL, "gone here");
	expect(t, "PROPFIND", WORK "d.ics", "Depth: 0\n", FIND, 207,
	    "kept</x:n>", "and there with its property");
	expect(t, "MOVE", ALIAS "d.ics",
	    AS_OTHER TO OTHER "Calendar/none/e.ics\n", "", 409, NULL,
	    "to no calendar");
	expect(t, "MOVE", ALIAS "d.ics",
	    AS_OTHER TO OTHER "Contacts/personal/e.vcf\n", "", 403,
	    "<D:bind/>", "to no calendar at all");
	expect(t, "COPY", ALIAS "d.ics", AS_OTHER TO WORK "d.ics\n", "", 403,
	    NULL, "to itself by the other path");
	expect(t, "MOVE", ALIAS "d.ics", AS_OTHER TO WORK "d.ics\n", "", 403,
	    NULL, "nor can it go there");
	expect(t, "MOVE", ALIAS "d.ics", AS_OTHER TO WORK "n.ics\n", "", 403,
	    "<C:no-uid-conflict>", "or beside itself");
	expect(t, "GET", ALIAS "d.ics", AS_OTHER, "", 200, NULL, "it stays");
}

static void
test_rights(struct talk *t)
{
	char text[512];

	expect(t, "PUT", OWN "r.ics", AS_OTHER, event(text, "r", "0302"), 201,
	    NULL, "an event");
	share(t, "<PublicViewer/>");
	expect(t, "COPY", OWN "r.ics", AS_OTHER TO ALIAS "r.ics\n", "", 403,
	    "<D:bind/>", "who may only read puts nothing there");
	expect(t, "MOVE", ALIAS "d.ics", AS_OTHER TO OWN "d.ics\n", "", 403,
	    "<D:unbind/>", "and takes nothing away");
	expect(t, "COPY", ALIAS "d.ics", AS_OTHER TO OWN "d.ics\n", "", 201,
	    NULL, "but copies");
	share(t, "<PublicDAndTViewer/>");
	expect(t, "COPY", ALIAS "d.ics", AS_OTHER TO OWN "e.ics\n", "", 403,
	    NULL, "who sees only when copies nothing");
	expect(t, "COPY", OWN "r.ics", AS_OTHER TO CALENDAR "r.ics\n", "",
	    403, "<D:bind/>", "nor to a calendar that is not shown");
	share(t, "<PublicModifier/><ObjectCreator/><ObjectEraser/>");
}

static void
test_meeting(struct talk *t)
{
	expect(t, "PUT", WORK "m.ics", "",
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\n"
	    "UID:m\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\n"
	    "ORGANIZER:mailto:user@example.org\r\n"
	    "ATTENDEE:mailto:user@example.org\r\n"
	    "ATTENDEE:mailto:eve@example.com\r\nEND:VEVENT\r\n"
	    "END:VCALENDAR\r\n",
	    201, NULL, "a meeting");
	expect(t, "MOVE", ALIAS "m.ics", AS_OTHER TO OWN "m.ics\n", "", 403,
	    "unique-scheduling-object-resource", "stays with its organizer");
}

static void
test_quota(struct talk *t)
{
	struct arena *arena = arena_new(65536);
	struct account_info other;
	char text[512];

	expect(t, "PUT", WORK "q.ics", "", event(text, "q", "0303"), 201,
	    NULL, "an event");
	talk_must(account_find(t->store, arena, VIEW("other@example.org"),
		      &other),
	    "account");
	talk_must(account_set_quota(t->store, other.id, 1), "quota");
	arena_free(&arena);
	expect(t, "MOVE", ALIAS "q.ics", AS_OTHER TO OWN "q.ics\n", "", 507,
	    "<D:quota-not-exceeded/>", "no room there");
	expect(t, "GET", WORK "q.ics", "", "", 200, NULL, "it is still here");
}

static unsigned
status_of(struct talk *t, const char *target, const char *headers)
{
	struct reply r = talk(t, "GET", target, headers, "");
	unsigned status = r.status;

	reply_free(&r);
	return status;
}

/* In a process of its own: a MOVE that dies at the nth sync.  0: it lives
 * through all of them. */
static int
move_and_die(int n)
{
	char text[512];
	struct talk t;
	struct reply r;
	pid_t child;
	int code;

	start(&t);
	r = talk(&t, "PUT", WORK "x.ics", "", event(text, "x", "0304"));
	reply_free(&r);
	auth_free(&t.auth);
	store_close(&t.store);
	child = fork();
	if (child == 0) {
		talk_reopen(&t);
		deadly = n;
		r = talk(&t, "MOVE", ALIAS "x.ics",
		    AS_OTHER TO OWN "y.ics\n", "");
		_exit(r.status == 201 ? 0 : 1);
	}
	if (child < 0 || waitpid(child, &code, 0) != child)
		talk_must(fail(FAILED, "fork"), "a child");
	talk_must(store_recover(t.folder), "recover");
	talk_reopen(&t);
	ok(status_of(&t, WORK "x.ics", "") == 200
		|| status_of(&t, OWN "y.ics", AS_OTHER) == 200,
	    "killed at sync %d it is somewhere", n);
	code = WIFEXITED(code) ? WEXITSTATUS(code) : 1;
	if (code == 0)
		ok(status_of(&t, WORK "x.ics", "") == 404
			&& status_of(&t, OWN "y.ics", AS_OTHER) == 200,
		    "done, it is there alone");
	talk_close(&t);
	return code;
}

static void
test_crash(void)
{
	int n = 1, code;

	while ((code = move_and_die(n)) == 9 && n < 64)
		n++;
	ok(code == 0 && n > 2, "%d syncs in all", n - 1);
}

int
main(void)
{
	struct talk t;

	test_crash();
	start(&t);
	test_ways(&t);
	test_rights(&t);
	test_meeting(&t);
	test_quota(&t);
	talk_close(&t);
	return tap_done();
}
