/*
 * Every reader over documents without a socket: all agree on the good ones,
 * and each planted fault is told by the reader whose rule it breaks.
 */
#include "autoconfig/doctor/doctor.h"
#include "tests/tap.h"

#include <string.h>

#define AUTOCONFIG "https://autoconfig.example.org/mail/config-v1.1.xml"
#define WELL_KNOWN \
	"https://example.org/.well-known/autoconfig/mail/config-v1.1.xml"
#define AUTODISCOVER \
	"https://autodiscover.example.org/autodiscover/autodiscover.xml"
#define PACC_URL "https://ua-auto-config.example.org/.well-known/" \
	"user-agent-configuration.json"

#define AUTH "<authentication>password-cleartext</authentication>"
#define NAME "<username>%EMAILADDRESS%</username>"
#define IMAP "<incomingServer type=\"imap\"><hostname>mail.example.org" \
	"</hostname><port>993</port><socketType>SSL</socketType>" AUTH NAME \
	"</incomingServer>"
#define SMTP "<outgoingServer type=\"smtp\"><hostname>mail.example.org" \
	"</hostname><port>465</port><socketType>SSL</socketType>" AUTH NAME \
	"</outgoingServer>"
#define OPEN "<clientConfig version=\"1.1\"><emailProvider " \
	"id=\"example.org\"><domain>example.org</domain>"
#define CLOSE "</emailProvider></clientConfig>"

static const char config[] = OPEN IMAP SMTP CLOSE;

#define PROTOCOL(type, port) "<Protocol><Type>" type "</Type><Server>" \
	"mail.example.org</Server><Port>" port "</Port><LoginName>" \
	"fred@example.org</LoginName><SPA>off</SPA><SSL>on</SSL>" \
	"<Encryption>SSL</Encryption></Protocol>"
#define POX(protocols) "<Autodiscover xmlns=\"http://schemas.microsoft.com/" \
	"exchange/autodiscover/responseschema/2006\"><Response xmlns=\"http:" \
	"//schemas.microsoft.com/exchange/autodiscover/outlook/" \
	"responseschema/2006a\"><Account><AccountType>email</AccountType>" \
	"<Action>settings</Action>" protocols "</Account></Response>" \
	"</Autodiscover>"

static const char discover[] =
    POX(PROTOCOL("IMAP", "993") PROTOCOL("SMTP", "465")
	"<Protocol><Type>CalDAV</Type><Server>https://example.org/dav/"
	"</Server></Protocol>");

static const char pacc[] = "{\"protocols\":{\"imap\":{\"host\":"
    "\"mail.example.org\"},\"submit\":{\"host\":\"mail.example.org\"}}}";
static const char pacc_digest[] = "v=UAAC1; a=sha256; "
    "d=vbxaA1YEWHr4qebS9jAheoDrh74qBOS9S6/rkUbDYw4=";

static const char multistatus[] = "<multistatus xmlns=\"DAV:\"><response>"
    "<href>/dav/</href><propstat><prop><current-user-principal><href>/dav/p/"
    "</href></current-user-principal></prop><status>HTTP/1.1 200 OK</status>"
    "</propstat></response></multistatus>";

struct page {
	enum ask_method method;
	const char *url; /* without its query */
	unsigned status;
	const char *type, *body, *location;
	const char *tls; /* a fault of the transport instead */
};

struct name {
	const char *name;
	enum record_type type;
	struct record record;
};

/* The first that fits answers; what a test plants stands before. */
struct fixture {
	struct page planted[4];
	struct name names[4];
	bool no_digest;
	size_t strayed; /* passwords for another server */
};

static const struct page good[] = {
	{ ASK_GET, AUTOCONFIG, 200, "text/xml; charset=utf-8", config, "", "" },
	{ ASK_GET, WELL_KNOWN, 200, "text/xml; charset=utf-8", config, "", "" },
	{ ASK_POST, AUTODISCOVER, 200, "text/xml", discover, "", "" },
	{ ASK_GET, PACC_URL, 200, "application/json", pacc, "", "" },
	{ ASK_PROPFIND, "https://example.org/.well-known/caldav", 301, "", "",
	    "https://example.org/dav/", "" },
	{ ASK_PROPFIND, "https://example.org/.well-known/carddav", 301, "",
	    "", "https://example.org/dav/", "" },
	{ ASK_PROPFIND, "https://example.org/dav/", 401, "", "", "", "" },
	{ ASK_PUT, "https://example.org/", 405, "", "", "", "" },
};

