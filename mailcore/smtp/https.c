#include "mailcore/smtp/https.h"

#include "mailcore/base/limits.h"
#include "mailcore/base/secret.h"
#include "mailcore/sys/clock.h"
#include "mailcore/sys/inner.h"
#include "mailcore/sys/log.h"

enum {
	HEADER_MOST = 16384,
	FIELDS_MOST = 200,
	CONNECT_MS = 15000,
	ADDRESSES_TRIED = 4,
	/* Each is read with all before it. */
	PIECES_MOST = 2048
};

struct framing {
	bool chunked, sized;
	uint64_t length;
};

static const char *const cut_off = "RFC 9112: the answer is not whole";

/* RFC 9112 4 */
static bool
read_status(view line, unsigned *out)
{
	uint64_t n;

	if (!view_starts(line, VIEW("HTTP/1.")))
		return false;
	(void)view_cut(&line, ' ');
	if (!view_number(view_first(line, 3), 599, &n) || n < 100)
		return false;
	*out = (unsigned)n;
	return true;
}

bool
https_field(view *fields, view *name, view *value)
{
	if (!view_line(fields, value))
		return false;
	*name = view_cut(value, ':');
	*value = view_trim(*value);
	return true;
}

static bool
read_field(view name, view value, struct framing *f, struct https_answer *out)
{
	if (view_same(name, VIEW("Content-Type"))) {
		out->type = view_trim(view_cut(&value, ';'));
	} else if (view_same(name, VIEW("Content-Length"))) {
		/* RFC 9112 6.3: two that differ mean no good. */
		uint64_t before = f->length;

		if (!view_number(value, INT64_MAX, &f->length)
		    || (f->sized && f->length != before))
			return false;
		f->sized = true;
	} else if (view_same(name, VIEW("Transfer-Encoding"))) {
		f->chunked = view_same(value, VIEW("chunked"));
		return f->chunked;
	}
	return true;
}

static bool
read_size(view line, uint64_t *out)
{
	line = view_trim(view_cut(&line, ';'));
	*out = 0;
	if (line.n == 0 || line.n > 8)
		return false;
	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];
		uint64_t digit = c >= '0' && c <= '9' ? (uint64_t)(c - '0')
		    : c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a') + 10
		    : c >= 'A' && c <= 'F' ? (uint64_t)(c - 'A') + 10
					   : 16;

		if (digit == 16)
			return false;
		*out = *out << 4 | digit;
	}
	return true;
}

/* RFC 9112 7.1 */
static result
join_chunks(view rest, size_t most, struct arena *arena, view *out)
{
	struct buf body = buf_new(most);
	result r = fail(BUSY, cut_off);
	uint64_t size;
	view line;

	while (view_find_byte(rest, '\n') != SIZE_MAX
	    && view_line(&rest, &line)) {
		if (!read_size(line, &size)) {
			r = fail(MALFORMED, "RFC 9112 7.1: not a chunk");
			break;
		}
		if (size == 0) {
			*out = arena_copy(arena, buf_view(&body));
			r = buf_result(&body);
			break;
		}
		buf_add(&body, view_first(rest, (size_t)size));
		rest = view_from(rest, (size_t)size);
		if (buf_result(&body).is != OK) {
			r = buf_result(&body);
			break;
		}
		if (view_find_byte(rest, '\n') == SIZE_MAX)
			break;
		if (view_line(&rest, &line) && line.n > 0) {
			r = fail(MALFORMED, "RFC 9112 7.1: a longer chunk");
			break;
		}
	}
	buf_free(&body);
	return r;
}

/* RFC 9112 6.3 */
static result
read_body(view rest, bool ended, const struct https_request *q,
    const struct framing *f, struct arena *arena, struct https_answer *out)
{
	if (out->status == 204 || out->status == 304)
		return done();
	if (f->chunked) {
		result r = join_chunks(rest, q->most, arena, &out->body);

		return r.is == BUSY && ended ? fail(MALFORMED, cut_off) : r;
	}
	if (!f->sized && !q->open_end)
		return fail(MALFORMED, "RFC 9112 6.3: no length");
	if ((f->sized ? f->length : rest.n) > q->most)
		return fail(OVER_LIMIT, "the answer is too long");
	if (!f->sized && !ended)
		return fail(BUSY, cut_off);
	if (f->sized && rest.n < f->length)
		return fail(ended ? MALFORMED : BUSY, cut_off);
	out->body = f->sized ? view_first(rest, (size_t)f->length) : rest;
	return done();
}

/* Where the lines of a header end and its empty line begins; SIZE_MAX: not
 * yet.  RFC 9112 2.2: LF alone may end a line. */
static size_t
header_end(view text)
{
	size_t crlf = view_find(text, VIEW("\n\r\n"));
	size_t lf = view_find(text, VIEW("\n\n"));
	size_t first = lf < crlf ? lf : crlf;

	return first == SIZE_MAX ? first : first + 1;
}

/* Takes one header off `*text`. */
static result
read_header(view *text, bool ended, struct framing *f,
    struct https_answer *out)
{
	size_t end = header_end(*text);
	size_t count = 0;
	view head, line, name, value;

