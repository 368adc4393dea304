/* Jobs over HTTP/1.1 with kept connections, for as long as the server keeps
 * them: any request again and again, PUT and GET of numbered calendar objects,
 * PUT of contacts. */
#include "mailcore/base/encode.h"
#include "tests/bench/load/load.h"
#include "tests/bench/load/message.h"
#include "tests/bench/load/wire.h"

#include <stdio.h>
#include <string.h>

struct answer_head {
	unsigned status;
	uint64_t length;
	bool chunked, close;
};

static bool
web_prepare(struct hand *h)
{
	struct load *l = h->load;

	h->wire = wire_open(l, l->o.port, l->o.tls != 0, h->index);
	return h->wire != NULL;
}

/* {user} in a path is the session's. */
static void
add_path(struct hand *h, view path)
{
	size_t at = view_find(path, VIEW("{user}"));

	buf_add(&h->out, view_first(path, at));
	if (at == SIZE_MAX)
		return;
	buf_add_text(&h->out, h->user->address);
	buf_add(&h->out, view_from(path, at + 6));
}

static void
add_head(struct hand *h, const char *method, const char *path)
{
	struct load_options *o = &h->load->o;
	struct buf pair = buf_new(4096);

	buf_reset(&h->out);
	buf_print(&h->out, "%s ", method);
	add_path(h, view_of(path));
	buf_print(&h->out, " HTTP/1.1\r\nHost: %s:%u\r\n", o->name, o->port);
	if (o->anonymous == NULL) {
		buf_print(&pair, "%s:%s", h->user->address, h->user->password);
		buf_add(&h->out, VIEW("Authorization: Basic "));
		encode_base64(&h->out, buf_view(&pair));
		buf_add(&h->out, VIEW("\r\n"));
	}
	if (o->headers != NULL)
		buf_add_text(&h->out, o->headers);
	buf_free(&pair);
}

static void
add_body(struct hand *h, view body)
{
	if (body.n > 0)
		buf_print(&h->out, "Content-Length: %zu\r\n", body.n);
	buf_add(&h->out, VIEW("\r\n"));
	buf_add(&h->out, body);
}

static bool
read_head(struct wire *w, struct answer_head *a)
{
	uint64_t number = 0;
	view line, name;

	*a = (struct answer_head){ 0 };
	if (!wire_line(w, &line) || !view_starts(line, VIEW("HTTP/1.")))
		return false;
	a->close = view_at(line, 7) == '0';
	if (!view_number(view_first(view_from(line, 9), 3), 999, &number))
		return false;
	a->status = (unsigned)number;
	while (wire_line(w, &line)) {
		if (line.n == 0)
			return true;
		name = view_cut(&line, ':');
		line = view_trim(line);
		if (view_same(name, VIEW("Content-Length"))
		    && !view_number(line, UINT32_MAX, &a->length))
			return false;
		if (view_same(name, VIEW("Transfer-Encoding")))
			a->chunked = view_same(line, VIEW("chunked"));
		if (view_same(name, VIEW("Connection")))
			a->close = view_same(line, VIEW("close"));
	}
	return false;
}

/* Elements named response, in any prefix: as many as there are end tags. */
static uint64_t
count_responses(view body)
{
	uint64_t tags = 0;
	size_t at;

	while ((at = view_find(body, VIEW("response>"))) != SIZE_MAX) {
		tags++;
		body = view_from(body, at + 9);
	}
	return tags / 2;
}

static bool
chunk_size(view line, uint64_t *n)
{
	line = view_cut(&line, ';');
	*n = 0;
	for (size_t i = 0; i < line.n; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *d = memchr(digits, view_at(line, i) | 0x20, 16);

		if (d == NULL || i > 7)
			return false;
		*n = *n * 16 + (uint64_t)(d - digits);
	}
	return line.n > 0;
}

/* Together into h->out, because an element may lie in two chunks. */
static bool
read_chunks(struct hand *h, uint64_t *elements)
{
	uint64_t n = 0;
	view line, bytes;

	buf_reset(&h->out);
	for (;;) {
		if (!wire_line(h->wire, &line) || !chunk_size(line, &n))
			return false;
		if (n == 0)
			break;
		if (!wire_bytes(h->wire, (size_t)n, &bytes))
			return false;
		buf_add(&h->out, bytes);
		if (!wire_line(h->wire, &line))
			return false;
	}
	*elements = count_responses(buf_view(&h->out));
	return wire_line(h->wire, &line);
}

