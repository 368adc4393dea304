#include "davd/http/request.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"

/* "http://host/path" (RFC 9112 3.2.2) down to "/path". */
static view
strip_authority(view target, view *authority)
{
	size_t slash;

	*authority = VIEW("");
	if (view_starts_same(target, VIEW("http://")))
		target = view_from(target, 7);
	else if (view_starts_same(target, VIEW("https://")))
		target = view_from(target, 8);
	else
		return target;
	slash = view_find_byte(target, '/');
	*authority = view_first(target, slash);
	return slash == SIZE_MAX ? VIEW("/") : view_from(target, slash);
}

static result
check_decoded(view path)
{
	view rest = view_from(path, 1);

	if (!utf8_is_valid(path))
		return fail(MALFORMED, "The path is not UTF-8.");
	for (size_t i = 0; i < path.n; i++)
		if (ascii_is_control(path.p[i]))
			return fail(
			    MALFORMED, "A control byte is in the path.");
	while (rest.n > 0) {
		view segment = view_cut(&rest, '/');

		if (view_eq(segment, VIEW(".")) || view_eq(segment, VIEW("..")))
			return fail(MALFORMED,
			    "RFC 3986 5.2.4: dot segments are for references.");
	}
	return done();
}

static result
decode_path(struct request *r, view raw)
{
	struct buf b = buf_new(LIMIT_HTTP_TARGET + 1);
	result bad = decode_percent(&b, raw);

	/* The name of a zone is one value there (RFC 7808 5.3). */
	if (bad.is == OK && view_find_same(raw, VIEW("%2f")) != SIZE_MAX
	    && !view_starts(raw, VIEW("/tzdist/zones/"))
	    && !view_starts(raw, VIEW("/.well-known/timezone/")))
		bad = fail(MALFORMED, "An encoded slash is in the path.");
	if (bad.is == OK)
		r->path = arena_copy(r->arena, buf_view(&b));
	buf_free(&b);
	TRY(bad);
	TRY(arena_result(r->arena));
	return check_decoded(r->path);
}

result
request_target(struct request *r, view target)
{
	view authority, raw;

	r->path = r->raw_path = VIEW("/");
	r->query = r->authority = VIEW("");
	if (target.n > LIMIT_HTTP_TARGET)
		return fail(OVER_LIMIT, "RFC 9110 15.5.15: URI too long");
	if (view_eq(target, VIEW("*")))
		return done();
	target = strip_authority(target, &authority);
	r->authority = arena_copy(r->arena, authority);
	raw = view_cut(&target, '?');
	r->query = arena_copy(r->arena, target);
	if (view_at(raw, 0) != '/')
		return fail(MALFORMED, "RFC 9112 3.2.1: a path begins with /");
	r->raw_path = arena_copy(r->arena, raw);
	return decode_path(r, raw);
}

static bool
is_host_byte(char c)
{
	return ascii_is_alnum(c) || c == '.' || c == '-' || c == '_' || c == ':'
	    || c == '[' || c == ']';
}

static view
without_port(view host)
{
	size_t colon;

	if (view_at(host, 0) == '[') {
		size_t end = view_find_byte(host, ']');

		return end == SIZE_MAX ? host : view_first(host, end + 1);
	}
	colon = view_find_byte(host, ':');
	return colon == SIZE_MAX ? host : view_first(host, colon);
}

result
request_host(struct request *r, view host)
{
	view name;
	char *lower;

	r->host = VIEW("");
	for (size_t i = 0; i < host.n; i++)
		if (!is_host_byte(host.p[i]))
			return fail(MALFORMED, "RFC 9110 7.2: bad Host");
	if (host.n > LIMIT_DOMAIN + 6)
		return fail(MALFORMED, "RFC 9110 7.2: Host too long");
	name = without_port(host);
	if (name.n == 0)
		return done();
	lower = arena_alloc(r->arena, name.n);
	if (lower == NULL)
		return arena_result(r->arena);
	for (size_t i = 0; i < name.n; i++)
		lower[i] = ascii_lower(name.p[i]);
	r->host = (view){ lower, name.n };
	r->origin = arena_print(r->arena, "%.*s://%.*s", (int)r->scheme.n,
	    r->scheme.p, (int)host.n, host.p);
	return arena_result(r->arena);
}

static bool
fits(const struct route *route, view path)
{
	view prefix = view_of(route->prefix);

	/* "/folder" reaches "/folder/": many clients leave the slash out. */
	if (prefix.n > 1 && path.n == prefix.n - 1
	    && view_ends(prefix, VIEW("/")))
		prefix = view_first(prefix, path.n);
	else if (view_ends(prefix, VIEW("/")))
		return route->ignore_case ? view_starts_same(path, prefix)
					  : view_starts(path, prefix);
	return route->ignore_case ? view_same(path, prefix)
				  : view_eq(path, prefix);
}

const struct route *
route_find(const struct route *routes, size_t count, view path)
{
	const struct route *best = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < count; i++) {
		size_t n = view_of(routes[i].prefix).n;

		if (n > longest && fits(&routes[i], path)) {
			best = &routes[i];
			longest = n;
		}
	}
	return best;
}
