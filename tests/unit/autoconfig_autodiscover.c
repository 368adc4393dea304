/* Autodiscover: what is read of a request, and the order of what is said. */
#include "autoconfig/autodiscover.h"

#include "mailcore/format/xml_in.h"
#include "tests/json_check.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

#define BASE "schemas.microsoft.com/exchange/autodiscover/"
#define ASK(schema) "<Autodiscover xmlns=\"http://" BASE schema "\"><Request>"
#define OUTLOOK ASK("outlook/requestschema/2006")
#define PHONE ASK("mobilesync/requestschema/2006")
#define WANT(schema)                            \
	"<AcceptableResponseSchema>http://" BASE schema \
	"</AcceptableResponseSchema>"
#define WANT_OUTLOOK WANT("outlook/responseschema/2006a")
#define WANT_PHONE WANT("mobilesync/responseschema/2006")
#define FRED "<EMailAddress>fred@example.org</EMailAddress>"
#define END "</Request></Autodiscover>"

static const struct {
	const char *name;
	const char *body;
	enum autodiscover_error error;
	enum autodiscover_schema schema;
	const char *login;
} cases[] = {
	{ "usual", OUTLOOK FRED WANT_OUTLOOK END, AUTODISCOVER_FINE,
	    AUTODISCOVER_OUTLOOK, "fred@example.org" },
	{ "the other order", OUTLOOK WANT_OUTLOOK FRED END,
	    AUTODISCOVER_FINE, AUTODISCOVER_OUTLOOK, "fred@example.org" },
	{ "mark and lines before", "\xef\xbb\xbf\r\n" OUTLOOK FRED
	    WANT_OUTLOOK END, AUTODISCOVER_FINE, AUTODISCOVER_OUTLOOK,
	    "fred@example.org" },
	{ "no schema", OUTLOOK FRED END, AUTODISCOVER_FINE,
	    AUTODISCOVER_OUTLOOK, "fred@example.org" },
	{ "no schema, a phone", PHONE FRED END, AUTODISCOVER_INVALID,
	    AUTODISCOVER_MOBILESYNC, NULL },
	{ "a phone", PHONE FRED WANT_PHONE END, AUTODISCOVER_NO_SCHEMA,
	    AUTODISCOVER_MOBILESYNC, NULL },
	{ "an unknown one", OUTLOOK FRED WANT("x/2006") END,
	    AUTODISCOVER_NO_SCHEMA, AUTODISCOVER_OUTLOOK, NULL },
	{ "one of two is known", OUTLOOK FRED WANT("x/2006") WANT_OUTLOOK END,
	    AUTODISCOVER_FINE, AUTODISCOVER_OUTLOOK, "fred@example.org" },
	{ "folded and decoded", OUTLOOK "<EMailAddress> Fred+a@M\xc3\xbcller"
	    ".TEST. </EMailAddress>" END, AUTODISCOVER_FINE,
	    AUTODISCOVER_OUTLOOK, "Fred+a@xn--mller-kva.test" },
	{ "quoted", OUTLOOK "<EMailAddress>\"a@b c\"@example.org"
	    "</EMailAddress>" END, AUTODISCOVER_FINE, AUTODISCOVER_OUTLOOK,
	    "\"a@b c\"@example.org" },
	{ "not quoted in vain", OUTLOOK "<EMailAddress>\"fred\"@example.org"
	    "</EMailAddress>" END, AUTODISCOVER_FINE, AUTODISCOVER_OUTLOOK,
	    "fred@example.org" },
	{ "LegacyDN", OUTLOOK "<LegacyDN>/o=x</LegacyDN>" END,
	    AUTODISCOVER_NO_ADDRESS, AUTODISCOVER_OUTLOOK, NULL },
	{ "no address", OUTLOOK WANT_OUTLOOK END, AUTODISCOVER_INVALID,
	    AUTODISCOVER_OUTLOOK, NULL },
	{ "not an address", OUTLOOK "<EMailAddress>fred</EMailAddress>" END,
	    AUTODISCOVER_NO_ADDRESS, AUTODISCOVER_OUTLOOK, NULL },
	{ "twice", OUTLOOK FRED FRED END, AUTODISCOVER_INVALID,
	    AUTODISCOVER_OUTLOOK, NULL },
	{ "nested", OUTLOOK "<EMailAddress><b/>a@b.test</EMailAddress>" END,
	    AUTODISCOVER_INVALID, AUTODISCOVER_OUTLOOK, NULL },
	{ "two requests", OUTLOOK FRED "</Request><Request>" FRED END,
	    AUTODISCOVER_INVALID, AUTODISCOVER_OUTLOOK, NULL },
	{ "not XML", "EMailAddress=a", AUTODISCOVER_INVALID,
	    AUTODISCOVER_OUTLOOK, NULL },
	{ "nothing", "", AUTODISCOVER_INVALID, AUTODISCOVER_OUTLOOK, NULL },
	{ "no namespace", "<Autodiscover><Request>" FRED END,
	    AUTODISCOVER_INVALID, AUTODISCOVER_OUTLOOK, NULL },
};