/* Some servers close a connection and do not say so: who finds it closed
 * before the answer's first byte asks again by a new one (RFC 9112 9.3.1). */
static bool
exchange(struct hand *h, struct answer_head *a)
{
	uint64_t before = h->wire->received;

	if (wire_send(h->wire, buf_view(&h->out)) && read_head(h->wire, a))
		return true;
	if (before == 0 || h->wire->received != before)
		return false;
	wire_close(&h->wire);
	return web_prepare(h) && wire_send(h->wire, buf_view(&h->out))
	    && read_head(h->wire, a);
}

static bool
ask(struct hand *h, unsigned expect)
{
	struct load *l = h->load;
	uint64_t before, elements = 0;
	struct answer_head a;
	view body;
	bool whole;

	if (h->wire == NULL && !web_prepare(h))
		return false;
	if (!exchange(h, &a))
		return load_wrong(l, "http: no answer");
	before = h->wire->received - (h->wire->in.n - h->wire->at);
	if (a.status == 204 || a.status == 304)
		whole = true;
	else if (a.chunked)
		whole = read_chunks(h, &elements);
	else if ((whole = wire_bytes(h->wire, (size_t)a.length, &body)))
		elements = l->o.expect == 207 ? count_responses(body) : 0;
	if (!whole)
		return load_wrong(l, "http: answer cut short");
	if (a.status != expect)
		return load_wrong(
		    l, "http: %u instead of %u", a.status, expect);
	load_count(l, h->wire->received - before, elements);
	if (a.close)
		wire_close(&h->wire);
	return true;
}

static bool
request_once(struct hand *h, unsigned ticket)
{
	struct load_options *o = &h->load->o;

	(void)ticket;
	add_head(h, o->method, o->path);
	add_body(h, buf_view(&h->load->body));
	return ask(h, o->expect);
}

static void
object_path(struct hand *h, unsigned number, const char *suffix, char path[512])
{
	(void)snprintf(path, 512, "%sbench-%06u.%s", h->load->o.path, number,
	    suffix);
}

static bool
put(struct hand *h, unsigned number, const char *suffix, const char *type,
    view body)
{
	char path[512];

	object_path(h, number, suffix, path);
	add_head(h, "PUT", path);
	buf_print(&h->out,
	    "Content-Type: %s; charset=utf-8\r\nIf-None-Match: *\r\n",
	    type);
	add_body(h, body);
	return ask(h, 201);
}

static bool
put_once(struct hand *h, unsigned ticket)
{
	struct load_options *o = &h->load->o;
	struct buf body = buf_new(1 << 16);
	bool good;

	event_add(&body, o->base + ticket, o->recur);
	good = put(
	    h, o->base + ticket, "ics", "text/calendar", buf_view(&body));
	buf_free(&body);
	return good;
}

static bool
card_once(struct hand *h, unsigned ticket)
{
	struct load_options *o = &h->load->o;
	struct buf body = buf_new(1 << 16);
	bool good;

	card_add(&body, o->base + ticket);
	good = put(
	    h, o->base + ticket, "vcf", "text/vcard", buf_view(&body));
	buf_free(&body);
	return good;
}

static bool
get_once(struct hand *h, unsigned ticket)
{
	char path[512];

	(void)ticket;
	object_path(h, hand_random(h, h->load->o.objects), "ics", path);
	add_head(h, "GET", path);
	add_body(h, VIEW(""));
	return ask(h, 200);
}

const struct job web_jobs[] = {
	{ .name = "request", .prepare = web_prepare, .once = request_once },
	{ .name = "put", .prepare = web_prepare, .once = put_once },
	{ .name = "card", .prepare = web_prepare, .once = card_once },
	{ .name = "get", .prepare = web_prepare, .once = get_once },
};
const size_t web_job_count = sizeof(web_jobs) / sizeof(web_jobs[0]);
