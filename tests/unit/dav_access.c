/*
 * The access matrix: every method and report against every kind of person,
 * with every right alone and the usual sets of them.  What is expected is
 * computed from one table; requests are such that they change nothing when
 * they are allowed.
 */
#include "mailcore/store/administrator.h"
#include "mailcore/store/right.h"
#include "mailcore/store/right_subscription.h"
#include "tests/unit/dav_talk.h"

/* BOSS administers the owner's domain, KEEPER both: over DAV that is
 * nothing. */
enum person { OWNER, FRIEND, COLLEAGUE, BOSS, STRANGER, KEEPER, NOBODY,
	PEOPLE };
enum place { BY_URL, BY_SUBSCRIPTION, IN_PUBLIC, PLACES };
enum target { OBJECT, COLLECTION, ABSENT, EXPORT, HOME_OF_KIND };

static const char *const logins[PEOPLE] = { "user@example.org",
	"other@example.org", "third@example.org", "boss@example.org",
	"user@strange.example", "keeper@strange.example", NULL };

struct world {
	struct talk t;
	int64_t id[PEOPLE];
	int64_t domain;
	int64_t collection[2]; /* calendar, address book */
	int cells, wrong;
};

#define XML "Content-Type: text/xml\n"
#define DEPTH "Depth: 0\n"
#define STALE_MATCH "If-Match: \"not-this\"\n"
#define DAVNS " xmlns=\"DAV:\""
#define INVERSE " xmlns=\"urn:inverse:params:xml:ns:inverse-dav\""
#define SERVER " xmlns=\"http://calendarserver.org/ns/\""

