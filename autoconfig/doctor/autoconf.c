#include "autoconfig/doctor/autoconf.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/xml_in.h"

#include <string.h>

static view
leaf(const struct xml_element *e, bool *nested)
{
	if (e->first != NULL)
		*nested = true;
	return e->text;
}

static void
more(view *values, size_t *count, view v)
{
	if (*count < AUTOCONF_VALUES)
		values[(*count)++] = v;
}

static void
server_read(struct autoconf_server *s, const struct xml_element *e)
{
	*s = (struct autoconf_server){ .type = xml_attribute(e, VIEW("type")),
		.odd_attribute = e->attribute_count > 1 };
	for (const struct xml_element *c = e->first; c != NULL; c = c->next) {
		bool nested = false;
		view text = leaf(c, &nested);

		if (view_eq(c->name, VIEW("hostname")))
			s->host = text;
		else if (view_eq(c->name, VIEW("port")))
			s->port = text;
		else if (view_eq(c->name, VIEW("username")))
			s->login = text;
		else if (view_eq(c->name, VIEW("socketType")))
			more(s->sockets, &s->socket_count, text);
		else if (view_eq(c->name, VIEW("authentication")))
			more(s->auths, &s->auth_count, text);
		else
			continue; /* what is unknown may hold anything */
		s->nested = s->nested || nested;
	}
}

static void
provider_read(struct autoconf *c, const struct xml_element *provider)
{
	c->provider = true;
	c->id = xml_attribute(provider, VIEW("id"));
	for (const struct xml_element *e = provider->first; e != NULL;
	     e = e->next) {
		if (view_eq(e->name, VIEW("domain"))) {
			if (c->domain_count < AUTOCONF_DOMAINS)
				c->domains[c->domain_count++] = e->text;
		} else if (view_eq(e->name, VIEW("incomingServer"))) {
			if (c->incoming_count < AUTOCONF_SERVERS)
				server_read(&c->incoming[c->incoming_count++],
				    e);
		} else if (view_eq(e->name, VIEW("outgoingServer"))) {
			if (c->outgoing_count < AUTOCONF_SERVERS)
				server_read(&c->outgoing[c->outgoing_count++],
				    e);
		}
	}
}

static bool
spoiled(const struct document *d, struct reading *r)
{
	if (d->body.n == 0)
		reading_fault(r, d->url, "the answer is empty, but says that"
		    " it is a success", "answer 404 where there are no"
		    " settings");
	else if (view_find(d->body, VIEW("<!DOCTYPE")) != SIZE_MAX
	    && view_find_same(d->body, VIEW("<html")) == SIZE_MAX)
		reading_fault(r, d->url, "the document has a DOCTYPE",
		    "write it without");
	else if (view_find_same(view_first(d->body, 1024), VIEW("<html"))
	    != SIZE_MAX)
		reading_fault(r, d->url, "a web page answers instead of a"
		    " settings document", "answer 404 for addresses that do"
		    " not exist, or serve the document there");
	else if (view_find(d->body, VIEW(":clientConfig")) != SIZE_MAX)
		reading_fault(r, d->url, "the elements have a namespace"
		    " prefix", "write <clientConfig> without one");
	else
		return false;
	return true;
}

bool
autoconf_parse(struct autoconf *c, const struct document *d,
    struct arena *arena, struct reading *r)
{
	struct xml_element *root = NULL;

	memset(c, 0, sizeof *c);
	if (spoiled(d, r))
		return false;
	if (xml_parse(d->body, arena, &root).is != OK || root == NULL) {
		reading_fault(r, d->url, "the document is not well-formed"
		    " XML in UTF-8", "look at it with xmllint");
		return false;
	}
	c->root = root->name;
	if (!view_eq(root->name, VIEW("clientConfig"))) {
		reading_fault(r, d->url, "the document is XML, but no"
		    " <clientConfig>", "serve a config-v1.1.xml there");
		return false;
	}
	for (const struct xml_element *e = root->first; e != NULL; e = e->next)
		if (!c->provider && view_eq(e->name, VIEW("emailProvider")))
			provider_read(c, e);
	if (!c->provider)
		reading_fault(r, d->url, "<clientConfig> has no"
		    " <emailProvider>", "put the servers into one");
	return c->provider;
}

bool
autoconf_host(view v)
{
	if (v.n == 0 || v.n > LIMIT_DOMAIN || view_at(v, 0) == '.'
	    || view_at(v, 0) == '-')
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!ascii_is_alnum(v.p[i]) && v.p[i] != '.' && v.p[i] != '-')
			return false;
	return true;
}

view
autoconf_fill(view text, struct arena *arena, const struct person *p)
{
	const struct {
		view name, value;
	} places[] = {
		{ VIEW("%EMAILADDRESS%"), p->address },
		{ VIEW("%EMAILLOCALPART%"), p->local },
		{ VIEW("%EMAILDOMAIN%"), p->domain },
	};

	for (size_t i = 0; i < COUNT(places); i++) {
		size_t at = view_find(text, places[i].name);
		view after;

		if (at == SIZE_MAX)
			continue;
		after = view_from(text, at + places[i].name.n);
		text = arena_print(arena, "%.*s%.*s%.*s", (int)at, text.p,
		    (int)places[i].value.n, places[i].value.p, (int)after.n,
		    after.p);
	}
	return text;
}

bool
autoconf_socket(view v, enum offer_security *out)
{
	static const struct {
		view word;
		enum offer_security security;
	} words[] = {
		{ VIEW_INIT("SSL"), SECURITY_TLS },
		{ VIEW_INIT("STARTTLS"), SECURITY_STARTTLS },
		{ VIEW_INIT("plain"), SECURITY_PLAIN },
	};

	for (size_t i = 0; i < COUNT(words); i++)
		if (view_eq(v, words[i].word)) {
			*out = words[i].security;
			return true;
		}
	return false;
}

unsigned
autoconf_port(view v)
{
	uint64_t n;

	return view_number(view_trim(v), 65535, &n) ? (unsigned)n : 0;
}

bool
autoconf_password(view v)
{
	return view_eq(v, VIEW("password-cleartext"))
	    || view_eq(v, VIEW("plain"))
	    || view_eq(v, VIEW("password-encrypted"))
	    || view_eq(v, VIEW("secure"));
}

struct offer
autoconf_offer(const struct autoconf_server *s, enum offer_kind kind,
    enum offer_security security, struct arena *arena, const struct person *p)
{
	return (struct offer){ .kind = kind,
		.host = autoconf_fill(view_trim(s->host), arena, p),
		.port = autoconf_port(s->port),
		.security = security,
		.login = autoconf_fill(s->login, arena, p) };
}

void
autoconf_keep(struct reading *r, view where, const struct offer *o)
{
	if (view_find_byte(o->host, '.') == SIZE_MAX)
		reading_fault(r, where, "a server's name is not a full host"
		    " name", "write the name with its domain");
	if (o->security == SECURITY_PLAIN)
		reading_fault(r, where, "the password would go over the"
		    " network in clear", "offer SSL or STARTTLS only");
	reading_add(r, o);
}
