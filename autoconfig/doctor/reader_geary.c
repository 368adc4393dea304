/*
 * Geary: one address, then Mozilla's database; the status is not looked at;
 * the first server of each side must be imap and smtp.
 */
#include "autoconfig/doctor/autoconf.h"
#include "autoconfig/doctor/sequence.h"

static const struct step steps[] = {
	{ .url = "https://autoconfig.%D/mail/config-v1.1.xml" },
	{ .url = "https://autoconfig.thunderbird.net/v1.1/%D",
	    .database = true },
};

/* Whatever the status: an error page just does not parse. */
static bool
is_readable(const struct document *d)
{
	return sequence_is_2xx(d)
	    || view_find(d->body, VIEW("<clientConfig")) != SIZE_MAX;
}

static void
take(struct reading *r, view where, const struct autoconf_server *s,
    size_t count, enum offer_kind kind, struct arena *arena,
    const struct person *p)
{
	enum offer_security security = SECURITY_PLAIN;
	struct offer o;

	if (count == 0 || !view_eq(s->type, view_of(offer_name(kind)))) {
		reading_fault(r, where, kind == OFFER_IMAP
		    ? "the first incomingServer is not imap"
		    : "the first outgoingServer is not smtp", "write imap and"
		    " smtp before all others");
		return;
	}
	if (s->socket_count > 0)
		(void)autoconf_socket(s->sockets[0], &security);
	o = autoconf_offer(s, kind, security, arena, p);
	o.login = p->address;
	if (o.host.n == 0 || o.port == 0)
		reading_fault(r, where, "the first server lacks <hostname> or"
		    " <port>", "write both");
	else
		autoconf_keep(r, where, &o);
}

static void
read_config(struct reading *r, const struct document *d, struct arena *arena,
    const struct person *p)
{
	struct autoconf *c = arena_alloc(arena, sizeof *c);
	size_t before = r->offer_count;

	if (c == NULL || !autoconf_parse(c, d, arena, r))
		return;
	take(r, d->url, c->incoming, c->incoming_count, OFFER_IMAP, arena, p);
	take(r, d->url, c->outgoing, c->outgoing_count, OFFER_SMTP, arena, p);
	if (r->offer_count - before < 2)
		r->offer_count = before;
}

void
read_geary(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	const struct sequence q = { steps, COUNT(steps), is_readable,
		read_config, false };

	(void)sequence_run(&q, r, w, arena, p);
}