/* `need`: one of these; `also`: and one of these.  0: whoever sees it. */
static const struct request_row {
	const char *method;
	enum target target;
	const char *headers;
	const char *body[2]; /* by kind; NULL: not for that kind */
	unsigned need, also;
	unsigned allowed; /* the status then */
	bool writes;      /* never below public/ */
} requests[] = {
	{ "OPTIONS", OBJECT, "", { "", "" }, 0, 0, 200, false },
	{ "OPTIONS", COLLECTION, "", { "", "" }, 0, 0, 200, false },
	{ "GET", OBJECT, "", { "", "" }, RIGHT_READ | RIGHT_TIMES, 0, 200,
	    false },
	{ "HEAD", OBJECT, "", { "", "" }, RIGHT_READ | RIGHT_TIMES, 0, 200,
	    false },
	{ "GET", COLLECTION, "", { "", "" }, RIGHT_READ | RIGHT_TIMES, 0, 200,
	    false },
	{ "GET", EXPORT, "", { "", "" }, RIGHT_READ | RIGHT_TIMES, 0, 200,
	    false },
	{ "PROPFIND", OBJECT, DEPTH, { "", "" }, RIGHT_READ | RIGHT_TIMES, 0,
	    207, false },
	{ "PROPFIND", COLLECTION, DEPTH, { "", "" }, 0, 0, 207, false },
	{ "PROPFIND", COLLECTION, "Depth: 1\n", { "", "" }, 0, 0, 207, false },
	{ "PROPFIND", HOME_OF_KIND, DEPTH, { "", "" }, 0, 0, 207, false },
	{ "PUT", OBJECT, STALE_MATCH, { "event", "card" }, RIGHT_CHANGE, 0,
	    412, true },
	{ "PUT", ABSENT, STALE_MATCH, { "event", "card" }, RIGHT_INSERT, 0,
	    412, true },
	{ "DELETE", OBJECT, STALE_MATCH, { "", "" }, RIGHT_DELETE, 0, 412,
	    true },
	{ "COPY", OBJECT, "Overwrite: F\n", { "", "" }, RIGHT_READ,
	    RIGHT_CHANGE, 412, true },
	{ "MOVE", OBJECT, "Overwrite: F\n", { "", "" }, RIGHT_DELETE,
	    RIGHT_READ, 412, true },
	{ "PROPPATCH", OBJECT, "",
	    { "<propertyupdate" DAVNS "><set><prop><getetag>x</getetag></prop>"
	      "</set></propertyupdate>",
		"<propertyupdate" DAVNS "><set><prop><getetag>x</getetag>"
		"</prop></set></propertyupdate>" },
	    RIGHT_CHANGE, 0, 207, true },
	{ "PROPPATCH", COLLECTION, "",
	    { "<propertyupdate" DAVNS "><set><prop><getetag>x</getetag></prop>"
	      "</set></propertyupdate>",
		"<propertyupdate" DAVNS "><set><prop><getetag>x</getetag>"
		"</prop></set></propertyupdate>" },
	    RIGHT_PROPERTIES, 0, 207, true },
	{ "ACL", COLLECTION, "", { "<x/>", "<x/>" }, RIGHT_ADMIN, 0, 400,
	    true },
	{ "ACL", OBJECT, "", { "<x/>", "<x/>" }, RIGHT_ADMIN, 0, 405, true },
	{ "LOCK", OBJECT, "", { "", "" }, 0, 0, 405, true },
	{ "POST", COLLECTION, XML,
	    { "<acl-query" INVERSE "><user-list/></acl-query>",
		"<acl-query" INVERSE "><user-list/></acl-query>" },
	    RIGHT_ADMIN, 0, 207, true },
	{ "POST", COLLECTION, XML,
	    { "<acl-query" INVERSE "><set-roles user=\"other@example.org\">"
	      "<None/></set-roles></acl-query>",
		"<acl-query" INVERSE "><set-roles user=\"other@example.org\">"
		"<None/></set-roles></acl-query>" },
	    RIGHT_ADMIN, 0, 400, true },
	{ "POST", COLLECTION, XML, { "<share" SERVER "/>", NULL }, RIGHT_ADMIN,
	    0, 200, true },
	{ "REPORT", COLLECTION, "",
	    { "<sync-collection" DAVNS "><sync-token/><sync-level>1"
	      "</sync-level><prop><getetag/></prop></sync-collection>",
		"<sync-collection" DAVNS "><sync-token/><sync-level>1"
		"</sync-level><prop><getetag/></prop></sync-collection>" },
	    RIGHT_READ | RIGHT_TIMES, 0, 207, false },
	{ "REPORT", COLLECTION, "",
	    { "<C:calendar-query xmlns:C=\"urn:ietf:params:xml:ns:caldav\""
	      DAVNS "><prop><getetag/></prop><C:filter><C:comp-filter"
	      " name=\"VCALENDAR\"/></C:filter></C:calendar-query>",
		"<C:addressbook-query"
		" xmlns:C=\"urn:ietf:params:xml:ns:carddav\"" DAVNS
		"><prop><getetag/></prop><C:filter/></C:addressbook-query>" },
	    RIGHT_READ | RIGHT_TIMES, 0, 207, false },
	{ "REPORT", COLLECTION, "",
	    { "<C:calendar-multiget xmlns:C=\"urn:ietf:params:xml:ns:caldav\""
	      DAVNS "><prop><getetag/></prop><href>/x</href>"
	      "</C:calendar-multiget>",
		"<C:addressbook-multiget"
		" xmlns:C=\"urn:ietf:params:xml:ns:carddav\"" DAVNS
		"><prop><getetag/></prop><href>/x</href>"
		"</C:addressbook-multiget>" },
	    RIGHT_READ | RIGHT_TIMES, 0, 207, false },
	{ "REPORT", COLLECTION, "",
	    { "<C:free-busy-query xmlns:C=\"urn:ietf:params:xml:ns:caldav\">"
	      "<C:time-range start=\"20260301T000000Z\""
	      " end=\"20260401T000000Z\"/></C:free-busy-query>", NULL },
	    RIGHT_BUSY | RIGHT_TIMES | RIGHT_READ, 0, 200, false },
	{ "REPORT", COLLECTION, "",
	    { "<expand-property" DAVNS "><property name=\"displayname\"/>"
	      "</expand-property>",
		"<expand-property" DAVNS "><property name=\"displayname\"/>"
		"</expand-property>" },
	    0, 0, 207, false },
	{ "REPORT", OBJECT, "",
	    { "<expand-property" DAVNS "><property name=\"getetag\"/>"
	      "</expand-property>",
		"<expand-property" DAVNS "><property name=\"getetag\"/>"
		"</expand-property>" },
	    RIGHT_READ | RIGHT_TIMES, 0, 207, false },
	{ "REPORT", COLLECTION, "",
	    { "<acl-principal-prop-set" DAVNS "><prop><displayname/></prop>"
	      "</acl-principal-prop-set>",
		"<acl-principal-prop-set" DAVNS "><prop><displayname/></prop>"
		"</acl-principal-prop-set>" },
	    0, 0, 207, false },
};