	if (end == SIZE_MAX)
		return ended || text->n > HEADER_MOST
		    ? fail(MALFORMED, "RFC 9112: no whole header")
		    : fail(BUSY, cut_off);
	head = view_first(*text, end);
	*text = view_from(*text, end);
	(void)view_line(text, &line);
	if (end > HEADER_MOST || !view_line(&head, &line)
	    || !read_status(line, &out->status))
		return fail(MALFORMED, "RFC 9112 4: not a status line");
	out->fields = head;
	while (https_field(&head, &name, &value))
		if (++count > FIELDS_MOST
		    || !read_field(name, value, f, out))
			return fail(MALFORMED, "RFC 9112 5: a bad field");
	return done();
}

result
https_parse(view text, bool ended, const struct https_request *q,
    struct arena *arena, struct https_answer *out)
{
	struct framing f;

	/* RFC 9110 15.2: what is said before the answer */
	do {
		*out = (struct https_answer){ .status = 0 };
		f = (struct framing){ .length = 0 };
		TRY(read_header(&text, ended, &f, out));
	} while (out->status < 200);
	return read_body(text, ended, q, &f, arena, out);
}

static void
send_request(struct link *l, const char *agent,
    const struct https_request *q)
{
	struct buf b = buf_new(LIMIT_HTTP_HEADER + q->body.n);

	buf_print(&b, "%s %.*s HTTP/1.1\r\nHost: %.*s\r\n"
	    "User-Agent: %s\r\nAccept: */*\r\nConnection: close\r\n",
	    q->method != NULL ? q->method : q->type.n == 0 ? "GET" : "POST",
	    LOG_VIEW(q->path), LOG_VIEW(q->host), agent);
	buf_add(&b, q->fields);
	if (q->type.n > 0)
		buf_print(&b, "Content-Type: %.*s\r\nContent-Length: %zu\r\n",
		    LOG_VIEW(q->type), q->body.n);
	if (q->authorization.n > 0)
		buf_print(&b, "Authorization: %.*s\r\n",
		    LOG_VIEW(q->authorization));
	buf_add(&b, VIEW("\r\n"));
	/* In one piece: who closes after the header resets the connection
	 * when more comes, and his answer is lost. */
	buf_add(&b, q->body);
	if (buf_result(&b).is != OK)
		link_fail(l, "the request is too long");
	link_write(l, buf_view(&b), q->wait_ms);
	secret_wipe(b.p, b.n);
	buf_free(&b);
}

/* The answer to be had of what has come with `some`. */
static result
read_some(struct buf *text, view some, const struct https_request *q,
    struct arena *arena, struct https_answer *out)
{
	buf_add(text, some);
	if (buf_result(text).is != OK)
		return buf_result(text);
	return https_parse(buf_view(text), some.n == 0, q, arena, out);
}

static result
receive(struct link *l, const struct https_request *q, struct arena *arena,
    struct https_answer *out)
{
	struct buf text = buf_new(2 * q->most + HEADER_MOST + 65536);
	result r = fail(BUSY, cut_off);
	size_t pieces = 0;
	bool late = false;

	while (r.is == BUSY && !late) {
		view some = link_some(l, q->wait_ms);

		late = some.n == 0 && !link_is_closed(l);
		if (late)
			r = link_result(l);
		else if (++pieces > PIECES_MOST)
			r = fail(MALFORMED, "the answer comes in crumbs");
		else
			r = read_some(&text, some, q, arena, out);
	}
	out->type = arena_copy(arena, out->type);
	out->fields = arena_copy(arena, out->fields);
	out->body = arena_copy(arena, out->body);
	buf_free(&text);
	return r.is == OK ? arena_result(arena) : r;
}

result
https_over(struct link *l, const char *agent, struct arena *arena,
    const struct https_request *q, struct https_answer *out)
{
	*out = (struct https_answer){ .status = 0 };
	send_request(l, agent, q);
	TRY(link_result(l));
	return receive(l, q, arena, out);
}

static result
ask_at(const struct https *h, struct arena *arena,
    const struct https_request *q, view address, struct https_answer *out,
    int64_t deadline)
{
	const struct link_options options = { .deadline_ms = deadline,
		.stop = h->stop };
	struct link *l = link_open(address, h->port, CONNECT_MS, &options);
	char name[LIMIT_DOMAIN + 1];
	const char *type;
	result r = link_result(l);

	if (r.is == OK && !view_copy(q->host, name, sizeof name))
		r = fail(MALFORMED, "RFC 1035 2.3.4: not a host's name");
	if (r.is == OK && !h->clear) {
		link_secure(l, tls_connect(h->tls, name, true), q->wait_ms);
		r = link_result(l);
		if (r.is == DENIED)
			r = fail(DENIED, link_tls_words(l, &type));
	}
	if (r.is == OK)
		r = https_over(l, h->agent, arena, q, out);
	link_close(&l);
	return r;
}

result
https_ask(const struct https *h, struct arena *arena,
    const struct https_request *q, struct https_answer *out)
{
	int64_t deadline = clock_steady_ms() + q->wait_ms;
	result r = fail(DENIED, "the name leads to an inner address");
	struct host found;
	size_t tried = 0;

	*out = (struct https_answer){ .status = 0 };
	if (h->tls == NULL && !h->clear)
		return fail(DENIED, "there is no TLS");
	TRY(resolve_addresses(h->resolver, arena, q->host, &found));
	for (size_t i = 0; i < found.count && tried < ADDRESSES_TRIED; i++) {
		if (!h->inside && inner_address(found.addresses[i]))
			continue;
		tried++;
		r = ask_at(h, arena, q, found.addresses[i], out, deadline);
		if (r.is != BUSY)
			break;
	}
	return r;
}
