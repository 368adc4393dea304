/*
 * Thunderbird on the desktop: the best-ranked address that answers 2xx is
 * taken by its status alone, read afterwards, and not replaced.  Since 153 a
 * web page (text/html) counts as no answer.
 */
#include "autoconfig/doctor/autoconf.h"
#include "autoconfig/doctor/dav_find.h"
#include "autoconfig/doctor/pox.h"
#include "autoconfig/doctor/sequence.h"

#include "mailcore/base/ascii.h"

static const struct step steps[] = {
	{ .url = "https://autoconfig.%D/mail/config-v1.1.xml"
	    "?emailaddress=%E" },
	{ .url = "https://%D/.well-known/autoconfig/mail/config-v1.1.xml"
	    "?emailaddress=%E" },
	{ .url = "http://autoconfig.%D/mail/config-v1.1.xml"
	    "?emailaddress=%E" },
	{ .url = "http://%D/.well-known/autoconfig/mail/config-v1.1.xml"
	    "?emailaddress=%E" },
	{ .url = "https://live.thunderbird.net/autoconfig/v1.1/%D",
	    .database = true },
	{ .url = "https://autoconfig.%X/mail/config-v1.1.xml"
	    "?emailaddress=%E" },
	{ .url = "https://live.thunderbird.net/autoconfig/v1.1/%X",
	    .database = true },
	{ .url = "https://autoconfig.%B/mail/config-v1.1.xml"
	    "?emailaddress=%E" },
	{ .url = "https://live.thunderbird.net/autoconfig/v1.1/%B",
	    .database = true },
};

static bool
typed_as_xml(const struct document *d)
{
	return view_starts_same(d->type, VIEW("text/xml"))
	    || view_starts_same(d->type, VIEW("application/xml"))
	    || view_starts_same(d->type, VIEW("text/rdf"));
}

static bool
is_taken_153(const struct document *d)
{
	return sequence_is_2xx(d)
	    && !view_starts_same(d->type, VIEW("text/html"));
}

/* JXON makes a number of whatever looks like one: "007" becomes 7. */
static bool
looks_like_number(view v)
{
	bool digit = false;

	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];

		digit = digit || ascii_is_digit(c);
		if (!ascii_is_digit(c) && c != '.' && c != '-' && c != 'e')
			return false;
	}
	return digit;
}

/* The first that is known; OAuth2 only for a few providers. */
static bool
any_password(const struct autoconf_server *s)
{
	for (size_t i = 0; i < s->auth_count; i++)
		if (autoconf_password(s->auths[i])
		    || view_eq(s->auths[i], VIEW("GSSAPI"))
		    || view_eq(s->auths[i], VIEW("NTLM")))
			return true;
	return false;
}

static bool
any_socket(const struct autoconf_server *s, enum offer_security *out)
{
	for (size_t i = 0; i < s->socket_count; i++)
		if (autoconf_socket(s->sockets[i], out))
			return true;
	return false;
}

/* A server that breaks a rule is dropped alone. */
static bool
fits(const struct autoconf_server *s, view where, struct reading *r,
    const struct offer *o)
{
	if (!autoconf_host(o->host))
		reading_fault(r, where, "<hostname> is no ASCII host name",
		    "write it in ASCII (xn--), without scheme and port");
	else if (o->port == 0)
		reading_fault(r, where, "<port> is not 1 to 65535",
		    "write the port as a number");
	else if (!any_password(s))
		reading_fault(r, where, "no <authentication> that it knows",
		    "write password-cleartext");
	else if (s->login.n == 0)
		reading_fault(r, where, "<username> is missing",
		    "write %EMAILADDRESS%");
	else if (view_trim(s->login).n != s->login.n)
		reading_fault(r, where, "<username> has blanks around it,"
		    " which become part of the login", "write it in one line"
		    " with its tags");
	else if (looks_like_number(s->login))
		reading_fault(r, where, "a <username> of digits is taken as"
		    " a number (007 becomes 7)", "write %EMAILADDRESS% or"
		    " %EMAILLOCALPART%");
	else
		return true;
	return false;
}