static void
grant(struct world *w, enum right_whom whom, int kind, unsigned rights)
{
	const struct right_grant g = { .whom = whom,
		.id = whom == RIGHT_ACCOUNT ? w->id[FRIEND]
		    : whom == RIGHT_DOMAIN  ? w->domain
					    : 0,
		.kind = kind == 0 ? COLLECTION_CALENDAR
				  : COLLECTION_ADDRESSBOOK,
		.collection = w->collection[kind],
		.rights = rights };

	talk_must(right_grant(w->t.store, w->id[OWNER], &g), "grant");
}

static const char *
object_bytes(int kind, char to[512])
{
	return kind == 0 ? event(to, "one", "0315") : card(to, "one", "One");
}

static const char *const homes[] = { "Calendar", "Contacts" };
static const char *const suffixes[] = { "ics", "vcf" };

static void
target_of(const struct request_row *q, enum place place, int kind,
    const char *tail, char to[256])
{
	const char *name = "shared";
	const char *tree = "user@example.org";

	if (place == BY_SUBSCRIPTION) {
		tree = "other@example.org";
		name = "user_A_example_D_org_shared";
	}
	switch (q->target) {
	case HOME_OF_KIND:
		snprintf(to, 256, "/SOGo/dav/%s%s/%s/",
		    place == IN_PUBLIC ? "public/" : "", tree, homes[kind]);
		return;
	case EXPORT:
		snprintf(to, 256, "/SOGo/dav/%s%s/%s/%s.%s",
		    place == IN_PUBLIC ? "public/" : "", tree, homes[kind],
		    name, suffixes[kind]);
		return;
	case OBJECT:
	case ABSENT:
	case COLLECTION:
		snprintf(to, 256, "/SOGo/dav/%s%s/%s/%s/%s",
		    place == IN_PUBLIC ? "public/" : "", tree, homes[kind],
		    name, tail);
	}
}

static const char *
tail_of(const struct request_row *q)
{
	if (q->target == OBJECT)
		return "one";
	return q->target == ABSENT ? "absent" : "";
}

/* What the table says this person should get. */
static unsigned
expected(const struct request_row *q, enum person who, enum place place,
    int kind, unsigned rights)
{
	unsigned usable = rights;

	if (place != IN_PUBLIC && who == NOBODY)
		return 401;
	if (place == IN_PUBLIC && q->writes)
		return 405;
	if (kind == 1)
		usable &= ~(unsigned)(RIGHT_TIMES | RIGHT_BUSY);
	if (q->target == HOME_OF_KIND)
		return usable != 0 || place == BY_SUBSCRIPTION ? 207 : 404;
	if (usable == 0)
		return 404;
	if ((q->need != 0 && (usable & q->need) == 0)
	    || (q->also != 0 && (usable & q->also) == 0))
		return 403;
	return q->allowed;
}

