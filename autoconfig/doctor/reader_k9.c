/*
 * Thunderbird for Android and K-9: never sends the address; one server that
 * it cannot use spoils the whole document.
 */
#include "autoconfig/doctor/autoconf.h"
#include "autoconfig/doctor/sequence.h"

static const struct step steps[] = {
	{ .url = "https://autoconfig.%D/mail/config-v1.1.xml" },
	{ .url = "https://%D/.well-known/autoconfig/mail/config-v1.1.xml" },
	{ .url = "http://autoconfig.%D/mail/config-v1.1.xml" },
	{ .url = "http://%D/.well-known/autoconfig/mail/config-v1.1.xml" },
	{ .url = "https://autoconfig.thunderbird.net/v1.1/%D",
	    .database = true },
	{ .url = "https://autoconfig.%X/mail/config-v1.1.xml" },
	{ .url = "https://autoconfig.thunderbird.net/v1.1/%X",
	    .database = true },
	{ .url = "https://autoconfig.%B/mail/config-v1.1.xml" },
	{ .url = "https://autoconfig.thunderbird.net/v1.1/%B",
	    .database = true },
};

static bool
any_password(const struct autoconf_server *s)
{
	for (size_t i = 0; i < s->auth_count; i++)
		if (view_eq(s->auths[i], VIEW("password-cleartext"))
		    || view_eq(s->auths[i], VIEW("password-encrypted")))
			return true;
	return false;
}

/* Why this entry spoils the file; NULL: it does not. */
static const char *
spoils(const struct autoconf_server *s, const struct offer *o)
{
	enum offer_security security;

	if (s->nested)
		return "an element of a server has elements inside";
	if (!autoconf_host(o->host))
		return "a <hostname> is missing or not legal";
	if (o->port == 0)
		return "a <port> is missing or not legal";
	if (s->login.n == 0)
		return "a <username> is missing";
	if (s->socket_count == 0 || !autoconf_socket(s->sockets[0], &security)
	    || security == SECURITY_PLAIN)
		return "a <socketType> is neither SSL nor STARTTLS";
	return any_password(s) ? NULL
	    : "a server has no <authentication> that it knows";
}

static bool
take_all(struct reading *r, view where, const struct autoconf_server *s,
    size_t count, enum offer_kind kind, struct arena *arena,
    const struct person *p)
{
	bool taken = false;

	for (size_t i = 0; i < count; i++) {
		enum offer_security security = SECURITY_TLS;
		struct offer o;
		const char *why;

		if (!view_eq(s[i].type, view_of(offer_name(kind))))
			continue;
		if (s[i].socket_count > 0)
			(void)autoconf_socket(s[i].sockets[0], &security);
		o = autoconf_offer(&s[i], kind, security, arena, p);
		why = spoils(&s[i], &o);
		if (why != NULL) {
			reading_fault(r, where, why, "mend or remove that"
			    " server: it makes this program refuse the whole"
			    " document");
			return false;
		}
		if (!taken)
			autoconf_keep(r, where, &o);
		taken = true;
	}
	if (!taken)
		reading_fault(r, where, "it needs an imap and an smtp server",
		    "describe both");
	return taken;
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

	if (c == NULL || !autoconf_parse(c, d, arena, r))
		return;
	if (!autoconf_host(c->id))
		reading_fault(r, d->url, "emailProvider's id is no host"
		    " name", "write the domain there");
	else if (!any_domain(c, arena, p))
		reading_fault(r, d->url, "there is no legal <domain>",
		    "write the mail domain, in ASCII (xn--)");
	else if (!take_all(r, d->url, c->incoming, c->incoming_count,
	    OFFER_IMAP, arena, p)
	    || !take_all(r, d->url, c->outgoing, c->outgoing_count,
	    OFFER_SMTP, arena, p))
		r->offer_count = before;
}

void
read_k9(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	const struct sequence q = { steps, COUNT(steps), sequence_is_2xx,
		read_config, false };

	(void)sequence_run(&q, r, w, arena, p);
}
