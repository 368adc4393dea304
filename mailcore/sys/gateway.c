#include "mailcore/sys/gateway.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/host.h"
#include "mailcore/base/limits.h"

enum { PORT_MAX = 65535, PROTOCOLS = 3 };

/* The ports that RFC 8314 and RFC 6409 name: with TLS from the start, with
 * STARTTLS. */
static const struct {
	const char *word;
	unsigned tls, starttls;
} protocols[PROTOCOLS] = {
	[GATEWAY_IMAP] = { "imap", 993, 143 },
	[GATEWAY_POP3] = { "pop3", 995, 110 },
	[GATEWAY_SMTP] = { "smtp", 465, 587 },
};

/* A full name: settings are for machines elsewhere. */
static bool
is_host(view name)
{
	return host_labels(name) > 1;
}

static bool
read_port(view text, unsigned *port)
{
	uint64_t n;

	if (!view_number(text, PORT_MAX, &n) || n == 0)
		return false;
	*port = (unsigned)n;
	return true;
}

static bool
read_server(struct gateway_line *l, struct arena *arena, view *rest)
{
	view how = view_word(rest);
	view port = view_word(rest);
	view host = view_cut(&port, ':');

	l->starttls = view_eq(how, VIEW("starttls"));
	if (!l->starttls && !view_eq(how, VIEW("tls")))
		return false;
	l->port = l->starttls ? protocols[l->what].starttls
	                      : protocols[l->what].tls;
	l->host = arena_lower(arena, host);
	return is_host(host) && (port.n == 0 || read_port(port, &l->port));
}

/* Without a query, user or fragment: it goes into documents of many kinds. */
static bool
read_url(struct gateway_line *l, struct arena *arena, view *rest)
{
	view url = view_word(rest), path, port;
	view host = view_from(url, VIEW("https://").n);
	size_t slash = view_find_byte(host, '/');
	unsigned ignored;

	path = view_from(host, slash);
	port = view_first(host, slash);
	host = view_cut(&port, ':');
	for (size_t i = 0; i < path.n; i++)
		if (!ascii_is_alnum(path.p[i])
		    && view_find_byte(VIEW("/-._~%@+"), path.p[i])
		        == SIZE_MAX)
			return false;
	l->url = arena_copy(arena, url);
	l->host = arena_lower(arena, host);
	return url.n <= LIMIT_GATEWAY_URL
	    && view_starts(url, VIEW("https://")) && slash != SIZE_MAX
	    && is_host(host) && (port.n == 0 || read_port(port, &ignored));
}

static bool
read_login(struct gateway_line *l, view *rest)
{
	view word = view_word(rest);

	l->local_part = view_eq(word, VIEW("local-part"));
	return l->local_part || view_eq(word, VIEW("address"));
}

static bool
read_fact(struct gateway_line *l, struct arena *arena, view *rest)
{
	view word = view_word(rest);

	for (size_t i = 0; i < COUNT(protocols); i++)
		if (view_eq(word, view_of(protocols[i].word))) {
			l->what = (enum gateway_what)i;
			return read_server(l, arena, rest);
		}
	if (view_eq(word, VIEW("dav"))) {
		l->what = GATEWAY_DAV;
		return read_url(l, arena, rest);
	}
	l->what = GATEWAY_LOGIN;
	return view_eq(word, VIEW("login")) && read_login(l, rest);
}

const struct gateway_line *
gateway_line(const struct gateway *g, view section, enum gateway_what what,
    bool starttls)
{
	for (size_t i = 0; i < g->count; i++) {
		const struct gateway_line *l = &g->lines[i];

		if (view_same(l->domain, section) && l->what == what
		    && l->starttls == starttls)
			return l;
	}
	return NULL;
}

bool
gateway_add(struct gateway *g, struct arena *arena, view value)
{
	struct gateway_line l = { .host = VIEW(""), .url = VIEW("") };
	view rest = value;
	view domain = view_word(&rest);
	struct gateway_line *more;

	l.domain = arena_lower(arena, domain);
	if ((!view_eq(domain, VIEW("*")) && !is_host(domain))
	    || !read_fact(&l, arena, &rest) || view_trim(rest).n > 0
	    || gateway_line(g, l.domain, l.what, l.starttls) != NULL
	    || g->count >= LIMIT_GATEWAY_LINES)
		return false;
	more = arena_more(arena, g->lines, g->count, &g->room, sizeof *more);
	if (more == NULL)
		return false;
	g->lines = more;
	g->lines[g->count++] = l;
	return true;
}

bool
gateway_names(const struct gateway *g, view domain)
{
	for (size_t i = 0; i < g->count; i++)
		if (view_same(g->lines[i].domain, domain))
			return true;
	return false;
}

view
gateway_section(const struct gateway *g, view domain)
{
	if (gateway_names(g, domain))
		return domain;
	return gateway_names(g, VIEW("*")) ? VIEW("*") : VIEW("");
}

static bool
has(const struct gateway *g, view domain, enum gateway_what what)
{
	for (size_t i = 0; i < g->count; i++)
		if (view_eq(g->lines[i].domain, domain)
		    && g->lines[i].what == what)
			return true;
	return false;
}

const struct gateway_line *
gateway_incomplete(const struct gateway *g)
{
	for (size_t i = g->count; i > 0; i--) {
		const struct gateway_line *l = &g->lines[i - 1];

		if (!has(g, l->domain, GATEWAY_SMTP)
		    || (!has(g, l->domain, GATEWAY_IMAP)
		        && !has(g, l->domain, GATEWAY_POP3)))
			return l;
	}
	return NULL;
}
