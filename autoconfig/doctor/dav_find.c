#include "autoconfig/doctor/dav_find.h"

#include "mailcore/base/url.h"
#include "mailcore/format/uri.h"
#include "mailcore/format/xml_in.h"

enum { HOPS_MAX = 5 };

static const char question[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
    "<propfind xmlns=\"DAV:\"><prop><resourcetype/><displayname/>"
    "<current-user-principal/></prop></propfind>";

struct search {
	struct reading *r;
	const struct dav_rules *rules;
	enum offer_kind kind;
	const struct world *w;
	struct arena *arena;
	const struct person *p;
	bool found;
};

static bool
same_origin(view one, view other)
{
	struct url a, b;

	return url_parse(one, &a).is == OK && url_parse(other, &b).is == OK
	    && a.tls == b.tls && a.port == b.port
	    && view_same(a.host, b.host);
}

static const struct xml_element *
find_element(const struct xml_element *e, view name)
{
	for (; e != NULL; e = e->next) {
		const struct xml_element *inside;

		if (xml_is(e, VIEW("DAV:"), name))
			return e;
		inside = find_element(e->first, name);
		if (inside != NULL)
			return inside;
	}
	return NULL;
}

static void
check_principal(struct search *s, view from, view principal)
{
	struct ask ask = { .method = ASK_OPTIONS, .url = principal,
		.log_in = true };
	struct document d = { .url = principal };
	bool calendars = s->kind == OFFER_CALDAV;

	/* The password is for who asked for it. */
	if (!same_origin(principal, from)) {
		reading_fault(s->r, from, "the principal is not on this"
		    " server, which alone gets the password", "let"
		    " current-user-principal be a path");
		return;
	}
	s->w->fetch(s->w->self, s->arena, &ask, &d);
	if (d.r.is != OK || d.status >= 300)
		reading_fault(s->r, principal, "OPTIONS on the principal"
		    " fails", "answer it with the DAV header (RFC 4791 5.1)");
	else if (view_find(d.dav, calendars ? VIEW("calendar-access")
	    : VIEW("addressbook")) == SIZE_MAX)
		reading_fault(s->r, principal, calendars
		    ? "the principal's DAV header lacks calendar-access"
		    : "the principal's DAV header lacks addressbook",
		    "add it (RFC 4791 5.1, RFC 6352 6.1)");
}

static void
keep(struct search *s, view url)
{
	struct offer o = { .kind = s->kind, .url = url,
		.login = s->p->address };

	reading_add(s->r, &o);
	s->found = true;
}

/* What a 207 says. */
static void
read_multistatus(struct search *s, const struct document *d)
{
	struct xml_element *root = NULL;
	const struct xml_element *principal, *href, *status;

	if (xml_parse(d->body, s->arena, &root).is != OK) {
		reading_fault(s->r, d->url, "the answer to PROPFIND is not"
		    " well-formed XML", "see the server's log");
		return;
	}
	principal = find_element(root, VIEW("current-user-principal"));
	href = principal != NULL
	    ? find_element(principal->first, VIEW("href")) : NULL;
	status = find_element(root, VIEW("status"));
	if (s->rules->multistatus_200 && status != NULL
	    && view_starts(view_trim(status->text), VIEW("HTTP/1.1 2"))
	    && !view_eq(view_trim(status->text), VIEW("HTTP/1.1 200 OK")))
		reading_fault(s->r, d->url, "a propstat's status is not"
		    " literally \"HTTP/1.1 200 OK\"", "write it so");
	if (href == NULL) {
		reading_fault(s->r, d->url, "there is no current-user-"
		    "principal to go on from", "answer it on every resource"
		    " (RFC 5397)");
		return;
	}
	keep(s, d->url);
	if (s->rules->options && s->p->password.n > 0)
		check_principal(s, d->url, uri_join(s->arena, d->url,
		    view_trim(href->text)));
}

static void
read_unauthorized(struct search *s, const struct document *d, bool tried)
{
	if (tried)
		reading_fault(s->r, d->url, "it refuses the address and"
		    " password", "let the full address log in there too");
	else if (!d->basic)
		reading_fault(s->r, d->url, "it asks for a login, but not"
		    " for Basic", "send WWW-Authenticate: Basic realm=\"...\"");
	else
		keep(s, d->url);
}

/* The redirection's target, or "" when this program does not follow. */
static view
follow(struct search *s, const struct document *d)
{
	if (d->location.n == 0)
		reading_fault(s->r, d->url, "a redirection without a"
		    " Location", "name the DAV root there");
	else if (view_starts(d->location, VIEW("http://"))
	    && view_starts(d->url, VIEW("https://")))
		reading_fault(s->r, d->url, "it redirects from https to"
		    " http", "redirect to https");
	else if (s->rules->same_origin
	    && !same_origin(d->location, d->url))
		reading_fault(s->r, d->url, "it redirects to another origin,"
		    " which this program drops", "serve DAV on the mail"
		    " domain too, or publish SRV records that lead there");
	else
		return d->location;
	return VIEW("");
}

static bool
wrong_success(struct search *s, const struct document *d)
{
	if (d->status == 207 || d->status < 200 || d->status >= 300)
		return false;
	reading_fault(s->r, d->url, "a web page answers PROPFIND with"
	    " success", "redirect /.well-known/caldav and carddav to the DAV"
	    " root, or answer 404");
	return true;
}

/* true: go on with `*url`. */
static bool
one_hop(struct search *s, view *url, bool *log_in, bool certain)
{
	struct ask ask = { .method = ASK_PROPFIND, .url = *url,
		.body = view_of(question), .log_in = *log_in };
	struct document d = { .url = *url };

	s->w->fetch(s->w->self, s->arena, &ask, &d);
	if (d.r.is != OK) {
		if (certain || d.reached)
			reading_fault(s->r, *url, d.r.why, "mend the server"
			    " or the certificate of this name");
		return false;
	}
	if (d.status >= 301 && d.status <= 308 && d.status != 304) {
		*url = follow(s, &d);
		/* Another server has to ask for the password itself. */
		*log_in = *log_in && same_origin(*url, d.url);
		return url->n > 0;
	}
	if (d.status == 401 && !*log_in && d.basic
	    && s->p->password.n > 0) {
		*log_in = true;
		return true;
	}
	if (d.status == 401)
		read_unauthorized(s, &d, *log_in);
	else if (d.status == 207)
		read_multistatus(s, &d);
	else if (d.status >= 500 && d.status != 501)
		reading_fault(s->r, d.url, "the server answers PROPFIND with"
		    " an error of its own (5xx)", "see its log");
	else if (!wrong_success(s, &d) && certain)
		reading_fault(s->r, d.url, "there is no DAV at the published"
		    " address", "mend the SRV and TXT records, or serve DAV"
		    " there");
	return false;
}

/* `certain`: the domain says that it is there. */
static void
try_url(struct search *s, view url, bool certain)
{
	bool log_in = false;

	for (int hop = 0; hop < HOPS_MAX + 1; hop++)
		if (!one_hop(s, &url, &log_in, certain || hop > 0))
			return;
	reading_fault(s->r, url, "the redirections do not end",
	    "redirect to the DAV root at once");
}

static view
text_path(struct search *s, view name)
{
	struct record *found = NULL;
	size_t n = s->w->lookup(s->w->self, s->arena, name, RECORD_TXT,
	    &found);

	for (size_t i = 0; i < n; i++)
		if (view_starts(found[i].value, VIEW("path=")))
			return view_from(found[i].value, 5);
	return VIEW("");
}

/* The record with the lowest priority. */
static const struct record *
service(struct search *s, view name)
{
	struct record *found = NULL;
	size_t n = s->w->lookup(s->w->self, s->arena, name, RECORD_SRV,
	    &found);
	const struct record *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (best == NULL || found[i].priority < best->priority)
			best = &found[i];
	return best;
}

/* true: the domain has decided, with or without DAV. */
static bool
try_records(struct search *s, const char *what)
{
	view name = arena_print(s->arena, "_%ss._tcp.%.*s", what,
	    (int)s->p->domain.n, s->p->domain.p);
	const struct record *to = service(s, name);
	view path, root;

	if (to == NULL)
		return false;
	if (to->value.n == 0)
		return true; /* RFC 2782: not offered */
	path = text_path(s, name);
	root = to->port == 443 ? arena_print(s->arena, "https://%.*s",
	    (int)to->value.n, to->value.p) : arena_print(s->arena,
	    "https://%.*s:%u", (int)to->value.n, to->value.p, to->port);
	if (path.n > 0 && view_at(path, 0) != '/')
		reading_fault(s->r, name, "TXT path= does not begin with /",
		    "write path=/...");
	else if (path.n > 1)
		try_url(s, arena_print(s->arena, "%.*s%.*s", (int)root.n,
		    root.p, (int)path.n, path.p), true);
	if (!s->found)
		try_url(s, arena_print(s->arena, "%.*s/.well-known/%s",
		    (int)root.n, root.p, what), true);
	return true;
}

void
dav_find(struct reading *r, const struct dav_rules *rules,
    enum offer_kind kind, const struct world *w, struct arena *arena,
    const struct person *p)
{
	struct search s = { r, rules, kind, w, arena, p, false };
	const char *what = offer_name(kind);

	if (rules->srv && try_records(&s, what))
		return;
	try_url(&s, arena_print(arena, "https://%.*s/.well-known/%s",
	    (int)p->domain.n, p->domain.p, what), false);
	/* Web sites answer at the root: only what is DAV counts there. */
	if (!s.found && rules->root && r->verdict != VERDICT_FAULT) {
		struct reading quiet = { .client = r->client };

		s.r = &quiet;
		try_url(&s, arena_print(arena, "https://%.*s/",
		    (int)p->domain.n, p->domain.p), false);
		if (quiet.offer_count > 0 && quiet.verdict != VERDICT_FAULT)
			reading_add(r, &quiet.offers[0]);
	}
}

void
dav_bogus(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	struct ask ask = { .method = ASK_PUT, .url = arena_print(arena,
	    "https://%.*s/", (int)p->domain.n, p->domain.p) };
	struct document d = { .url = ask.url };

	w->fetch(w->self, arena, &ask, &d);
	if (d.r.is == OK && d.status >= 200 && d.status < 300)
		reading_fault(r, ask.url, "the web site accepts PUT, so that"
		    " a calendar is offered which is none", "answer 405 to"
		    " PUT");
}