static void
test_questions(struct arena *arena)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct autodiscover_question q;

		autodiscover_ask(view_of(cases[i].body), arena, &q);
		is_number(q.error, cases[i].error, cases[i].name);
		is_number(q.schema, cases[i].schema, cases[i].name);
		if (cases[i].login != NULL)
			same(q.login, view_of(cases[i].login), cases[i].name);
	}
}

/* Each in a block of its own size, so that a byte read too many is seen. */
static void
test_every_prefix(struct arena *arena)
{
	view whole = VIEW(OUTLOOK FRED WANT_OUTLOOK END);
	struct autodiscover_question q;
	int taken = 0;

	for (size_t n = 1; n < whole.n; n++) {
		char *exact = malloc(n);

		if (exact == NULL)
			abort();
		memcpy(exact, whole.p, n);
		autodiscover_ask((view){ exact, n }, arena, &q);
		taken += q.error != AUTODISCOVER_INVALID;
		free(exact);
	}
	is_number(taken, 0, "no prefix of a request is one");
}

static struct service_set
services(const char *domain, bool starttls, struct arena *arena)
{
	struct service_set set;
	struct conf conf;

	conf_defaults(&conf, 0);
	conf.hostname = "mail.example.org";
	if (starttls)
		conf.ports[SERVICE_IMAPS] = conf.ports[SERVICE_SUBMISSIONS] =
		    conf.ports[SERVICE_HTTPS] = 0;
	if (service_set_make(&conf, view_of(domain), VIEW(""), arena, &set)
	        .is != OK)
		abort();
	return set;
}

static const char *const mail_order[] = { "Type", "Server", "Port",
	"LoginName", "DomainRequired", "SPA", "SSL", "Encryption",
	"AuthRequired", "UsePOPAuth", "SMTPLast" };
static const char *const dav_order[] = { "Type", "Server", "LoginName",
	"DomainRequired" };

/* What stands in a Protocol, as "text text ...", in the order documented. */
static void
check_protocol(const struct xml_element *protocol, const char *const *order,
    size_t count, const char *wanted)
{
	struct buf found = buf_new(4096);
	size_t i = 0;

	for (const struct xml_element *e = protocol->first; e != NULL;
	     e = e->next, i++) {
		ok(i < count && view_eq(e->name, view_of(order[i])),
		    "element %zu in its place", i);
		if (i > 0)
			buf_add_byte(&found, ' ');
		buf_add(&found, e->text);
	}
	same(buf_view(&found), view_of(wanted), "its values");
	buf_free(&found);
}

static struct xml_element *
account_of(const struct service_set *set, view login, struct arena *arena)
{
	view generic = VIEW("http://" BASE "responseschema/2006");
	view outlook = VIEW("http://" BASE "outlook/responseschema/2006a");
	struct buf out = buf_new(65536);
	struct xml_element *root, *response, *user;
	result r;

	autodiscover_settings(set, login, &out);
	r = xml_parse(buf_view(&out), arena, &root);
	buf_free(&out);
	if (!ok(r.is == OK, "well-formed: %s", r.why))
		abort();
	ok(xml_is(root, generic, VIEW("Autodiscover")), "the root");
	response = root->first;
	ok(xml_is(response, outlook, VIEW("Response")), "its Response");
	user = response->first;
	ok(xml_is(user, outlook, VIEW("User")), "User is first");
	same(user->first->text, login, "DisplayName is the address");
	same(user->first->next->text, login, "AutoDiscoverSMTPAddress");
	same(user->next->first->text, VIEW("email"), "AccountType");
	same(user->next->first->next->text, VIEW("settings"), "Action");
	return user->next;
}

