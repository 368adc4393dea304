/* What the If header asks: states of other resources (RFC 4918 10.4), and
 * sync tokens (RFC 6578 5); If-Unmodified-Since. */
#include "mailcore/store/collection.h"
#include "mailcore/store/item.h"
#include "tests/unit/dav_talk.h"

#define FILES HOME "Files/"
#define TEXT "Content-Type: text/plain\n"

/* The sync token of a collection, or the ETag of an object; in `to`. */
static const char *
property(struct talk *t, const char *path, const char *name, char to[256])
{
	char body[256], tag[64];
	struct reply r;
	size_t at;
	view v;

	snprintf(body, sizeof body,
	    "<propfind xmlns='DAV:'><prop><%s/></prop></propfind>", name);
	snprintf(tag, sizeof tag, "<D:%s>", name);
	r = talk(t, "PROPFIND", path, "Depth: 0\n", body);
	at = view_find(buf_view(&r.body), view_of(tag));
	v = view_from(buf_view(&r.body), at + strlen(tag));
	v = view_cut(&v, '<');
	if (at == SIZE_MAX || !view_copy(v, to, 256))
		talk_must(fail(FAILED, path), name);
	reply_free(&r);
	return to;
}

/* `conditions` with a sync token in place of its %s. */
static const char *
header(const char *conditions, const char *state)
{
	static char out[1024];
	const char *at = strstr(conditions, "%s");

	snprintf(out, sizeof out, "If: %.*s%s%s\n",
	    at == NULL ? (int)strlen(conditions) : (int)(at - conditions),
	    conditions, at == NULL ? "" : state, at == NULL ? "" : at + 2);
	return out;
}

static void
put(struct talk *t, const char *path, const char *conditions,
    const char *state, unsigned status, const char *what)
{
	char fields[2048], text[512];
	const char *name = strrchr(path, '/') + 1;
	const char *type = strstr(path, "/Files/") != NULL ? "text/plain"
	    : strstr(path, "/Contacts/") != NULL ? "text/vcard"
						 : "text/calendar";

	if (strstr(path, "/Contacts/") != NULL)
		(void)card(text, name, "Somebody");
	else
		(void)event(text, name, "0301");
	snprintf(fields, sizeof fields, "%sContent-Type: %s\n",
	    header(conditions, state), type);
	expect(t, "PUT", path, fields, text, status, NULL, what);
}

static void
test_tokens(struct talk *t, const char *folder)
{
	char token[256], old[256], path[256], tagged[256], wrong[256];

	snprintf(path, sizeof path, "%sa", folder);
	snprintf(tagged, sizeof tagged, "<%s> (<%%s>)", folder);
	snprintf(wrong, sizeof wrong, "<%s> (Not <%%s>)", folder);
	(void)property(t, folder, "sync-token", old);
	put(t, path, wrong, old, 412, "it is as it was");
	put(t, path, "(<%s>)", old, 412, "which is no state of a member");
	put(t, path, tagged, old, 201, "nothing has changed");
	put(t, path, tagged, old, 412, "something has");
	(void)property(t, folder, "sync-token", token);
	ok(strcmp(token, old) != 0, "another token of %s", folder);
	put(t, path, wrong, old, 204, "which is not the old one");
	(void)property(t, folder, "sync-token", token);
	snprintf(tagged, sizeof tagged,
	    "<http://dav.example.org%s> (<%%s> Not <DAV:no-lock>)", folder);
	expect(t, "DELETE", path, header(tagged, old), "", 412, NULL,
	    "nor deletes");
	expect(t, "DELETE", path, header(tagged, token), "", 204, NULL,
	    "a whole URL");
}

static void
test_others(struct talk *t)
{
	char etag[256], token[256];

	put(t, CALENDAR "b", "(Not <urn:x>)", "", 201, "no such token");
	put(t, CALENDAR "c", "(Not <urn:x>)", "", 201, "and one more");
	(void)property(t, CALENDAR "c", "getetag", etag);
	put(t, CALENDAR "b", "<" CALENDAR "c> ([%s])", etag, 204,
	    "as another is");
	put(t, CALENDAR "b", "<" CALENDAR "b> ([%s])", etag, 412,
	    "not as this is");
	put(t, CALENDAR "b", "<" CALENDAR "b> ([%s]) <" CALENDAR "c> ([%s])",
	    etag, 412, "of two, none: the second is no ETag");
	put(t, CALENDAR "b", "<" CALENDAR "d> (Not [%s])", etag, 204,
	    "what is not there has none");
	put(t, CALENDAR "b", "<" CALENDAR "d> ([%s])", etag, 412, "has none");
	put(t, CALENDAR "b", "<" CALENDAR "c> (<%s>)", etag, 412,
	    "an ETag is no token");
	(void)property(t, BOOK, "sync-token", token);
	put(t, CALENDAR "b", "<" BOOK "> (<%s>)", token, 204,
	    "the token of an address book");
	put(t, CALENDAR "b", "<" CALENDAR "> (<%s>)", token, 412,
	    "is none of a calendar");
	put(t, CALENDAR "b",
	    "</SOGo/dav/other@example.org/Contacts/personal/> (<%s>)", token,
	    412, "nor of what is another's");
	put(t, CALENDAR "b", "</%%zz> (<%s>)", token, 412, "no path");
}

