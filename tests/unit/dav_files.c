/* A person's files: folders, what may be in them, and how they are given. */
#include "tests/unit/dav_talk.h"

#include "mailcore/base/limits.h"
#include "mailcore/store/item.h"

#define FILES HOME "Files/"
/* other@example.org:secret */
#define AS_OTHER "Authorization: Basic b3RoZXJAZXhhbXBsZS5vcmc6c2VjcmV0\n"
#define D1 "Depth: 1\n"
#define HOST "Destination: http://dav.example.org"
#define SYNC(token)                                                     \
	"<sync-collection xmlns=\"DAV:\"><sync-token>" token            \
	"</sync-token><sync-level>1</sync-level><prop><getetag/>"       \
	"<resourcetype/></prop></sync-collection>"

static void
test_harmless(struct talk *t)
{
	struct reply r;

	expect(t, "PUT", FILES "p.html", "Content-Type: text/html\n",
	    "<script>alert(1)</script>", 201, NULL, "a page");
	r = talk(t, "GET", FILES "p.html", "", "");
	ok(r.status == 200 && reply_has(&r, "<script>"), "is given");
	ok(reply_header(&r, "Content-Security-Policy: default-src 'none'; "
			    "sandbox;"),
	    "in a sandbox");
	ok(reply_header(&r, "Content-Disposition: attachment"),
	    "as a download");
	ok(reply_header(&r, "Cross-Origin-Resource-Policy: same-origin"),
	    "to nobody else's page");
	ok(reply_header(&r, "Content-Type: text/html"), "as what it was put");
	reply_free(&r);
	expect(t, "PUT", FILES "odd", "Content-Type: \x80\n", "x", 201, NULL,
	    "a type that is none");
	r = talk(t, "GET", FILES "odd", "", "");
	ok(reply_header(&r, "Content-Type: application/octet-stream"),
	    "is unknown");
	reply_free(&r);
}

static void
test_tree(struct talk *t)
{
	struct reply r;

	expect(t, "MKCOL", FILES "a", "", "", 201, NULL, "a folder");
	expect(t, "MKCOL", FILES "a/b/", "", "", 201, NULL, "in a folder");
	expect(t, "MKCOL", FILES "a/b/", "", "", 405, NULL, "is there");
	expect(t, "MKCOL", FILES "p.html", "", "", 405, NULL, "a file is too");
	expect(t, "MKCOL", FILES "none/b/", "", "", 409, NULL, "no parent");
	expect(t, "MKCALENDAR", FILES "c/", "", "", 403,
	    "calendar-collection-location-ok", "no calendars");
	expect(t, "PUT", FILES "a", "", "x", 405, NULL, "PUT on a folder");
	expect(t, "PUT", FILES "none/x", "", "x", 409, NULL, "into none");
	expect(t, "PUT", FILES "a/b/f%20%C3%A9.txt", "", "x", 201, NULL,
	    "a name");
	expect(t, "POST", FILES "a/", "", "x", 405, NULL, "no POST");
	expect(t, "LOCK", FILES "a/", "", "", 405, NULL, "no locks");
	r = talk(t, "PROPFIND", FILES "a/", D1, "");
	ok(r.status == 207 && reply_has(&r, "<D:href>" FILES "a/b/</D:href>")
		&& !reply_has(&r, "f%20"),
	    "one level of it");
	reply_free(&r);
	r = talk(t, "PROPFIND", FILES "a/b", D1, "");
	ok(reply_has(&r, "<D:href>" FILES "a/b/f%20%C3%A9.txt</D:href>")
		&& reply_has(&r, "<D:displayname>b</D:displayname>"),
	    "and the next, without a slash");
	reply_free(&r);
	expect(t, "PROPFIND", FILES, "Depth: infinity\n", "", 403,
	    "propfind-finite-depth", "not all of it");
	expect(t, "PROPFIND", HOME, D1, "", 207,
	    "<D:href>" FILES "</D:href>", "a principal lists it once in use");
	r = talk(t, "PROPFIND", HOME "Calendar/", D1, "");
	ok(!reply_has(&r, "Files"), "and no calendar client sees it");
	reply_free(&r);
	expect(t, "DELETE", FILES, "", "", 403, NULL, "is there for good");
}

static void
test_carry(struct talk *t)
{
	expect(t, "COPY", FILES "a/", HOST FILES "a/b/c/\n", "", 403, NULL,
	    "not into itself");
	expect(t, "COPY", FILES "a/b/", HOST FILES "a/\n", "", 403, NULL,
	    "nor over what it is in");
	expect(t, "COPY", FILES "a/", HOST FILES "k/\n", "", 201, NULL,
	    "a tree");
	expect(t, "GET", FILES "k/b/f%20%C3%A9.txt", "", "", 200, "x", "all");
	expect(t, "MOVE", FILES "k/", HOST FILES "m/\n", "", 201, NULL,
	    "MOVE");
	expect(t, "GET", FILES "m/b/f%20%C3%A9.txt", "", "", 200, "x", "all");
	expect(t, "GET", FILES "k/b/f%20%C3%A9.txt", "", "", 404, NULL,
	    "nothing there");
	expect(t, "COPY", FILES "p.html", HOST FILES "m/\nOverwrite: F\n", "",
	    412, NULL, "Overwrite: F");
	expect(t, "COPY", FILES "p.html", HOST FILES "m/\n", "", 204, NULL,
	    "a file over a folder");
	expect(t, "GET", FILES "m", "", "", 200, "script", "is one");
	expect(t, "COPY", FILES "p.html", HOST CALENDAR "p.ics\n", "", 403,
	    NULL, "not among the calendars");
	expect(t, "PUT", CALENDAR "e.ics", "",
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\n"
	    "UID:e\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\n"
	    "END:VCALENDAR\r\n",
	    201, NULL, "an event");
	expect(t, "COPY", CALENDAR "e.ics", HOST FILES "e.ics\n", "", 403,
	    NULL, "and no event among the files");
}