static void
test_settings(struct arena *arena)
{
	struct service_set set = services("example.org", false, arena);
	const struct xml_element *p = account_of(&set, VIEW("a&<b@example.org"),
	    arena)->first->next->next;
	size_t mail = COUNT(mail_order), dav = COUNT(dav_order);

	check_protocol(p, mail_order, mail, "IMAP mail.example.org 993"
	    " a&<b@example.org off off on SSL on");
	check_protocol(p->next, mail_order, mail, "SMTP mail.example.org 465"
	    " a&<b@example.org off off on SSL on off off");
	p = p->next->next;
	check_protocol(p, dav_order, dav, "CalDAV"
	    " https://mail.example.org/SOGo/dav/ a&<b@example.org off");
	check_protocol(p->next, dav_order, dav, "CardDAV"
	    " https://mail.example.org/SOGo/dav/ a&<b@example.org off");
	ok(p->next->next == NULL, "one of each kind");
	set = services("example.org", true, arena);
	p = account_of(&set, VIEW("a@example.org"), arena)->first->next->next;
	check_protocol(p, mail_order, mail, "IMAP mail.example.org 143"
	    " a@example.org off off on TLS on");
	check_protocol(p->next, mail_order, mail, "SMTP mail.example.org 587"
	    " a@example.org off off on TLS on off off");
	ok(p->next->next == NULL, "no DAV without HTTPS");
}

static void
test_failure(void)
{
	struct autodiscover_failure f = { .schema = AUTODISCOVER_OUTLOOK,
		.error = AUTODISCOVER_INVALID, .now = 77104,
		.host = VIEW("a") };
	struct buf out = buf_new(4096);

	autodiscover_failure(&f, &out);
	same(buf_view(&out), VIEW("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
	    "<Autodiscover xmlns=\"http://" BASE "responseschema/2006\">"
	    "<Response><Error Time=\"21:25:04.0000000\" Id=\"3826002220\">"
	    "<ErrorCode>600</ErrorCode><Message>Invalid Request</Message>"
	    "<DebugData/></Error></Response></Autodiscover>"), "an error");
	buf_reset(&out);
	f.schema = AUTODISCOVER_MOBILESYNC;
	f.error = AUTODISCOVER_NO_SCHEMA;
	autodiscover_failure(&f, &out);
	ok(view_find(buf_view(&out), VIEW("<Response xmlns=\"http://" BASE
	    "mobilesync/responseschema/2006\"><Error ")) != SIZE_MAX,
	    "one for a phone");
	buf_free(&out);
}

static const struct {
	const char *email;
	const char *protocol;
	const char *domain; /* NULL: refused */
	const char *answer;
} questions[] = {
	{ "fred@example.org", "autodiscoverV1", "example.org", "" },
	{ "", "AutodiscoverV1", NULL, "MandatoryParameterMissing" },
	{ "fred@example.org", "", NULL, "MandatoryParameterMissing" },
	{ "fred", "AutodiscoverV1", NULL, "InvalidEmailAddress" },
	{ "fred@example.org", "EWS", NULL, "InvalidProtocol" },
	{ "fred@example.org", "E\"><W'\\S\n", NULL,
	    "value 'EWS' is invalid. Supported values are 'AutodiscoverV1'" },
};

static void
test_json(struct arena *arena)
{
	struct service_set set = services("example.org", false, arena);
	struct buf out = buf_new(4096);
	view domain;

	for (size_t i = 0; i < COUNT(questions); i++) {
		result r;

		buf_reset(&out);
		r = autodiscover_json_ask(view_of(questions[i].email),
		    view_of(questions[i].protocol), arena, &domain, &out);
		ok((r.is == OK) == (questions[i].domain != NULL),
		    "question %zu: %s", i, r.why);
		same(domain, view_of(questions[i].domain), "its domain");
		ok(view_find(buf_view(&out), view_of(questions[i].answer))
		        != SIZE_MAX
		        && (out.n == 0 || json_is_well_formed(buf_view(&out))),
		    "its answer");
	}
	buf_reset(&out);
	is_number(autodiscover_json(&set, &out), 200, "status");
	same(buf_view(&out), VIEW("{\"Protocol\":\"AutodiscoverV1\",\"Url\":"
	    "\"https://mail.example.org/autodiscover/autodiscover.xml\"}"),
	    "the URL");
	buf_reset(&out);
	is_number(autodiscover_json(NULL, &out), 404, "of nobody");
	ok(json_is_well_formed(buf_view(&out)), "is JSON, too");
	buf_free(&out);
}

int
main(void)
{
	struct arena *arena = arena_new(1 << 22);

	test_questions(arena);
	test_every_prefix(arena);
	test_settings(arena);
	test_failure();
	test_json(arena);
	arena_free(&arena);
	return tap_done();
}
