/*
 * Evolution: one address after the other; the LAST server of a type wins; an
 * attribute that it does not know ends the parse.
 */
#include "autoconfig/doctor/autoconf.h"
#include "autoconfig/doctor/dav_find.h"
#include "autoconfig/doctor/sequence.h"

static const struct step steps[] = {
	{ .url = "https://autoconfig.%D/mail/config-v1.1.xml"
	    "?emailaddress=%E&emailmd5=%M" },
	{ .url = "http://autoconfig.%D/mail/config-v1.1.xml"
	    "?emailaddress=%E&emailmd5=%M" },
	{ .url = "https://%D/.well-known/autoconfig/mail/config-v1.1.xml"
	    "?emailaddress=%E&emailmd5=%M" },
	{ .url = "http://%D/.well-known/autoconfig/mail/config-v1.1.xml"
	    "?emailaddress=%E&emailmd5=%M" },
	{ .url = "https://autoconfig.thunderbird.net/v1.1/%D",
	    .database = true },
	{ .url = "https://autoconfig.thunderbird.net/v1.1/%F",
	    .database = true },
	{ .url = "https://autoconfig.thunderbird.net/v1.1/%X",
	    .database = true },
};

/* Older releases send no local part; the answer must be as good. */
static const struct step masked[] = {
	{ .url = "https://autoconfig.%D/mail/config-v1.1.xml"
	    "?emailaddress=EVOLUTIONUSER%%40%D&emailmd5=%M" },
};

static bool
knows_attributes(const struct autoconf *c)
{
	for (size_t i = 0; i < c->incoming_count; i++)
		if (c->incoming[i].odd_attribute)
			return false;
	for (size_t i = 0; i < c->outgoing_count; i++)
		if (c->outgoing[i].odd_attribute)
			return false;
	return true;
}

static const struct autoconf_server *
last_of(const struct autoconf_server *s, size_t count, view type)
{
	while (count > 0)
		if (view_eq(s[--count].type, type))
			return &s[count];
	return NULL;
}

static const struct autoconf_server *
first_of(const struct autoconf_server *s, size_t count, view type)
{
	for (size_t i = 0; i < count; i++)
		if (view_eq(s[i].type, type))
			return &s[i];
	return NULL;
}

static void
take(struct reading *r, view where, const struct autoconf_server *servers,
    size_t count, enum offer_kind kind, struct arena *arena,
    const struct person *p)
{
	view type = view_of(offer_name(kind));
	const struct autoconf_server *s = last_of(servers, count, type);
	const struct autoconf_server *first = first_of(servers, count, type);
	enum offer_security security, preferred;
	struct offer o;

	if (s == NULL)
		return;
	if (s->socket_count == 0
	    || !autoconf_socket(s->sockets[s->socket_count - 1], &security)) {
		reading_fault(r, where, "no <socketType> that it knows",
		    "write SSL or STARTTLS");
		return;
	}
	if (s != first && first->socket_count > 0
	    && autoconf_socket(first->sockets[0], &preferred)
	    && preferred < security)
		reading_fault(r, where, "it takes the last server of a type,"
		    " which is not the preferred one", "describe one server"
		    " of a type, or the preferred one last");
	if (s->auth_count > 0
	    && !autoconf_password(s->auths[s->auth_count - 1])
	    && !autoconf_password(s->auths[0]))
		reading_fault(r, where, "no <authentication> by password",
		    "write password-cleartext");
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
	if (!knows_attributes(c)) {
		reading_fault(r, d->url, "a server has an attribute beside"
		    " `type`, which ends the parse", "remove the attribute");
		return;
	}
	take(r, d->url, c->incoming, c->incoming_count, OFFER_IMAP, arena, p);
	if (!reading_has(r, OFFER_IMAP))
		take(r, d->url, c->incoming, c->incoming_count, OFFER_POP3,
		    arena, p);
	take(r, d->url, c->outgoing, c->outgoing_count, OFFER_SMTP, arena, p);
}

static void
ask_masked(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	struct reading other = { .client = r->client };
	const struct sequence q = { masked, COUNT(masked), sequence_is_2xx,
		read_config, true };

	if (!sequence_run(&q, &other, w, arena, p))
		reading_fault(r, sequence_url(masked[0].url, w, arena, p),
		    "its older releases ask for EVOLUTIONUSER instead of the"
		    " address, and get nothing", "answer alike for addresses"
		    " that do not exist");
}

void
read_evolution(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	const struct sequence q = { steps, COUNT(steps), sequence_is_2xx,
		read_config, false };
	const struct sequence own = { steps, 1, sequence_is_2xx, read_config,
		false };
	const struct dav_rules dav = { .srv = true, .root = true };
	struct reading first = { .client = r->client };

	(void)sequence_run(&q, r, w, arena, p);
	if (sequence_run(&own, &first, w, arena, p))
		ask_masked(r, w, arena, p);
	dav_find(r, &dav, OFFER_CALDAV, w, arena, p);
	dav_find(r, &dav, OFFER_CARDDAV, w, arena, p);
}