static bool
fits(const struct page *p, const struct ask *ask)
{
	view url = ask->url;

	return p->url != NULL && p->method == ask->method
	    && view_eq(view_cut(&url, '?'), view_of(p->url));
}

static const struct page *
find(const struct fixture *f, const struct ask *ask)
{
	for (size_t i = 0; i < COUNT(f->planted); i++)
		if (fits(&f->planted[i], ask))
			return &f->planted[i];
	for (size_t i = 0; i < COUNT(good); i++)
		if (fits(&good[i], ask))
			return &good[i];
	return NULL;
}

static void
fetch(void *self, struct arena *arena, const struct ask *ask,
    struct document *out)
{
	const struct page *p = find(self, ask);
	struct fixture *f = self;

	(void)arena;
	f->strayed += ask->log_in && view_find(ask->url, VIEW("://evil."))
	    != SIZE_MAX;
	*out = (struct document){ .url = ask->url, .status = 404,
		.type = VIEW("text/plain") };
	if (p == NULL)
		return;
	if (p->tls[0] != '\0') {
		out->r = fail(FAILED, "the certificate has expired");
		out->reached = true;
	}
	out->status = p->status;
	out->type = view_of(p->type);
	out->body = view_of(p->body);
	out->location = view_of(p->location);
	out->basic = p->status == 401;
	if (ask->log_in && p->status == 401) {
		out->status = 207;
		out->body = view_of(p->body[0] != '\0' ? p->body
						       : multistatus);
		if (p->location[0] != '\0')
			out->status = 302;
	}
	if (ask->method == ASK_OPTIONS)
		out->dav = out->type;
}

static const struct {
	const char *name, *text;
} texts[] = {
	{ "_ua-auto-config.example.org", pacc_digest },
	{ "example.org", "v=spf1 mx -all" },
	{ "_dmarc.example.org", "v=DMARC1; p=reject" },
};

static size_t
lookup(void *self, struct arena *arena, view name, enum record_type type,
    struct record **out)
{
	const struct fixture *f = self;

	for (size_t i = 0; i < COUNT(f->names); i++) {
		if (f->names[i].name == NULL || f->names[i].type != type
		    || !view_eq(name, view_of(f->names[i].name)))
			continue;
		*out = arena_alloc(arena, sizeof **out);
		**out = f->names[i].record;
		return 1;
	}
	for (size_t i = f->no_digest; type == RECORD_TXT && i < COUNT(texts);
	     i++) {
		if (!view_eq(name, view_of(texts[i].name)))
			continue;
		*out = arena_alloc(arena, sizeof **out);
		(*out)->value = view_of(texts[i].text);
		return 1;
	}
	return 0;
}

static void
read_all(struct fixture *f, struct arena *arena, const char *password,
    struct reading out[DOCTOR_READERS])
{
	const struct world w = { f, fetch, lookup };
	const struct person p = { .address = VIEW("fred@example.org"),
		.local = VIEW("fred"), .domain = VIEW("example.org"),
		.password = view_of(password) };

	doctor_read(&w, arena, &p, out);
}

static const struct reading *
named(const struct reading *all, const char *client)
{
	for (size_t i = 0; i < DOCTOR_READERS; i++)
		if (strcmp(all[i].client, client) == 0)
			return &all[i];
	return &all[0];
}

static void
all_agree(void)
{
	struct reading all[DOCTOR_READERS];
	struct fixture f = { .no_digest = false };
	struct arena *arena = arena_new(1 << 22);

	read_all(&f, arena, "", all);
	for (size_t i = 0; i < DOCTOR_READERS; i++) {
		const struct reading *r = &all[i];

		ok(r->verdict == VERDICT_OK, "%s is content%s%s", r->client,
		    r->rule[0] != '\0' ? ": " : "", r->rule);
		if (!reading_has(r, OFFER_IMAP))
			continue;
		ok(view_eq(r->offers[0].host, VIEW("mail.example.org"))
		    && r->offers[0].port == 993
		    && view_eq(r->offers[0].login, VIEW("fred@example.org"))
		    && r->offers[1].port == 465, "%s takes 993 and 465",
		    r->client);
	}
	ok(reading_has(named(all, "DAVx5"), OFFER_CARDDAV), "DAVx5: books");
	ok(reading_has(named(all, "Thunderbird 153"), OFFER_CALDAV),
	    "Thunderbird: calendars");
	ok(reading_has(named(all, "eM Client"), OFFER_CALDAV), "eM Client too");
	arena_free(&arena);
}

