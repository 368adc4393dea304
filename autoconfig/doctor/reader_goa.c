/*
 * GNOME Online Accounts: exactly 200; the address as it is typed; a document
 * without servers ends the search; the login only as a placeholder.
 */
#include "autoconfig/doctor/autoconf.h"
#include "autoconfig/doctor/dav_find.h"
#include "autoconfig/doctor/sequence.h"

static const struct step steps[] = {
	{ .url = "https://autoconfig.%D/.well-known/mail-v1.xml"
	    "?emailaddress=%R" },
	{ .url = "https://autoconfig.%D/mail/config-v1.1.xml"
	    "?emailaddress=%R" },
	{ .url = "https://%D/.well-known/autoconfig/mail/config-v1.1.xml" },
	{ .url = "http://autoconfig.%D/mail/config-v1.1.xml" },
	{ .url = "https://v1.ispdb.net/%D", .database = true },
	{ .url = "https://autoconfig.%F/mail/config-v1.1.xml"
	    "?emailaddress=%R" },
	{ .url = "https://v1.ispdb.net/%F", .database = true },
};

static bool
is_placeholder(view v)
{
	return view_eq(v, VIEW("%EMAILADDRESS%"))
	    || view_eq(v, VIEW("%EMAILLOCALPART%"))
	    || view_eq(v, VIEW("%EMAILDOMAIN%"));
}

static void
take(struct reading *r, view where, const struct autoconf_server *s,
    size_t count, enum offer_kind kind, struct arena *arena,
    const struct person *p)
{
	for (size_t i = 0; i < count; i++) {
		enum offer_security security;
		struct offer o;

		if (!view_eq(s[i].type, view_of(offer_name(kind)))
		    || s[i].socket_count == 0
		    || !autoconf_socket(s[i].sockets[0], &security))
			continue;
		if (!is_placeholder(s[i].login))
			reading_fault(r, where, "<username> is none of the"
			    " three placeholders, so that it is not filled"
			    " in", "write %EMAILADDRESS%");
		o = autoconf_offer(&s[i], kind, security, arena, p);
		if (!autoconf_host(o.host)) {
			reading_fault(r, where, "a server without a legal"
			    " <hostname>", "write its name");
			continue;
		}
		autoconf_keep(r, where, &o);
		return;
	}
}

static void
read_config(struct reading *r, const struct document *d, struct arena *arena,
    const struct person *p)
{
	struct autoconf *c = arena_alloc(arena, sizeof *c);

	if (c == NULL || !autoconf_parse(c, d, arena, r))
		return;
	take(r, d->url, c->incoming, c->incoming_count, OFFER_IMAP, arena, p);
	take(r, d->url, c->outgoing, c->outgoing_count, OFFER_SMTP, arena, p);
	if (r->offer_count < 2)
		reading_fault(r, d->url, "it needs an imap and an smtp"
		    " server, and asks nowhere else after such a document",
		    "describe both");
}

void
read_goa(struct reading *r, const struct world *w, struct arena *arena,
    const struct person *p)
{
	const struct sequence q = { steps, COUNT(steps), sequence_is_200,
		read_config, true };
	const struct dav_rules dav = { .srv = true, .options = true };

	(void)sequence_run(&q, r, w, arena, p);
	dav_find(r, &dav, OFFER_CALDAV, w, arena, p);
	dav_find(r, &dav, OFFER_CARDDAV, w, arena, p);
}
