#include "autoconfig/service_set.h"

#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/address.h"

/* draft-ietf-mailmaint-autoconfig 4.2 */
enum { DISPLAY_NAME_MAX = 60, SHORT_NAME_MAX = 20 };

/* In the order of preference: TLS from the start comes first (RFC 8314). */
static const struct offer {
	enum service service;
	const char *protocol;
	enum socket_type socket;
	bool outgoing;
} offers[] = {
	{ SERVICE_IMAPS, "imap", SOCKET_TLS, false },
	{ SERVICE_IMAP, "imap", SOCKET_STARTTLS, false },
	{ SERVICE_POP3S, "pop3", SOCKET_TLS, false },
	{ SERVICE_POP3, "pop3", SOCKET_STARTTLS, false },
	{ SERVICE_SUBMISSIONS, "smtp", SOCKET_TLS, true },
	{ SERVICE_SUBMISSION, "smtp", SOCKET_STARTTLS, true },
};

/* A service that is switched off has no public port either. */
static unsigned
port_of(const struct conf *conf, enum service service)
{
	return conf->ports[service] == 0 ? 0 : conf->public_ports[service];
}

static void
add_offers(const struct conf *conf, struct service_set *set)
{
	for (size_t i = 0; i < COUNT(offers); i++) {
		const struct offer *o = &offers[i];
		struct service_entry entry = { o->protocol, set->host,
			port_of(conf, o->service), o->socket };

		if (entry.port == 0)
			continue;
		if (o->outgoing)
			set->outgoing[set->outgoing_count++] = entry;
		else
			set->incoming[set->incoming_count++] = entry;
	}
	set->sieve = (struct service_entry){ "sieve", set->host,
		port_of(conf, SERVICE_SIEVE), SOCKET_STARTTLS };
}

/* Those of another system, in the same order. */
static void
add_foreign(const struct gateway *g, view section, struct service_set *set)
{
	static const enum gateway_what order[] = { GATEWAY_IMAP, GATEWAY_POP3,
		GATEWAY_SMTP };
	static const char *const names[] = { [GATEWAY_IMAP] = "imap",
		[GATEWAY_POP3] = "pop3", [GATEWAY_SMTP] = "smtp" };

	for (size_t i = 0; i < 2 * COUNT(order); i++) {
		enum gateway_what what = order[i / 2];
		const struct gateway_line *l = gateway_line(g, section, what,
		    i % 2 == 1);
		struct service_entry entry = { .protocol = names[what] };

		if (l == NULL)
			continue;
		entry.host = l->host;
		entry.port = l->port;
		entry.socket = l->starttls ? SOCKET_STARTTLS : SOCKET_TLS;
		if (what == GATEWAY_SMTP)
			set->outgoing[set->outgoing_count++] = entry;
		else
			set->incoming[set->incoming_count++] = entry;
	}
}

static void
use_foreign(const struct gateway *g, view section, struct service_set *set)
{
	const struct gateway_line *dav = gateway_line(g, section, GATEWAY_DAV,
	    false);
	const struct gateway_line *login = gateway_line(g, section,
	    GATEWAY_LOGIN, false);

	set->foreign = true;
	add_foreign(g, section, set);
	if (dav != NULL)
		set->dav = dav->url;
	if (login != NULL && login->local_part)
		set->login = LOGIN_LOCAL_PART;
}

view
service_set_login(const struct service_set *set, view address)
{
	view rest = address;

	return set->login == LOGIN_LOCAL_PART ? view_cut_last(&rest, '@')
	                                      : address;
}

/* One line, not too long for a list of accounts. */
static view
display_name(view name, struct arena *arena)
{
	char *to = arena_alloc(arena, 4 * DISPLAY_NAME_MAX);
	view rest = view_trim(name);
	size_t n = 0;

	for (int i = 0; i < DISPLAY_NAME_MAX && rest.n > 0; i++) {
		uint32_t code = utf8_next(&rest);

		if (to != NULL)
			n += utf8_put(to + n, code < 0x20 || code == 0x7f
			        || (code >= 0x202a && code <= 0x202e)
			        || (code >= 0x2066 && code <= 0x2069)
			    ? ' ' : code);
	}
	return view_trim((view){ to == NULL ? "" : to, n });
}

static view
short_name(view name)
{
	view rest = name;

	for (int i = 0; i < SHORT_NAME_MAX && rest.n > 0; i++)
		(void)utf8_next(&rest);
	return view_trim(view_first(name, name.n - rest.n));
}

static view
url_of(const struct conf *conf, view host, const char *path,
    struct arena *arena)
{
	unsigned port = port_of(conf, SERVICE_HTTPS);

	if (port == 0)
		return VIEW("");
	if (port == conf_services[SERVICE_HTTPS].standard)
		return arena_print(arena, "https://%.*s%s", (int)host.n,
		    host.p, path);
	return arena_print(arena, "https://%.*s:%u%s", (int)host.n, host.p,
	    port, path);
}

result
service_set_make(const struct conf *conf, view domain, view name,
    struct arena *arena, struct service_set *out)
{
	view section;

	*out = (struct service_set){ .dav = VIEW("") };
	if (conf->hostname == NULL)
		return fail(FAILED, "the configuration has no hostname");
	TRY(domain_normalise(domain, arena, &out->domain));
	TRY(domain_normalise(view_of(conf->hostname), arena, &out->host));
	out->display_name = display_name(name, arena);
	if (out->display_name.n == 0)
		out->display_name = out->domain;
	out->short_name = short_name(out->display_name);
	section = gateway_section(&conf->gateway, out->domain);
	if (section.n > 0) {
		use_foreign(&conf->gateway, section, out);
	} else {
		add_offers(conf, out);
		out->receives = conf->ports[SERVICE_SMTP] != 0;
		out->dav = url_of(conf, out->host, "/SOGo/dav/", arena);
	}
	/* The pages say that one logs in by the address. */
	out->web = out->login != LOGIN_ADDRESS ? VIEW("")
	    : url_of(conf, out->host, "/", arena);
	out->autodiscover = url_of(conf, out->host,
	    "/autodiscover/autodiscover.xml", arena);
	return arena_result(arena);
}
