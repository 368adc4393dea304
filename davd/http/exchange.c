#include "davd/http/exchange.h"

#include "mailcore/base/limits.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/log.h"

#include <stdlib.h>
#include <string.h>

enum {
	ANSWER_MOST = 67108864, /* bodies that are not streamed */
	PIECE_MOST = 67108864,
	FIELDS_MOST = 200
};

struct exchange *
exchange_new(
    const struct front_options *options, _Atomic uint64_t *bodies, view target)
{
	struct exchange *x = calloc(1, sizeof *x);

	if (x == NULL)
		abort();
	x->options = options;
	x->bodies = bodies;
	x->arena = arena_new(LIMIT_HTTP_ARENA);
	x->request.arena = x->arena;
	x->request.inside = &x->fields;
	x->request.host = x->request.origin = VIEW("");
	x->request.body = VIEW("");
	x->body = buf_new(options->body_limit);
	x->body_limit = options->body_limit;
	x->piece = buf_new(PIECE_MOST);
	x->answer.body = buf_new(ANSWER_MOST);
	x->answer.headers = buf_new(LIMIT_HTTP_HEADER);
	x->began_ms = clock_steady_ms();
	x->target = request_target(&x->request, target);
	return x;
}

void
exchange_free(struct exchange **at)
{
	struct exchange *x = *at;

	if (x == NULL)
		return;
	if (x->answer.stream_end != NULL)
		x->answer.stream_end(x->answer.context);
	atomic_fetch_sub(x->bodies, x->body.n);
	buf_free(&x->body);
	buf_free(&x->piece);
	buf_free(&x->answer.body);
	buf_free(&x->answer.headers);
	arena_free(&x->arena);
	free(x);
	*at = NULL;
}

void
exchange_field_room(struct exchange *x, size_t count)
{
	x->field_room = count > FIELDS_MOST ? FIELDS_MOST : count;
	x->room = arena_array(x->arena, x->field_room, sizeof *x->room);
	x->fields.list = x->room;
	if (x->room == NULL)
		x->field_room = 0;
}

void
exchange_field(struct exchange *x, view name, view value)
{
	if (x->fields.count == x->field_room)
		return;
	x->room[x->fields.count].name = arena_copy(x->arena, name);
	x->room[x->fields.count].value = arena_copy(x->arena, value);
	x->fields.count++;
}

/* The last of that name: a proxy that adds a line of its own leaves those of
 * the client before it. */
static bool
last_field(const struct exchange *x, view name, view *value)
{
	for (size_t i = x->fields.count; i > 0; i--)
		if (view_same(x->fields.list[i - 1].name, name)) {
			*value = x->fields.list[i - 1].value;
			return true;
		}
	return false;
}

/* What a reverse proxy on this machine says of the client. */
static void
believe_proxy(struct exchange *x, view *host)
{
	struct request *r = &x->request;
	view value;

	if (last_field(x, VIEW("X-Forwarded-Proto"), &value)
	    && view_same(value, VIEW("https")))
		r->scheme = VIEW("https");
	if (last_field(x, VIEW("X-Forwarded-For"), &value)) {
		/* The last is the one that the proxy itself has added. */
		view rest = value, last;

		(void)view_cut_last(&value, ',');
		last = view_find_byte(rest, ',') == SIZE_MAX ? rest : value;
		last = view_trim(last);
		if (last.n > 0 && last.n < 64)
			r->peer = last;
	}
	if (last_field(x, VIEW("X-Forwarded-Host"), &value))
		*host = value;
}

static bool
refuse(struct exchange *x, unsigned status, const char *why)
{
	answer_text(&x->answer, status, why);
	x->answered = true;
	return false;
}

static bool
refuse_large(struct exchange *x)
{
	const char *why = NULL;

	if (x->options->too_large != NULL)
		why = x->options->too_large(x->request.path);
	return refuse(x, 413,
	    why != NULL ? why : "The body is larger than allowed.");
}

static void
limit_body(struct exchange *x)
{
	uint64_t limit = x->body_limit;

	if (x->options->limit_of != NULL)
		limit = x->options->limit_of(x->request.path);
	if (limit < x->body_limit)
		x->body_limit = limit;
}

static bool
body_fits(struct exchange *x)
{
	view value, coding, first = VIEW("");
	uint64_t length;

	if (!request_header(&x->request, VIEW("Content-Length"), &value))
		return true;
	/* RFC 9112 6.1, 6.3: two lengths are how requests are smuggled. */
	for (size_t i = 0; i < x->fields.count; i++) {
		if (!view_same(x->room[i].name, VIEW("Content-Length")))
			continue;
		if (first.n > 0 && !view_eq(first, x->room[i].value))
			return refuse(x, 400, "RFC 9112 6.3: two lengths");
		first = x->room[i].value;
	}
	if (request_header(&x->request, VIEW("Transfer-Encoding"), &coding))
		return refuse(x, 400, "RFC 9112 6.1: chunks and a length");
	if (!view_number(value, UINT64_MAX, &length))
		return refuse(x, 400, "RFC 9110 8.6: bad Content-Length");
	if (length > x->body_limit)
		return refuse_large(x);
	return true;
}

