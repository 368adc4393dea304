/*
 * KMail's account wizard: Mozilla's database first; exactly 200; never sends
 * the address; older releases ask by http only.
 */
#include "autoconfig/doctor/autoconf.h"
#include "autoconfig/doctor/sequence.h"

static const struct step steps[] = {
	{ .url = "https://autoconfig.thunderbird.net/v1.1/%D",
	    .database = true },
	{ .url = "https://autoconfig.%D/mail/config-v1.1.xml" },
	{ .url = "http://autoconfig.%D/mail/config-v1.1.xml" },
	{ .url = "https://%D/.well-known/autoconfig/mail/config-v1.1.xml" },
	{ .url = "http://%D/.well-known/autoconfig/mail/config-v1.1.xml" },
};

static bool
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
		if (!autoconf_host(o.host) || o.port == 0) {
			reading_fault(r, where, "a server without legal"
			    " <hostname> and <port>", "write both");
			return false;
		}
		if (s[i].auth_count > 0
		    && !autoconf_password(s[i].auths[s[i].auth_count - 1]))
			reading_fault(r, where, "it takes the last"
			    " <authentication>, which is no password",
			    "write password-cleartext alone, or last");
		autoconf_keep(r, where, &o);
		return true;
	}
	return false;
}

static void
read_config(struct reading *r, const struct document *d, struct arena *arena,
    const struct person *p)
{
	struct autoconf *c = arena_alloc(arena, sizeof *c);

	if (c == NULL || !autoconf_parse(c, d, arena, r))
		return;
	if (!take_first(r, d->url, c->incoming, c->incoming_count,
	        OFFER_IMAP, arena, p)
	    && !take_first(r, d->url, c->incoming, c->incoming_count,
	        OFFER_POP3, arena, p))
		reading_fault(r, d->url, "there is no imap or pop3 server",
		    "describe one");
	if (!take_first(r, d->url, c->outgoing, c->outgoing_count,
	        OFFER_SMTP, arena, p))
		reading_fault(r, d->url, "there is no smtp server",
		    "describe one");
}

void
read_kmail(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	const struct sequence q = { steps, COUNT(steps), sequence_is_200,
		read_config, false };

	(void)sequence_run(&q, r, w, arena, p);
}