static void
test_conditions(struct talk *t)
{
	expect(t, "PUT", FILES "p.html", "If-None-Match: *\n", "y", 412, NULL,
	    "If-None-Match: *");
	expect(t, "PUT", FILES "p.html", "If-Match: \"x\"\n", "y", 412, NULL,
	    "If-Match");
	expect(t, "PUT", FILES "p.html", "Content-Range: bytes 0-0/1\n", "y",
	    400, NULL, "no partial PUT");
	expect(t, "PUT", FILES "p.html", "Content-Encoding: gzip\n", "y", 415,
	    NULL, "no coding");
	expect(t, "DELETE", FILES "p.html", "If-Match: \"x\"\n", "", 412,
	    NULL, "DELETE with If-Match");
	expect(t, "MOVE", FILES "p.html",
	    "If-Match: \"x\"\n" HOST FILES "q.html\n", "", 412, NULL,
	    "MOVE with If-Match");
}

static void
test_others(struct talk *t)
{
	expect(t, "PROPFIND", FILES, AS_OTHER D1, "", 404, NULL,
	    "the owner's alone");
	expect(t, "GET", FILES "p.html", AS_OTHER, "", 404, NULL, "each");
	expect(t, "GET", "/SOGo/dav/public/user@example.org/Files/p.html",
	    "Authorization:\n", "", 404, NULL, "and not in public");
	expect(t, "COPY", FILES "p.html",
	    HOST "/SOGo/dav/other@example.org/Files/p.html\n", "", 403, NULL,
	    "nothing leaves");
}

/* The token in an answer, in `to`. */
static void
token_of(const struct reply *r, char to[256])
{
	view rest = buf_view(&r->body);

	rest = view_from(rest, view_find(rest, VIEW("<D:sync-token>")) + 14);
	(void)view_copy(view_cut(&rest, '<'), to, 256);
}

static void
test_sync(struct talk *t)
{
	char body[1024], token[256];
	struct reply r = talk(t, "REPORT", FILES, "", SYNC(""));

	ok(r.status == 207 && reply_has(&r, FILES "p.html<")
		&& reply_has(&r, FILES "a/<"),
	    "files and folders");
	token_of(&r, token);
	reply_free(&r);
	expect(t, "MKCOL", FILES "new/", "", "", 201, NULL, "a folder more");
	expect(t, "DELETE", FILES "a/", "", "", 204, NULL, "and one less");
	snprintf(body, sizeof body, SYNC("%s"), token);
	r = talk(t, "REPORT", FILES, "", body);
	ok(reply_has(&r, FILES "new/<") && reply_has(&r, FILES "a/<")
		&& reply_count(&r, "404 Not Found") == 2
		&& !reply_has(&r, "p.html"),
	    "what has changed");
	reply_free(&r);
}

static void
test_bounds(struct talk *t)
{
	char *big = calloc(1, (size_t)LIMIT_FILE + 2);
	char target[2200], name[256];
	struct reply r;
	size_t n;

	memset(big, 'x', (size_t)LIMIT_FILE + 1);
	t->options.body_limit = (uint64_t)LIMIT_FILE + 1;
	r = talk_bytes(
	    t, "PUT", FILES "big", "", (view){ big, (size_t)LIMIT_FILE });
	is_number(r.status, 201, "LIMIT_FILE bytes");
	reply_free(&r);
	r = talk_bytes(
	    t, "PUT", FILES "big", "", (view){ big, (size_t)LIMIT_FILE + 1 });
	is_number(r.status, 413, "and one more");
	reply_free(&r);
	free(big);
	/* "Files" and folders of 203 letters with their slashes. */
	memset(name, 'n', 203);
	name[203] = '\0';
	snprintf(target, sizeof target, FILES);
	for (int i = 0; i < 4; i++) {
		n = strlen(target);
		snprintf(target + n, sizeof target - n, "%s/", name);
		expect(t, "MKCOL", target, "", "", 201, NULL, "deeper");
	}
	n = strlen(target);
	/* 5 + 4 * 204 = 821; 202 more and their slash are LIMIT_FILE_PATH. */
	snprintf(target + n, sizeof target - n, "%.*s/",
	    LIMIT_FILE_PATH - 822, name);
	expect(t, "MKCOL", target, "", "", 201, NULL, "LIMIT_FILE_PATH");
	snprintf(target + n, sizeof target - n, "%.*s/",
	    LIMIT_FILE_PATH - 821, name);
	expect(t, "MKCOL", target, "", "", 403, NULL, "and one more");
}