/* A config-v1.1.xml in place of the good one. */
#define XML(text) \
	{ { { ASK_GET, AUTOCONFIG, 200, "text/xml", text, "", "" } }, \
	    { { NULL, RECORD_A, { RECORD_A, 0, 0, 0, { NULL, 0 } } } }, \
	    false, 0 }
#define PAGE(...) \
	{ { __VA_ARGS__ }, \
	    { { NULL, RECORD_A, { RECORD_A, 0, 0, 0, { NULL, 0 } } } }, \
	    false, 0 }
#define WITH(record) \
	{ { { ASK_GET, NULL, 0, "", "", "", "" } }, { record }, false, 0 }
#define SRV(owner, to, at_port) \
	{ owner, RECORD_SRV, { RECORD_SRV, 0, 0, at_port, VIEW_INIT(to) } }
#define SERVER(type, host, port, socket, auth, user) \
	"<incomingServer type=\"" type "\"><hostname>" host "</hostname>" \
	"<port>" port "</port><socketType>" socket "</socketType>" \
	"<authentication>" auth "</authentication><username>" user \
	"</username></incomingServer>"

static const struct {
	const char *client, *rule; /* what it says contains this */
	struct fixture f;
} faults[] = {
	{ "Thunderbird 153", "not typed as XML", PAGE({ ASK_GET, AUTOCONFIG,
	    200, "application/octet-stream", config, "", "" }) },
	{ "Thunderbird 140", "not typed as XML", PAGE({ ASK_GET, AUTOCONFIG,
	    200, "text/html", "<html>hello</html>", "", "" }) },
	{ "Evolution", "a web page answers", PAGE({ ASK_GET, AUTOCONFIG, 200,
	    "text/html", "<html>hello</html>", "", "" }) },
	{ "Thunderbird 153", "DOCTYPE", XML("<!DOCTYPE x>" OPEN IMAP SMTP
	    CLOSE) },
	{ "Thunderbird 153", "empty", PAGE({ ASK_GET, AUTOCONFIG, 204,
	    "text/xml", "", "", "" }) },
	{ "GNOME Accounts", "204", PAGE({ ASK_GET, AUTOCONFIG, 204,
	    "text/xml", "", "", "" }) },
	{ "Thunderbird 153", "not well-formed", XML(OPEN IMAP) },
	{ "KMail", "no <clientConfig>", XML("<config/>") },
	{ "Geary", "no <emailProvider>", XML("<clientConfig/>") },
	{ "Thunderbird 153", "prefix", XML("<x:clientConfig xmlns:x=\"u\"/>") },
	{ "Thunderbird Android", "id is no host", XML("<clientConfig>"
	    "<emailProvider id=\"our mail\"><domain>example.org</domain>" IMAP
	    SMTP CLOSE) },
	{ "Thunderbird 153", "no legal <domain>", XML("<clientConfig>"
	    "<emailProvider id=\"example.org\">" IMAP SMTP CLOSE) },
	{ "Thunderbird 153", "no ASCII host", XML(OPEN SERVER("imap",
	    "m\303\274ller.de", "993", "SSL", "password-cleartext",
	    "%EMAILADDRESS%") SMTP CLOSE) },
	{ "Thunderbird 153", "not a full host name", XML(OPEN SERVER("imap",
	    "mail", "993", "SSL", "password-cleartext", "%EMAILADDRESS%")
	    SMTP CLOSE) },
	{ "Thunderbird 153", "<port>", XML(OPEN SERVER("imap",
	    "mail.example.org", "70000", "SSL", "password-cleartext",
	    "%EMAILADDRESS%") SMTP CLOSE) },
	{ "Thunderbird 153", "as a number", XML(OPEN SERVER("imap",
	    "mail.example.org", "993", "SSL", "password-cleartext", "007")
	    SMTP CLOSE) },
	{ "Thunderbird 153", "blanks", XML(OPEN SERVER("imap",
	    "mail.example.org", "993", "SSL", "password-cleartext",
	    " %EMAILADDRESS% ") SMTP CLOSE) },
	{ "Thunderbird 153", "no <authentication>", XML(OPEN SERVER("imap",
	    "mail.example.org", "993", "SSL", "OAuth2", "%EMAILADDRESS%")
	    SMTP CLOSE) },
	{ "Thunderbird Android", "neither SSL nor STARTTLS", XML(OPEN IMAP
	    SERVER("imap", "mail.example.org", "143", "plain",
	    "password-cleartext", "%EMAILADDRESS%") SMTP CLOSE) },
	{ "Thunderbird Android", "elements inside", XML(OPEN SERVER("imap",
	    "mail.example.org<b/>", "993", "SSL", "password-cleartext",
	    "%EMAILADDRESS%") SMTP CLOSE) },
	{ "Geary", "network in clear", XML(OPEN SERVER("imap",
	    "mail.example.org", "143", "plain", "password-cleartext",
	    "%EMAILADDRESS%") SMTP CLOSE) },
	{ "Evolution", "last server", XML(OPEN IMAP SERVER("imap",
	    "mail.example.org", "143", "STARTTLS", "password-cleartext",
	    "%EMAILADDRESS%") SMTP CLOSE) },
	{ "Evolution", "attribute", XML(OPEN "<incomingServer type=\"imap\" "
	    "id=\"1\"><hostname>a.example.org</hostname></incomingServer>"
	    SMTP CLOSE) },
	{ "GNOME Accounts", "placeholders", XML(OPEN SERVER("imap",
	    "mail.example.org", "993", "SSL", "password-cleartext", "fred")
	    SMTP CLOSE) },
	{ "Geary", "first incomingServer", XML(OPEN SERVER("pop3",
	    "mail.example.org", "995", "SSL", "password-cleartext",
	    "%EMAILADDRESS%") IMAP SMTP CLOSE) },
	{ "FairEmail", "first incomingServer", XML(OPEN SERVER("pop3",
	    "mail.example.org", "995", "SSL", "password-cleartext",
	    "%EMAILADDRESS%") IMAP SMTP CLOSE) },
	{ "KMail", "last <authentication>", XML(OPEN SERVER("imap",
	    "mail.example.org", "993", "SSL", "password-cleartext"
	    "</authentication><authentication>OAuth2", "%EMAILADDRESS%") SMTP
	    CLOSE) },
	{ "Delta Chat", "imap and an smtp", XML(OPEN IMAP CLOSE) },
	{ "KMail", "expired", PAGE({ ASK_GET, AUTOCONFIG, 0, "", "", "",
	    "expired" }) },
	{ "Evolution", "5xx", PAGE({ ASK_GET, AUTOCONFIG, 502, "text/html",
	    "", "", "" }) },
	{ "Geary", "asks for a password", PAGE({ ASK_GET, AUTOCONFIG, 401,
	    "text/html", "", "", "" }) },
	{ "Geary", "finds nothing", PAGE({ ASK_GET, AUTOCONFIG, 404, "", "",
	    "", "" }) },
	{ "Outlook", "SPA", PAGE({ ASK_POST, AUTODISCOVER, 200, "text/xml",
	    POX("<Protocol><Type>IMAP</Type><Server>mail.example.org</Server>"
	        "<Port>993</Port></Protocol>"), "", "" }) },
	{ "Outlook", "Encryption TLS", PAGE({ ASK_POST, AUTODISCOVER, 200,
	    "text/xml", POX("<Protocol><Type>IMAP</Type><Server>mail.example."
	        "org</Server><Port>993</Port><SPA>off</SPA><Encryption>TLS"
	        "</Encryption></Protocol>"), "", "" }) },
	{ "Outlook", "another schema", PAGE({ ASK_POST, AUTODISCOVER, 200,
	    "text/xml", "<Autodiscover><Response><Account/></Response>"
	    "</Autodiscover>", "", "" }) },
	{ "Outlook", "an Error", PAGE({ ASK_POST, AUTODISCOVER, 200,
	    "text/xml", "<Autodiscover><Response><Error/></Response>"
	    "</Autodiscover>", "", "" }) },
	{ "eM Client", "https URL", PAGE({ ASK_POST, AUTODISCOVER, 200,
	    "text/xml", POX("<Protocol><Type>CalDAV</Type><Server>example.org"
	        "</Server></Protocol>"), "", "" }) },
	{ "Outlook", "port is not 443", WITH(SRV(
	    "_autodiscover._tcp.example.org", "mail.example.org", 8443)) },
	{ "Thunderbird 153", "another origin", PAGE({ ASK_PROPFIND,
	    "https://example.org/.well-known/caldav", 301, "", "",
	    "https://dav.example.net/", "" }) },
	{ "DAVx5", "from https to http", PAGE({ ASK_PROPFIND,
	    "https://example.org/.well-known/caldav", 301, "", "",
	    "http://example.org/dav/", "" }) },
	{ "Apple (DAV)", "web page answers PROPFIND", PAGE({ ASK_PROPFIND,
	    "https://example.org/.well-known/caldav", 200, "text/html",
	    "<html>", "", "" }) },
	{ "DAVx5", "do not end", PAGE({ ASK_PROPFIND,
	    "https://example.org/dav/", 302, "", "",
	    "https://example.org/dav/", "" }) },
	{ "Thunderbird 153", "PUT", PAGE({ ASK_PUT, "https://example.org/",
	    200, "", "", "", "" }) },
	{ "Evolution", "no DAV at the published", WITH(SRV(
	    "_caldavs._tcp.example.org", "nowhere.example.org", 443)) },
	{ "PACC", "not typed as JSON", PAGE({ ASK_GET, PACC_URL, 200,
	    "text/html", "<html>", "", "" }) },
	{ "PACC", "is not that of the document", PAGE({ ASK_GET, PACC_URL,
	    200, "application/json", "{\"protocols\":{}}", "", "" }) },
	{ "PACC", "redirects", PAGE({ ASK_GET, PACC_URL, 302, "", "",
	    "https://example.org/", "" }) },
};

