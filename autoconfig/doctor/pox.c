#include "autoconfig/doctor/pox.h"

#include "autoconfig/doctor/autoconf.h"
#include "mailcore/format/xml_in.h"

#define GENERIC "http://schemas.microsoft.com/exchange/autodiscover/" \
	"responseschema/2006"
#define OUTLOOK "http://schemas.microsoft.com/exchange/autodiscover/" \
	"outlook/responseschema/2006a"

struct answer {
	struct reading *r;
	const struct document *d;
	struct arena *arena;
	const struct person *p;
	enum pox_rules rules;
};

static const struct xml_element *
child(const struct xml_element *e, view name)
{
	for (e = e != NULL ? e->first : NULL; e != NULL; e = e->next)
		if (view_eq(e->name, name))
			return e;
	return NULL;
}

static view
text(const struct xml_element *e, const char *name)
{
	const struct xml_element *c = child(e, view_of(name));

	return c != NULL ? view_trim(c->text) : VIEW("");
}

static bool
starttls_port(unsigned port)
{
	return port == 143 || port == 110 || port == 25 || port == 587;
}

/* As the answer says it: Encryption first, then SSL. */
static enum offer_security
said(const struct xml_element *protocol)
{
	view how = text(protocol, "Encryption");

	if (view_same(how, VIEW("TLS")))
		return SECURITY_STARTTLS;
	if (view_same(how, VIEW("None")) || (how.n == 0
	    && view_same(text(protocol, "SSL"), VIEW("off"))))
		return SECURITY_PLAIN;
	return SECURITY_TLS;
}

static void
check_security(struct answer *a, const struct xml_element *protocol,
    unsigned port, enum offer_security security)
{
	bool starttls = starttls_port(port);

	if (security == SECURITY_PLAIN)
		return; /* autoconf_keep says it */
	if (security == SECURITY_STARTTLS && !starttls)
		reading_fault(a->r, a->d->url, "Encryption TLS means"
		    " STARTTLS, which this port does not speak",
		    "write Encryption SSL for 993, 995 and 465");
	else if (security == SECURITY_TLS && starttls)
		reading_fault(a->r, a->d->url, "this port speaks STARTTLS,"
		    " but the answer says TLS at once", "write Encryption TLS"
		    " for 143, 110 and 587");
	if (a->rules == POX_OUTLOOK
	    && !view_same(text(protocol, "SPA"), VIEW("off")))
		reading_fault(a->r, a->d->url, "SPA is on unless it is"
		    " switched off", "write <SPA>off</SPA>");
}

static void
mail_protocol(struct answer *a, const struct xml_element *e,
    enum offer_kind kind)
{
	struct offer o = { .kind = kind, .host = text(e, "Server"),
		.port = autoconf_port(text(e, "Port")),
		.security = said(e), .login = text(e, "LoginName") };

	if (!autoconf_host(o.host) || o.port == 0) {
		reading_fault(a->r, a->d->url, "a Protocol without a legal"
		    " Server and Port", "write both");
		return;
	}
	check_security(a, e, o.port, o.security);
	if (a->rules != POX_OUTLOOK && o.security != SECURITY_PLAIN)
		o.security = starttls_port(o.port) ? SECURITY_STARTTLS
		    : SECURITY_TLS;
	if (o.login.n == 0)
		o.login = a->p->address;
	autoconf_keep(a->r, a->d->url, &o);
}

static void
dav_protocol(struct answer *a, const struct xml_element *e,
    enum offer_kind kind)
{
	struct offer o = { .kind = kind, .url = text(e, "Server"),
		.login = text(e, "LoginName") };

	if (!view_starts(o.url, VIEW("https://")))
		reading_fault(a->r, a->d->url, "Server of CalDAV and CardDAV"
		    " is not an https URL", "write the whole URL");
	else
		reading_add(a->r, &o);
}

static void
protocol(struct answer *a, const struct xml_element *e)
{
	static const struct {
		const char *type;
		enum offer_kind kind;
	} types[] = {
		{ "IMAP", OFFER_IMAP },
		{ "POP3", OFFER_POP3 },
		{ "SMTP", OFFER_SMTP },
		{ "CalDAV", OFFER_CALDAV },
		{ "CardDAV", OFFER_CARDDAV },
	};
	view type = text(e, "Type");

	for (size_t i = 0; i < COUNT(types); i++) {
		if (!view_same(type, view_of(types[i].type)))
			continue;
		if (types[i].kind >= OFFER_CALDAV) {
			if (a->rules == POX_EMCLIENT)
				dav_protocol(a, e, types[i].kind);
		} else if (a->rules == POX_THUNDERBIRD
		    && !view_eq(type, view_of(types[i].type)))
			reading_fault(a->r, a->d->url, "Type is not in upper"
			    " case", "write IMAP, POP3, SMTP");
		else
			mail_protocol(a, e, types[i].kind);
		return;
	}
}

static void
account(struct answer *a, const struct xml_element *e)
{
	bool email = false, settings = false;

	for (const struct xml_element *c = e->first; c != NULL; c = c->next) {
		view v = view_trim(c->text);

		if (view_eq(c->name, VIEW("AccountType")))
			email = view_same(v, VIEW("email"));
		else if (view_eq(c->name, VIEW("Action")))
			settings = view_same(v, VIEW("settings"));
		else if (!view_eq(c->name, VIEW("Protocol")))
			continue;
		else if (a->rules == POX_THUNDERBIRD || (email && settings))
			protocol(a, c);
		else
			reading_fault(a->r, a->d->url, "AccountType email"
			    " and Action settings do not stand before the"
			    " Protocols", "write them first");
	}
}

static void
response(struct answer *a, const struct xml_element *root)
{
	const struct xml_element *r = child(root, VIEW("Response"));
	const struct xml_element *e = child(r, VIEW("Account"));

	if (!view_eq(root->name, VIEW("Autodiscover")) || r == NULL)
		reading_fault(a->r, a->d->url, "the answer is XML, but no"
		    " Autodiscover response", "serve Autodiscover there, or"
		    " 404");
	else if (child(r, VIEW("Error")) != NULL)
		reading_fault(a->r, a->d->url, "Autodiscover answers with an"
		    " Error", "see its ErrorCode and Message");
	else if (a->rules == POX_OUTLOOK
	    && (!view_eq(root->ns, VIEW(GENERIC))
	        || !view_eq(r->ns, VIEW(OUTLOOK))))
		reading_fault(a->r, a->d->url, "the response has another"
		    " schema than was asked for", "use the namespaces of"
		    " MS-OXDSCLI, with http://");
	else if (e == NULL)
		reading_fault(a->r, a->d->url, "the response has no Account",
		    "describe IMAP and SMTP in one");
	else
		account(a, e);
}

void
pox_read(struct reading *r, const struct document *d, struct arena *arena,
    const struct person *p, enum pox_rules rules)
{
	struct answer a = { r, d, arena, p, rules };
	struct xml_element *root = NULL;

	if (view_find_same(view_first(d->body, 1024), VIEW("<html"))
	    != SIZE_MAX)
		reading_fault(r, d->url, "a web page answers instead of"
		    " Autodiscover", "answer 404 there, or serve it");
	else if (xml_parse(d->body, arena, &root).is != OK || root == NULL)
		reading_fault(r, d->url, "the Autodiscover answer is not"
		    " well-formed XML", "look at it with xmllint");
	else
		response(&a, root);
}