static void
test_collections(struct talk *t)
{
	static const char patch[] =
	    "<propertyupdate xmlns='DAV:'><set><prop><displayname>Work"
	    "</displayname></prop></set></propertyupdate>";
	static const struct {
		const char *home, *make;
	} places[] = { { HOME "Calendar/", "MKCALENDAR" },
		{ HOME "Contacts/", "MKCOL" }, { FILES, "MKCOL" } };
	char here[256], there[512], token[256];

	for (size_t i = 0; i < COUNT(places); i++) {
		snprintf(here, sizeof here, "%snew/", places[i].home);
		snprintf(there, sizeof there, "Destination: %smoved/\n",
		    places[i].home);
		expect(t, places[i].make, here, "If: (<urn:x>)\n", "", 412,
		    NULL, "none is made");
		expect(t, places[i].make, here, "If: (Not <urn:x>)\n", "", 201,
		    NULL, "one is made");
		(void)property(t, here, "sync-token", token);
		expect(t, "PROPPATCH", here, "If: (<urn:x>)\n", patch, 412,
		    NULL, "not named");
		expect(t, "DELETE", here, "If: (<urn:x>)\n", "", 412, NULL,
		    "not deleted");
		strncat(there, "If: (<urn:x>)\n",
		    sizeof there - strlen(there) - 1);
		expect(t, "MOVE", here, there, "", 412, NULL, "not moved");
		expect(t, "DELETE", here, header("(<%s>)", token), "", 204,
		    NULL, "deleted as it was");
	}
}

/* RFC 9110 13.1.4: for those that keep dates. */
static void
test_dates(struct talk *t)
{
	static const char past[] =
	    "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\n";
	static const char future[] =
	    "If-Unmodified-Since: Fri, 01 Jan 2199 00:00:00 GMT\n";
	static const char *const paths[] = { CALENDAR "dated", FILES "dated" };
	char text[512], both[512], etag[256];

	(void)event(text, "dated", "0301");
	for (size_t i = 0; i < COUNT(paths); i++) {
		expect(t, "PUT", paths[i], past, text, 201, NULL,
		    "what is not there has not changed");
		expect(t, "PUT", paths[i], past, text, 412, NULL,
		    "what is has");
		expect(t, "GET", paths[i], past, "", 412, NULL, "to read");
		expect(t, "DELETE", paths[i], past, "", 412, NULL,
		    "nor is it deleted");
		expect(t, "PUT", paths[i], future, text, 204, NULL,
		    "not after that");
		expect(t, "PUT", paths[i], "If-Unmodified-Since: 1994\n", text,
		    204, NULL, "which is no date");
		(void)property(t, paths[i], "getetag", etag);
		snprintf(both, sizeof both, "%sIf-Match: %s\n", past, etag);
		expect(t, "PUT", paths[i], both, text, 204, NULL,
		    "an ETag says it better");
	}
}

struct aged {
	enum collection_kind kind;
	const char *collection, *from, *to;
};

static result
make_old(struct account *a, void *context)
{
	const struct aged *aged = context;
	struct arena *arena = arena_new(65536);
	struct collection c;
	struct item item;
	result r = collection_find(
	    a, arena, aged->kind, view_of(aged->collection), &c);

	if (r.is == OK)
		r = item_by_name(a, arena, c.id, VIEW("e"), &item);
	if (r.is == OK)
		r = item_set_received(a, &item, 1);
	arena_free(&arena);
	return r;
}

static void
age(struct talk *t, struct aged *aged)
{
	struct arena *arena = arena_new(65536);
	struct account_info info;
	struct account *a;

	talk_must(account_find(t->store, arena, VIEW("user@example.org"),
	              &info), "find");
	talk_must(account_open(t->store, info.id, &a), "open");
	talk_must(account_write(a, make_old, aged, DURABLE), "age");
	account_close(&a);
	arena_free(&arena);
}

/* RFC 4918 15.7: what took the place of another has changed there. */
static void
test_replaced(struct talk *t)
{
	static const char since[] =
	    "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\n";
	static const char *const methods[] = { "COPY", "MOVE" };
	struct aged rows[] = {
		{ COLLECTION_CALENDAR, "personal", CALENDAR "e",
		    HOME "Calendar/work/e" },
		{ COLLECTION_FILES, "Files", FILES "e", FILES "x/e" },
		{ COLLECTION_FILES, "Files", FILES "e", FILES "f" },
	};
	char text[512], fields[256];

	(void)event(text, "e", "0301");
	expect(t, "MKCALENDAR", HOME "Calendar/work/", "", "", 201, NULL,
	    "another calendar");
	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		struct aged *row = &rows[i / 2];

		put(t, row->from, "(Not <urn:x>)", "", i % 2 == 0 ? 201 : 204,
		    "what is old");
		age(t, row);
		(void)snprintf(fields, sizeof fields, "Destination: %s\n",
		    row->to);
		expect(t, methods[i % 2], row->from, fields, "",
		    i % 2 == 0 ? 201 : 204, NULL, "to where it goes");
		expect(t, "PUT", row->to, since, text, i % 2 == 0 ? 204 : 412,
		    NULL, "is as old there, but not over another");
	}
}

int
main(void)
{
	struct talk t;

	talk_open(&t);
	test_tokens(&t, CALENDAR);
	test_tokens(&t, BOOK);
	expect(&t, "MKCOL", FILES "x/", "", "", 201, NULL, "a folder");
	test_tokens(&t, FILES "x/");
	test_others(&t);
	test_collections(&t);
	test_dates(&t);
	test_replaced(&t);
	talk_close(&t);
	return tap_done();
}