static bool
head_fits(struct exchange *x)
{
	size_t bytes = 0;

	for (size_t i = 0; i < x->fields.count; i++)
		bytes += x->room[i].name.n + x->room[i].value.n + 4;
	if (bytes > LIMIT_HTTP_HEADER || x->fields.count == FIELDS_MOST)
		return refuse(x, 431, "RFC 6585 5: header fields too large");
	if (x->target.is == OVER_LIMIT)
		return refuse(x, 414, x->target.why);
	if (x->target.is != OK)
		return refuse(x, 400, x->target.why);
	return true;
}

/* RFC 9112 3.2: one Host at most, and what an absolute target names counts
 * for more (3.2.2).  false: several. */
static bool
find_host(const struct exchange *x, view *host)
{
	size_t count = 0;

	*host = VIEW("");
	for (size_t i = 0; i < x->fields.count; i++) {
		if (!view_same(x->room[i].name, VIEW("Host")))
			continue;
		*host = x->room[i].value;
		count++;
	}
	if (x->request.authority.n > 0)
		*host = x->request.authority;
	return count <= 1;
}

bool
exchange_begin(
    struct exchange *x, const char *method, view peer, bool from_loopback)
{
	struct request *r = &x->request;
	bool one_host;
	view host;

	r->method = arena_copy(x->arena, view_of(method));
	r->peer = arena_copy(x->arena, peer);
	r->scheme = x->options->kind == FRONT_HTTPS ? VIEW("https")
						    : VIEW("http");
	one_host = find_host(x, &host);
	if (x->options->kind == FRONT_PROXY && from_loopback)
		believe_proxy(x, &host);
	if (!head_fits(x))
		return false;
	if (!one_host)
		return refuse(x, 400, "RFC 9112 3.2: two Hosts");
	if (request_host(r, host).is != OK)
		return refuse(x, 400, "RFC 9110 7.2: bad Host");
	limit_body(x);
	return body_fits(x);
}

bool
exchange_body(struct exchange *x, view bytes)
{
	int64_t taken = clock_steady_ms() - x->began_ms;

	if (taken > LIMIT_HTTP_BODY_SECONDS * (int64_t)1000)
		return false;
	if (x->dropped > 0 || bytes.n > x->body_limit - x->body.n) {
		/* libmicrohttpd takes no answer before the end of a body. */
		x->dropped += bytes.n;
		return x->dropped <= x->options->body_limit;
	}
	if (atomic_fetch_add(x->bodies, bytes.n) > LIMIT_HTTP_BODIES) {
		atomic_fetch_sub(x->bodies, bytes.n);
		return false;
	}
	buf_add(&x->body, bytes);
	return true;
}

void
exchange_run(struct exchange *x)
{
	const struct front_options *o = x->options;
	const struct route *route = route_find(
	    o->routes, o->route_count, x->request.path);

	x->answered = true;
	x->request.body = buf_view(&x->body);
	if (x->dropped > 0)
		(void)refuse_large(x);
	else if (route == NULL)
		(void)refuse(x, 404, "There is nothing here.");
	else
		route->handle(o->services, &x->request, &x->answer);
	if (x->answer.status == 0 || buf_result(&x->answer.body).is != OK
	    || buf_result(&x->answer.headers).is != OK) {
		buf_reset(&x->answer.headers);
		answer_text(&x->answer, 500, "This did not work.");
		x->answer.stream = NULL;
	}
	/* What stands behind /p/ opens a profile once: a secret. */
	log_line(LOG_DEBUG, "http.request",
	    "method=%.*s path=\"%.*s\" status=%u ms=%lld",
	    LOG_VIEW(x->request.method),
	    LOG_VIEW(view_starts(x->request.raw_path, VIEW("/p/"))
	        ? VIEW("/p/")
	        : x->request.raw_path),
	    x->answer.status, (long long)(clock_steady_ms() - x->began_ms));
}

/* The status is said already; what is left is not to end as one should. */
static void
break_off(struct exchange *x)
{
	log_line(LOG_WARNING, "http.broken", "path=\"%.*s\" why=\"%s\"",
	    LOG_VIEW(x->request.raw_path), buf_result(&x->piece).why);
	buf_reset(&x->piece);
	x->stream_done = x->stream_broken = true;
}

size_t
exchange_read(struct exchange *x, char *to, size_t room)
{
	size_t n;

	while (x->piece_sent == x->piece.n && !x->stream_done) {
		buf_reset(&x->piece);
		x->piece_sent = 0;
		x->stream_done = !x->answer.stream(
		    x->answer.context, &x->piece);
		if (buf_result(&x->piece).is != OK)
			break_off(x);
		if (x->piece.n == 0 && x->answer.stream_wait != NULL)
			break;
	}
	n = x->piece.n - x->piece_sent;
	if (n > room)
		n = room;
	if (n > 0)
		memcpy(to, x->piece.p + x->piece_sent, n);
	x->piece_sent += n;
	return n;
}

bool
exchange_header(view *headers, const char **name, const char **value)
{
	view n = view_cut(headers, '\0'), v;

	if (n.n == 0)
		return false;
	v = view_cut(headers, '\0');
	*name = n.p;
	*value = v.p;
	return true;
}