static void
each_is_found(void)
{
	for (size_t i = 0; i < COUNT(faults); i++) {
		struct reading all[DOCTOR_READERS];
		struct fixture f = faults[i].f;
		struct arena *arena = arena_new(1 << 22);
		const struct reading *r;

		read_all(&f, arena, "", all);
		r = named(all, faults[i].client);
		ok(r->verdict == VERDICT_FAULT
		    && strstr(r->rule, faults[i].rule) != NULL,
		    "%s: %s (it says: %s)", r->client, faults[i].rule,
		    r->rule);
		arena_free(&arena);
	}
}

static void
with_a_password(void)
{
	struct reading all[DOCTOR_READERS];
	struct fixture f = { .planted = { { ASK_OPTIONS,
	    "https://example.org/dav/p/", 200, "1, calendar-access", "", "",
	    "" } } };
	struct arena *arena = arena_new(1 << 22);

	read_all(&f, arena, "secret", all);
	ok(strstr(named(all, "DAVx5")->rule, "lacks addressbook") != NULL,
	    "DAVx5 looks for addressbook: %s", named(all, "DAVx5")->rule);
	ok(named(all, "Evolution")->verdict == VERDICT_OK,
	    "Evolution does not");
	f.planted[0].type = "1, calendar-access, addressbook";
	arena_reset(arena);
	read_all(&f, arena, "secret", all);
	ok(named(all, "DAVx5")->verdict == VERDICT_OK, "with both: content");
	arena_free(&arena);
}