/* So many are quicker made in the store. */
struct many {
	struct spool *bytes;
	int folders, files;
};

static result
add_many(struct account *a, void *context)
{
	struct many *m = context;
	struct item_new new = { .key = VIEW(""),
		.keywords = VIEW(""),
		.etag = VIEW("e"),
		.component = VIEW("text/plain"),
		.bytes = m->bytes };
	struct item out;
	char name[64];
	int64_t id;

	TRY(collection_add(a, COLLECTION_FILES, VIEW("Files/many"), VIEW(""),
	    USE_NONE, &id));
	for (int i = 0; i < m->files; i++) {
		snprintf(name, sizeof name, "f%d", i);
		new.name = view_of(name);
		TRY(item_add(a, id, &new, &out));
	}
	for (int i = 0; i < m->folders; i++) {
		snprintf(name, sizeof name, "Files/d%d", i);
		TRY(collection_add(a, COLLECTION_FILES, view_of(name),
		    VIEW(""), USE_NONE, &id));
	}
	return done();
}

static result
count_folders(struct account *a, void *context)
{
	struct arena *arena = arena_new(4194304);
	struct collection *list;
	size_t *count = context;
	result r = collection_list(
	    a, arena, COLLECTION_FILES, &list, count);

	arena_free(&arena);
	return r;
}

static void
test_many(struct talk *t)
{
	struct many m = { .bytes = spool_new(t->store, 16),
		.files = LIMIT_FILES_CARRIED };
	struct arena *arena = arena_new(65536);
	struct account_info info;
	struct account *a;
	size_t count = 0;

	spool_add(m.bytes, VIEW("x"));
	talk_must(account_find(t->store, arena, VIEW("user@example.org"),
		      &info),
	    "find");
	talk_must(account_open(t->store, info.id, &a), "open");
	talk_must(account_read(a, count_folders, &count), "count");
	/* Beside those, "many" and its copy, or a folder in it. */
	m.folders = LIMIT_FOLDERS - (int)count - 2;
	talk_must(account_write(a, add_many, &m, DURABLE), "add");
	account_close(&a);
	expect(t, "COPY", FILES "many/", HOST FILES "copy/\n", "", 201, NULL,
	    "LIMIT_FILES_CARRIED");
	expect(t, "MKCOL", FILES "last/", "", "", 507, NULL,
	    "one more than LIMIT_FOLDERS");
	expect(t, "DELETE", FILES "copy/", "", "", 204, NULL, "one less");
	expect(t, "PUT", FILES "many/more", "", "", 507, NULL,
	    "no more in one folder, though it is empty");
	expect(t, "PUT", FILES "more", "", "x", 201, NULL, "elsewhere");
	expect(t, "COPY", FILES "more", HOST FILES "many/more\n", "", 507,
	    NULL, "nor a copy");
	expect(t, "PUT", FILES "many/f0", "", "x", 204, NULL, "but another");
	expect(t, "MOVE", FILES "many/f1", HOST FILES "many/f01\n", "", 201,
	    NULL, "and another name");
	expect(t, "MKCOL", FILES "many/in/", "", "", 201, NULL, "a folder");
	expect(t, "PUT", FILES "many/in/more", "", "x", 201, NULL,
	    "and a file in it");
	expect(t, "COPY", FILES "many/", HOST FILES "copy/\n", "", 507, NULL,
	    "one more than LIMIT_FILES_CARRIED");
	expect(t, "DELETE", FILES "d0/", "", "", 204, NULL, "one less");
	expect(t, "MKCOL", FILES "last/", "", "", 201, NULL,
	    "LIMIT_FOLDERS; of the copy nothing is left");
	expect(t, "DELETE", FILES "many/", "", "", 204, NULL, "all of them");
	spool_free(&m.bytes);
	arena_free(&arena);
}

static void
test_quota(struct talk *t)
{
	struct arena *arena = arena_new(65536);
	struct account_info info;
	char text[4097] = { 0 };

	memset(text, 'q', 4096);
	talk_must(account_find(t->store, arena, VIEW("user@example.org"),
		      &info),
	    "account");
	talk_must(account_get(t->store, arena, info.id, &info), "account");
	talk_must(account_set_quota(t->store, info.id, info.used + 4096),
	    "quota");
	expect(t, "PUT", FILES "q", "", text, 201, NULL, "up to the quota");
	expect(t, "PUT", FILES "r", "", "r", 507, "<D:quota-not-exceeded/>",
	    "and a byte more");
	expect(t, "COPY", FILES "q", HOST FILES "r\n", "", 507,
	    "<D:quota-not-exceeded/>", "or a copy");
	arena_free(&arena);
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	test_harmless(&t);
	test_tree(&t);
	test_carry(&t);
	test_conditions(&t);
	test_others(&t);
	test_sync(&t);
	test_bounds(&t);
	test_many(&t);
	test_quota(&t);
	talk_close(&t);
	return tap_done();
}
