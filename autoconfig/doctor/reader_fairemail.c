/*
 * FairEmail: SRV records first, then the documents (exactly 200), then
 * Autodiscover, posted without an XML type; only the first incomingServer may
 * be imap.
 */
#include "autoconfig/doctor/autoconf.h"
#include "autoconfig/doctor/pox.h"
#include "autoconfig/doctor/sequence.h"

static const struct step steps[] = {
	{ .url = "https://autoconfig.%D/mail/config-v1.1.xml"
	    "?emailaddress=%R" },
	{ .url = "https://%D/.well-known/autoconfig/mail/config-v1.1.xml"
	    "?emailaddress=%R" },
	{ .url = "https://autoconfig.thunderbird.net/v1.1/%D",
	    .database = true },
};

static const struct step pox[] = {
	{ .url = "https://%D/autodiscover/autodiscover.xml",
	    .method = ASK_POST, .untyped = true },
	{ .url = "https://autodiscover.%D/autodiscover/autodiscover.xml",
	    .method = ASK_POST, .untyped = true },
};

static void
take(struct reading *r, view where, const struct autoconf_server *s,
    enum offer_kind kind, struct arena *arena, const struct person *p)
{
	enum offer_security security = SECURITY_PLAIN;
	struct offer o;

	if (s->socket_count > 0)
		(void)autoconf_socket(s->sockets[0], &security);
	o = autoconf_offer(s, kind, security, arena, p);
	if (!autoconf_host(o.host) || o.port == 0)
		reading_fault(r, where, "a server without legal <hostname>"
		    " and <port>", "write both");
	else
		autoconf_keep(r, where, &o);
}

static void
read_config(struct reading *r, const struct document *d, struct arena *arena,
    const struct person *p)
{
	struct autoconf *c = arena_alloc(arena, sizeof *c);

	if (c == NULL || !autoconf_parse(c, d, arena, r))
		return;
	if (c->incoming_count == 0
	    || !view_eq(c->incoming[0].type, VIEW("imap"))) {
		reading_fault(r, d->url, "the first incomingServer is not"
		    " imap", "write imap before all others");
		return;
	}
	take(r, d->url, &c->incoming[0], OFFER_IMAP, arena, p);
	for (size_t i = 0; i < c->outgoing_count; i++)
		if (view_eq(c->outgoing[i].type, VIEW("smtp"))) {
			take(r, d->url, &c->outgoing[i], OFFER_SMTP, arena,
			    p);
			return;
		}
	reading_fault(r, d->url, "there is no smtp server", "describe one");
}

static void
read_pox(struct reading *r, const struct document *d, struct arena *arena,
    const struct person *p)
{
	pox_read(r, d, arena, p, POX_FAIREMAIL);
}

/* The best record of the two; false when none names a host. */
static bool
service(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p, const char *tls, const char *starttls,
    enum offer_kind kind)
{
	const char *const names[] = { tls, starttls };
	struct offer o = { .kind = kind, .login = p->address };
	unsigned best = UINT32_MAX;

	for (size_t i = 0; i < COUNT(names); i++) {
		struct record *found = NULL;
		size_t n = w->lookup(w->self, arena, arena_print(arena,
		    "%s._tcp.%.*s", names[i], (int)p->domain.n, p->domain.p),
		    RECORD_SRV, &found);

		for (size_t k = 0; k < n; k++) {
			if (found[k].value.n == 0
			    || found[k].priority >= best)
				continue;
			best = found[k].priority;
			o.host = found[k].value;
			o.port = found[k].port;
			o.security = i == 0 ? SECURITY_TLS
			    : SECURITY_STARTTLS;
		}
	}
	if (o.host.n == 0)
		return false;
	autoconf_keep(r, p->domain, &o);
	return true;
}

void
read_fairemail(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	const struct sequence config = { steps, COUNT(steps),
		sequence_is_200, read_config, false };
	const struct sequence discover = { pox, COUNT(pox), sequence_is_200,
		read_pox, false };
	bool in = service(r, w, arena, p, "_imaps", "_imap", OFFER_IMAP);
	bool out = service(r, w, arena, p, "_submissions", "_submission",
	    OFFER_SMTP);

	if (in && out)
		return;
	r->offer_count = 0;
	if (!sequence_run(&config, r, w, arena, p))
		(void)sequence_run(&discover, r, w, arena, p);
}