/* Whoever asked for the password gets it, nobody whom he names. */
static void
no_password_elsewhere(void)
{
	struct reading all[DOCTOR_READERS];
	struct fixture f = { .planted = { { ASK_PROPFIND,
	    "https://example.org/dav/", 401, "", "<multistatus xmlns=\"DAV:\">"
	    "<response><href>/</href><propstat><prop><current-user-principal>"
	    "<href>https://evil.example/p/</href></current-user-principal>"
	    "</prop></propstat></response></multistatus>", "", "" } } };
	struct arena *arena = arena_new(1 << 22);

	read_all(&f, arena, "secret", all);
	ok(strstr(named(all, "DAVx5")->rule, "not on this server") != NULL
	    && f.strayed == 0, "a principal elsewhere: %zu passwords",
	    f.strayed);
	f.planted[0] = (struct page){ ASK_PROPFIND,
	    "https://example.org/dav/", 401, "", "<redirect/>",
	    "https://evil.example/dav/", "" };
	read_all(&f, arena, "secret", all);
	ok(f.strayed == 0, "a redirection: %zu passwords", f.strayed);
	arena_free(&arena);
}

static void
without_digest(void)
{
	struct reading all[DOCTOR_READERS];
	struct fixture f = { .no_digest = true };
	struct arena *arena = arena_new(1 << 22);

	read_all(&f, arena, "", all);
	ok(strstr(named(all, "PACC")->rule, "vouches") != NULL,
	    "PACC without its TXT");
	arena_free(&arena);
}

int
main(void)
{
	all_agree();
	each_is_found();
	with_a_password();
	no_password_elsewhere();
	without_digest();
	return tap_done();
}
