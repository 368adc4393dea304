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

static void
run(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p, bool newer)
{
	const struct sequence config = { steps, COUNT(steps),
		newer ? is_taken_153 : sequence_is_2xx, read_config, true };
	const struct sequence pox = { pox_140, COUNT(pox_140),
		sequence_is_2xx, read_pox, false };
	const struct dav_rules dav = { .srv = true, .same_origin = newer,
		.root = true, .multistatus_200 = true };

	if (!sequence_run(&config, r, w, arena, p)
	    && r->verdict != VERDICT_FAULT)
		(void)sequence_run(&pox, r, w, arena, p);
	dav_find(r, &dav, OFFER_CARDDAV, w, arena, p);
	dav_find(r, &dav, OFFER_CALDAV, w, arena, p);
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