static void
headers_of(const struct request_row *q, enum person who, enum place place,
    int kind, char to[1024])
{
	char destination[256];
	struct buf pair = buf_new(512);
	struct request_row there = { .target = OBJECT };

	target_of(&there, place, kind, "two", destination);
	if (place == IN_PUBLIC || who == NOBODY) {
		snprintf(to, 1024, "%sAuthorization:\n", q->headers);
	} else {
		struct buf login = buf_new(256);

		buf_print(&login, "%s:secret", logins[who]);
		encode_base64(&pair, buf_view(&login));
		snprintf(to, 1024, "%sAuthorization: Basic %s\n", q->headers,
		    buf_text(&pair));
		buf_free(&login);
	}
	if (view_starts(view_of(q->headers), VIEW("Overwrite")))
		snprintf(to + strlen(to), 1024 - strlen(to),
		    "Destination: %s\n", destination);
	buf_free(&pair);
}

static void
ask(struct world *w, const struct request_row *q, enum person who,
    enum place place, int kind, unsigned rights)
{
	char target[256], headers[1024], bytes[512];
	const char *body = q->body[kind];
	unsigned wanted = expected(q, who, place, kind, rights);
	struct reply r;

	if (body == NULL)
		return;
	if (view_eq(view_of(body), VIEW("event"))
	    || view_eq(view_of(body), VIEW("card")))
		body = object_bytes(kind, bytes);
	target_of(q, place, kind, tail_of(q), target);
	headers_of(q, who, place, kind, headers);
	r = talk(&w->t, q->method, target, headers, body);
	w->cells++;
	if (r.status != wanted) {
		w->wrong++;
		note("%s %s by %s with %u: %u, not %u", q->method, target,
		    logins[who] == NULL ? "nobody" : logins[who], rights,
		    r.status, wanted);
	}
	if (wanted == 404 && reply_has(&r, "one")) {
		w->wrong++;
		note("%s %s: a 404 that tells", q->method, target);
	}
	reply_free(&r);
}

/* What each has, when the friend, the domain and everyone have these. */
static unsigned
rights_of(enum person who, const unsigned granted[3])
{
	unsigned rights = granted[2];

	if (who == OWNER)
		return RIGHT_ALL;
	if (who == FRIEND)
		rights |= granted[0];
	if (who == FRIEND || who == COLLEAGUE || who == BOSS)
		rights |= granted[1];
	return rights;
}

static void
ask_everyone(struct world *w, const unsigned granted[3], bool all_people)
{
	for (int kind = 0; kind < 2; kind++) {
		grant(w, RIGHT_ACCOUNT, kind, granted[0]);
		grant(w, RIGHT_DOMAIN, kind, granted[1]);
		grant(w, RIGHT_ANYONE, kind, granted[2]);
	}
	for (size_t i = 0; i < COUNT(requests); i++)
		for (int kind = 0; kind < 2; kind++) {
			for (int who = OWNER; who < PEOPLE; who++)
				if (all_people || who == FRIEND)
					ask(w, &requests[i], (enum person)who,
					    BY_URL, kind,
					    rights_of((enum person)who,
						granted));
			if (!view_eq(view_of(requests[i].method),
				VIEW("PROPPATCH")))
				ask(w, &requests[i], FRIEND, BY_SUBSCRIPTION,
				    kind, rights_of(FRIEND, granted));
			if (all_people)
				ask(w, &requests[i], NOBODY, IN_PUBLIC, kind,
				    rights_of(NOBODY, granted));
		}
}

struct follow {
	struct subscription s[2];
};

static result
follow(struct account *a, void *context)
{
	struct follow *f = context;

	TRY(subscription_add(a, &f->s[0]));
	return subscription_add(a, &f->s[1]);
}

static int64_t
find_account(struct world *w, const char *address, int64_t *domain)
{
	struct arena *arena = arena_new(65536);
	struct account_info info;

	talk_must(
	    account_find(w->t.store, arena, view_of(address), &info), address);
	*domain = info.domain;
	arena_free(&arena);
	return info.id;
}