static void
take_first(struct reading *r, view where, const struct autoconf_server *s,
    size_t count, bool incoming, struct arena *arena, const struct person *p)
{
	for (size_t i = 0; i < count; i++) {
		enum offer_security security = SECURITY_TLS;
		enum offer_kind kind = OFFER_SMTP;
		struct offer o;

		if (incoming && view_eq(s[i].type, VIEW("imap")))
			kind = OFFER_IMAP;
		else if (incoming && view_eq(s[i].type, VIEW("pop3")))
			kind = OFFER_POP3;
		else if (incoming || !view_eq(s[i].type, VIEW("smtp")))
			continue;
		if (!any_socket(&s[i], &security)) {
			reading_fault(r, where, "no <socketType> that it"
			    " knows", "write SSL or STARTTLS");
			continue;
		}
		o = autoconf_offer(&s[i], kind, security, arena, p);
		if (fits(&s[i], where, r, &o)) {
			autoconf_keep(r, where, &o);
			return;
		}
	}
}

static bool
any_domain(const struct autoconf *c, struct arena *arena,
    const struct person *p)
{
	for (size_t i = 0; i < c->domain_count; i++)
		if (autoconf_host(autoconf_fill(c->domains[i], arena, p)))
			return true;
	return false;
}

static void
read_config(struct reading *r, const struct document *d, struct arena *arena,
    const struct person *p)
{
	struct autoconf *c = arena_alloc(arena, sizeof *c);
	size_t before = r->offer_count;

	if (c == NULL)
		return;
	if (!typed_as_xml(d)) {
		reading_fault(r, d->url, "the answer is not typed as XML",
		    "send Content-Type: text/xml; charset=utf-8");
		return;
	}
	if (!autoconf_parse(c, d, arena, r))
		return;
	if (!autoconf_host(autoconf_fill(c->id, arena, p)))
		reading_fault(r, d->url, "emailProvider's id is no host"
		    " name", "write the domain there");
	else if (!any_domain(c, arena, p))
		reading_fault(r, d->url, "there is no legal <domain>",
		    "write the mail domain, in ASCII (xn--)");
	else {
		take_first(r, d->url, c->incoming, c->incoming_count, true,
		    arena, p);
		take_first(r, d->url, c->outgoing, c->outgoing_count, false,
		    arena, p);
		if (r->offer_count - before == 2)
			return;
		reading_fault(r, d->url, "it needs one good incomingServer"
		    " and one good outgoingServer", "describe both");
	}
	r->offer_count = before;
}

static const struct step pox_140[] = {
	{ "https://autodiscover.%D/autodiscover/autodiscover.xml",
	    .method = ASK_POST },
	{ "https://%D/autodiscover/autodiscover.xml", .method = ASK_POST },
	{ "http://autodiscover.%D/autodiscover/autodiscover.xml",
	    .method = ASK_POST },
};

static void
read_pox(struct reading *r, const struct document *d, struct arena *arena,
    const struct person *p)
{
	pox_read(r, d, arena, p, POX_THUNDERBIRD);
}

static const struct sequence pox = { pox_140, COUNT(pox_140),
	sequence_is_2xx, read_pox, false };

/* Since 153: of several SRV records the lightest, whatever its priority and
 * its port. */
static view
srv_host(const struct world *w, struct arena *arena, const struct person *p)
{
	struct record *found = NULL;
	const struct record *best = NULL;
	size_t n = w->lookup(w->self, arena, arena_print(arena,
	    "_autodiscover._tcp.%.*s", (int)p->domain.n, p->domain.p),
	    RECORD_SRV, &found);

	for (size_t i = 0; i < n; i++)
		if (best == NULL || found[i].weight < best->weight)
			best = &found[i];
	return best == NULL ? VIEW("") : best->value;
}

static view
host_of(view url)
{
	view rest = view_from(url, VIEW("https://").n);

	rest = view_first(rest, view_find_byte(rest, '/'));
	return view_first(rest, view_find_byte(rest, ':'));
}

