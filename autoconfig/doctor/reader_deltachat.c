/*
 * Delta Chat: two documents, then Autodiscover by GET, which only answers
 * with a RedirectUrl are good for.
 */
#include "autoconfig/doctor/autoconf.h"
#include "autoconfig/doctor/pox.h"
#include "autoconfig/doctor/sequence.h"

static const struct step steps[] = {
	{ .url = "https://autoconfig.%D/mail/config-v1.1.xml"
	    "?emailaddress=%A" },
	{ .url = "https://%D/.well-known/autoconfig/mail/config-v1.1.xml" },
};

static const struct step pox[] = {
	{ .url = "https://%D/autodiscover/autodiscover.xml" },
	{ .url = "https://autodiscover.%D/autodiscover/autodiscover.xml" },
};

static const struct step database[] = {
	{ .url = "https://autoconfig.thunderbird.net/v1.1/%D",
	    .database = true },
};

static void
take_first(struct reading *r, view where, const struct autoconf_server *s,
    size_t count, enum offer_kind kind, struct arena *arena,
    const struct person *p)
{
	for (size_t i = 0; i < count; i++) {
		enum offer_security security = SECURITY_PLAIN;
		struct offer o;

		if (!view_eq(s[i].type, view_of(offer_name(kind))))
			continue;
		if (s[i].socket_count > 0)
			(void)autoconf_socket(s[i].sockets[0], &security);
		o = autoconf_offer(&s[i], kind, security, arena, p);
		if (autoconf_host(o.host) && o.port != 0) {
			autoconf_keep(r, where, &o);
			return;
		}
	}
	reading_fault(r, where, "it needs an imap and an smtp server with"
	    " <hostname> and <port>", "describe both");
}

static void
read_config(struct reading *r, const struct document *d, struct arena *arena,
    const struct person *p)
{
	struct autoconf *c = arena_alloc(arena, sizeof *c);

	if (c == NULL || !autoconf_parse(c, d, arena, r))
		return;
	take_first(r, d->url, c->incoming, c->incoming_count, OFFER_IMAP,
	    arena, p);
	take_first(r, d->url, c->outgoing, c->outgoing_count, OFFER_SMTP,
	    arena, p);
}

static void
read_pox(struct reading *r, const struct document *d, struct arena *arena,
    const struct person *p)
{
	pox_read(r, d, arena, p, POX_FAIREMAIL);
}

void
read_deltachat(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	const struct sequence config = { steps, COUNT(steps),
		sequence_is_2xx, read_config, false };
	const struct sequence discover = { pox, COUNT(pox), sequence_is_2xx,
		read_pox, false };
	const struct sequence last = { database, COUNT(database),
		sequence_is_2xx, read_config, false };

	if (!sequence_run(&config, r, w, arena, p)
	    && !sequence_run(&discover, r, w, arena, p))
		(void)sequence_run(&last, r, w, arena, p);
}