static void
fill(struct world *w, int kind)
{
	static const char *const names[] = { "one", "two" };
	char target[256], bytes[512];
	struct arena *arena = arena_new(65536);
	struct collection c;
	struct account *a;

	snprintf(target, sizeof target, "/SOGo/dav/user@example.org/%s/shared/",
	    homes[kind]);
	expect(&w->t, "MKCOL", target, "", "", 201, NULL, target);
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(target, sizeof target,
		    "/SOGo/dav/user@example.org/%s/shared/%s", homes[kind],
		    names[i]);
		expect(&w->t, "PUT", target, "",
		    kind == 0 ? event(bytes, names[i], "0315")
			      : card(bytes, names[i], "One"),
		    201, NULL, target);
	}
	talk_must(account_open(w->t.store, w->id[OWNER], &a), "open");
	talk_must(collection_find(a, arena,
		      kind == 0 ? COLLECTION_CALENDAR : COLLECTION_ADDRESSBOOK,
		      VIEW("shared"), &c),
	    "shared");
	w->collection[kind] = c.id;
	account_close(&a);
	arena_free(&arena);
}

static void
appoint(struct world *w, int64_t domain, enum person who)
{
	talk_must(administrator_add(w->t.store, domain, w->id[who]),
	    logins[who]);
}

static void
world_open(struct world *w)
{
	struct follow f = { .s = {
		{ .kind = COLLECTION_CALENDAR,
		    .name = VIEW("user_A_example_D_org_shared") },
		{ .kind = COLLECTION_ADDRESSBOOK,
		    .name = VIEW("user_A_example_D_org_shared") } } };
	struct account *a;
	int64_t strange, domain;

	memset(w, 0, sizeof *w);
	talk_open(&w->t);
	talk_must(domain_add(w->t.store, VIEW("strange.example"), VIEW(""),
		      &strange),
	    "domain");
	for (int who = COLLEAGUE; who < NOBODY; who++)
		talk_mailbox(&w->t, view_of(logins[who]));
	for (int who = OWNER; who < NOBODY; who++)
		w->id[who] = find_account(
		    w, logins[who], who == OWNER ? &w->domain : &domain);
	appoint(w, w->domain, BOSS);
	appoint(w, w->domain, KEEPER);
	appoint(w, strange, KEEPER);
	fill(w, 0);
	fill(w, 1);
	for (int kind = 0; kind < 2; kind++) {
		f.s[kind].owner = w->id[OWNER];
		f.s[kind].collection = w->collection[kind];
	}
	talk_must(account_open(w->t.store, w->id[FRIEND], &a), "open");
	talk_must(account_write(a, follow, &f, DURABLE), "follow");
	account_close(&a);
}

int
main(void)
{
	static const unsigned sets[][3] = {
		{ 0, 0, 0 },
		{ RIGHTS_BUSY, 0, 0 },
		{ RIGHTS_TIMES, 0, 0 },
		{ RIGHTS_READ, 0, 0 },
		{ RIGHTS_WRITE, 0, 0 },
		{ RIGHT_ALL, 0, 0 },
		{ 0, RIGHTS_READ, 0 },
		{ RIGHTS_WRITE, RIGHTS_BUSY, 0 },
		{ 0, 0, RIGHTS_READ },
		{ 0, 0, RIGHTS_BUSY },
		{ RIGHTS_WRITE, RIGHTS_READ, RIGHTS_TIMES },
	};
	struct world w;

	world_open(&w);
	for (size_t i = 0; i < COUNT(sets); i++)
		ask_everyone(&w, sets[i], true);
	for (unsigned right = 1; right < RIGHT_ALL; right <<= 1) {
		const unsigned alone[] = { right, 0, 0 };

		ask_everyone(&w, alone, false);
	}
	ok(w.wrong == 0, "%d cells", w.cells);
	ok(w.cells > 7000, "enough of them");
	talk_close(&w.t);
	return tap_done();
}