/* Where plain http leads; "" when it does not lead to https. */
static view
redirected_host(const struct world *w, struct arena *arena,
    const struct person *p)
{
	struct ask ask = { .method = ASK_GET,
		.url = sequence_url(pox_140[2].url, w, arena, p) };
	struct document d = { .url = ask.url };

	w->fetch(w->self, arena, &ask, &d);
	if (d.r.is != OK || (d.status != 301 && d.status != 302)
	    || !view_starts(d.location, VIEW("https://")))
		return VIEW("");
	return host_of(d.location);
}

/* Since 153 Autodiscover is tried beside all else, and a person is asked
 * before it goes to a site that is not the domain's. */
static void
ask_person(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	const struct sequence own = { pox_140, 2, sequence_is_2xx, read_pox,
		false };
	struct reading quiet = { .client = r->client };
	view site = sequence_site(p->domain), hosts[2];

	if (sequence_run(&own, &quiet, w, arena, p))
		return;
	hosts[0] = redirected_host(w, arena, p);
	hosts[1] = srv_host(w, arena, p);
	for (size_t i = 0; i < COUNT(hosts); i++)
		if (hosts[i].n > 0
		    && !view_same(sequence_site(hosts[i]), site))
			reading_fault(r, hosts[i], "people are asked whether"
			    " they trust another domain: Autodiscover answers"
			    " only there", "answer at https://autodiscover."
			    "DOMAIN, with a certificate for that name");
}

static void
by_record(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	view host = srv_host(w, arena, p);
	struct step step = { .method = ASK_POST };
	const struct sequence q = { &step, 1, sequence_is_2xx, read_pox,
		false };

	/* A name from the network is no pattern. */
	if (host.n == 0 || view_find_byte(host, '%') != SIZE_MAX)
		return;
	step.url = arena_text(arena, arena_print(arena,
	    "https://%.*s/autodiscover/autodiscover.xml", (int)host.n,
	    host.p));
	if (step.url != NULL)
		(void)sequence_run(&q, r, w, arena, p);
}

/* The mail host, when DAV may be looked for there: since 153, and only in the
 * domain's own site. */
static view
second_host(const struct reading *r, const struct person *p)
{
	for (size_t i = 0; i < r->offer_count; i++) {
		const struct offer *o = &r->offers[i];

		if (o->kind != OFFER_IMAP && o->kind != OFFER_POP3)
			continue;
		return !view_same(o->host, p->domain)
		        && view_same(sequence_site(o->host),
		            sequence_site(p->domain))
		    ? o->host : VIEW("");
	}
	return VIEW("");
}

static void
find_dav(struct reading *r, bool newer, enum offer_kind kind,
    const struct world *w, struct arena *arena, const struct person *p)
{
	const struct dav_rules rules = { .srv = true, .same_origin = newer,
		.root = true, .multistatus_200 = true };
	struct reading first = { .client = r->client }, second = first;
	struct person there = *p;

	dav_find(&first, &rules, kind, w, arena, p);
	there.domain = newer ? second_host(r, p) : VIEW("");
	if (first.offer_count == 0 && there.domain.n > 0)
		dav_find(&second, &rules, kind, w, arena, &there);
	reading_join(r, second.offer_count > 0 ? &second : &first);
}

static void
run(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p, bool newer)
{
	const struct sequence config = { steps, COUNT(steps),
		newer ? is_taken_153 : sequence_is_2xx, read_config, true };

	if (!sequence_run(&config, r, w, arena, p)
	    && r->verdict != VERDICT_FAULT
	    && !sequence_run(&pox, r, w, arena, p) && newer)
		by_record(r, w, arena, p);
	if (newer)
		ask_person(r, w, arena, p);
	find_dav(r, newer, OFFER_CARDDAV, w, arena, p);
	find_dav(r, newer, OFFER_CALDAV, w, arena, p);
	dav_bogus(r, w, arena, p);
}

void
read_thunderbird_140(struct reading *r, const struct world *w,
    struct arena *arena, const struct person *p)
{
	run(r, w, arena, p, false);
}

void
read_thunderbird_153(struct reading *r, const struct world *w,
    struct arena *arena, const struct person *p)
{
	run(r, w, arena, p, true);
}
