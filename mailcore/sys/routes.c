#include "mailcore/sys/routes.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"

enum { SMTP_PORT = 25, PORT_MOST = 65535, SOCKET_PATH = 107 };

static bool
is_host(view name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is_alnum(name.p[i]) && name.p[i] != '-'
		    && name.p[i] != '.' && name.p[i] != ':')
			return false;
	return name.n > 0 && name.n <= LIMIT_DOMAIN;
}

/* HOST[:PORT], with [ ] around an IPv6 address. */
static bool
read_host(struct route_line *l, view text)
{
	view port = text;
	view host = view_cut_last(&port, ':');
	uint64_t n = l->port;

	if (view_starts(text, VIEW("[")) && view_ends(text, VIEW("]")))
		host = text;
	else if (host.n == 0)
		host = text;
	else if (!view_number(port, PORT_MOST, &n) || n == 0)
		return false;
	if (view_starts(host, VIEW("[")) && view_ends(host, VIEW("]")))
		host = view_first(view_from(host, 1), host.n - 2);
	else if (view_find_byte(host, ':') != SIZE_MAX)
		return false;
	l->host = host;
	l->port = (unsigned)n;
	return is_host(host) && n > 0;
}

static bool
read_place(struct route_line *l, view kind, view place)
{
	if (view_eq(kind, VIEW("mx")))
		return place.n == 0;
	if (view_eq(kind, VIEW("smtp"))) {
		l->kind = ROUTE_SMTP;
		l->port = SMTP_PORT;
		return read_host(l, place);
	}
	l->kind = ROUTE_LMTP;
	l->host = place;
	if (!view_eq(kind, VIEW("lmtp")))
		return false;
	if (view_starts(place, VIEW("/")))
		return place.n <= SOCKET_PATH;
	return read_host(l, place);
}

bool
routes_add(struct arena *arena, void *to, view value)
{
	struct routes *routes = to;
	view domain = view_word(&value), kind = view_word(&value);
	view place = view_word(&value), user = view_word(&value);
	view password = view_word(&value);
	struct route_line l = { .domain = arena_lower(arena, domain) };

	if (routes->lines == NULL)
		routes->lines = arena_array(arena, LIMIT_ROUTES, sizeof l);
	if (routes->lines == NULL || routes->count == LIMIT_ROUTES
	    || !is_host(domain) || routes_find(routes, l.domain) != NULL
	    || !read_place(&l, kind, place) || view_trim(value).n > 0)
		return false;
	if (user.n > 0 && (password.n == 0 || l.kind != ROUTE_SMTP))
		return false;
	l.host = arena_copy(arena, l.host);
	l.user = user.n > 0 ? arena_text(arena, user) : NULL;
	l.password = user.n > 0 ? arena_text(arena, password) : NULL;
	routes->lines[routes->count++] = l;
	return arena_result(arena).is == OK;
}

const struct route_line *
routes_find(const struct routes *routes, view domain)
{
	for (size_t i = 0; i < routes->count; i++)
		if (view_same(routes->lines[i].domain, domain))
			return &routes->lines[i];
	return NULL;
}

static void
write_line(const struct route_line *l, struct buf *out)
{
	static const char *const words[] = { [ROUTE_MX] = "mx",
		[ROUTE_SMTP] = "smtp", [ROUTE_LMTP] = "lmtp" };
	bool six = view_find_byte(l->host, ':') != SIZE_MAX;

	buf_print(out, "route %.*s %s", (int)l->domain.n, l->domain.p,
	    words[l->kind]);
	if (l->host.n > 0)
		buf_print(out, " %s%.*s%s", six ? "[" : "", (int)l->host.n,
		    l->host.p, six ? "]" : "");
	if (l->port > 0)
		buf_print(out, ":%u", l->port);
	if (l->user != NULL)
		buf_print(out, " %s %s", l->user, l->password);
	buf_add_byte(out, '\n');
}

void
routes_write(const struct routes *routes, struct buf *out)
{
	if (routes->count > 0)
		buf_add(out, VIEW("\n# Domains whose mail goes another way"
		    " than by MX.\n"));
	for (size_t i = 0; i < routes->count; i++)
		write_line(&routes->lines[i], out);
}
