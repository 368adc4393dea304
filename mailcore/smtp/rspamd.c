#include "mailcore/smtp/rspamd.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"
#include "mailcore/smtp/link.h"
#include "mailcore/sys/log.h"

enum {
	HEAD_MOST = 1024 * 1024, /* a thousand recipients */
	WAIT_MS = LIMIT_VERIFY_MS,
	HEADERS_MOST = 100,
	NUMBER_MOST = 32,
	SCORE_MOST = 10000, /* whole points */
	PORT_MOST = 65535
};

/* Its reply: as much of JSON (RFC 8259) as is needed. */

static bool
is_space(char c)
{
	return ascii_is_space(c);
}

static bool
is_scalar(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '+' || c == '.';
}

/* What stands between the quotes, as it is spelled. */
static view
take_string(struct scan *s)
{
	view rest;
	size_t n = 0;

	scan_byte(s, '"', "RFC 8259 7: a string is missing");
	rest = s->rest;
	while (n < rest.n && rest.p[n] != '"')
		n += rest.p[n] == '\\' ? 2 : 1;
	if (n >= rest.n)
		scan_fail(s, MALFORMED, "RFC 8259 7: a string without end");
	(void)scan_bytes(s, n < rest.n ? n + 1 : 0, "RFC 8259 7");
	return view_first(rest, n);
}

/* An object or list with all in it; brackets are only counted. */
static void
skip_nested(struct scan *s)
{
	size_t depth = 0;

	do {
		int c = scan_peek(s);

		if (c == '"') {
			(void)take_string(s);
			continue;
		}
		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		(void)scan_bytes(s, 1, "RFC 8259 4: an object without end");
	} while (depth > 0 && scan_ok(s));
}

static view
take_value(struct scan *s)
{
	int c = scan_peek(s);

	if (c == '"')
		return take_string(s);
	if (c == '{' || c == '[') {
		skip_nested(s);
		return VIEW("");
	}
	return scan_run(s, is_scalar, NUMBER_MOST, "RFC 8259 3: no value");
}

/* "-3.25" is -33. */
static result
read_tenths(view text, int *out)
{
	bool negative = view_starts(text, VIEW("-"));
	view fraction = negative ? view_from(text, 1) : text;
	view whole = view_cut(&fraction, '.');
	uint64_t points;
	int tenths;

	if (!view_number(whole, SCORE_MOST, &points))
		return fail(MALFORMED, "rspamd's score is no number");
	tenths = (int)points * 10;
	if (fraction.n > 0 && ascii_is_digit(fraction.p[0]))
		tenths += fraction.p[0] - '0';
	if (fraction.n > 1 && fraction.p[1] >= '5' && fraction.p[1] <= '9')
		tenths++;
	*out = negative ? -tenths : tenths;
	return done();
}

result
rspamd_read(view json, int *score, view *action)
{
	struct scan s = scan_over(json);
	view number = VIEW("");

	*action = VIEW("");
	(void)scan_while(&s, is_space);
	scan_byte(&s, '{', "RFC 8259 4: not an object");
	while (scan_ok(&s)) {
		view name, value;

		(void)scan_while(&s, is_space);
		name = take_string(&s);
		(void)scan_while(&s, is_space);
		scan_byte(&s, ':', "RFC 8259 4: a value is missing");
		(void)scan_while(&s, is_space);
		value = take_value(&s);
		(void)scan_while(&s, is_space);
		if (view_eq(name, VIEW("score")))
			number = value;
		else if (view_eq(name, VIEW("action")))
			*action = value;
		if (!scan_try_byte(&s, ','))
			break;
	}
	scan_byte(&s, '}', "RFC 8259 4: an object without end");
	TRY(scan_result(&s));
	return read_tenths(number, score);
}

/* The conversation. */

/* Nothing of a stranger ends a line. */
static void
add_header(struct buf *out, const char *name, view value)
{
	buf_print(out, "%s: ", name);
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_is_control(value.p[i]))
			buf_add_byte(out, value.p[i]);
	buf_add(out, VIEW("\r\n"));
}

/* HTTP/1.0, so that the reply comes in one piece. */
static void
ask(struct link *l, const struct inspection *i, struct buf *head)
{
	buf_print(head, "POST /checkv2 HTTP/1.0\r\nContent-Length: %zu\r\n",
	    i->message.n);
	add_header(head, "IP", i->peer);
	add_header(head, "Helo", i->hello);
	add_header(head, "From", i->sender);
	add_header(head, "Queue-Id", i->id);
	add_header(head, "MTA-Name", i->hostname);
	for (size_t n = 0; n < i->recipient_count; n++)
		add_header(head, "Rcpt", i->recipients[n]);
	buf_add(head, VIEW("\r\n"));
	link_write(l, buf_view(head), WAIT_MS);
	link_write(l, i->message, WAIT_MS);
}

static result
read_head(struct link *l, uint64_t *length)
{
	view line = link_line(l, WAIT_MS);

	TRY(link_result(l));
	if (!view_starts(line, VIEW("HTTP/1."))
	    || !view_starts(view_from(line, 8), VIEW(" 200")))
		return fail(MALFORMED, "rspamd does not say 200");
	*length = UINT64_MAX;
	for (size_t i = 0; i < HEADERS_MOST; i++) {
		line = link_line(l, WAIT_MS);
		TRY(link_result(l));
		if (line.n == 0)
			break;
		if (view_same(view_cut(&line, ':'), VIEW("Content-Length"))
		    && !view_number(view_trim(line), LIMIT_RSPAMD_REPLY,
		        length))
			return fail(OVER_LIMIT, "rspamd says too much");
	}
	return *length != UINT64_MAX ? done()
		: fail(MALFORMED, "rspamd does not say how much follows");
}

static result
read_reply(struct link *l, struct arena *arena, struct findings *f)
{
	struct buf body = buf_new(LIMIT_RSPAMD_REPLY);
	uint64_t length;
	view action;
	int score = 0;
	result r = read_head(l, &length);

	while (r.is == OK && body.n < length) {
		buf_add(&body, view_first(link_some(l, WAIT_MS),
		    (size_t)length - body.n));
		r = link_result(l);
	}
	if (r.is == OK)
		r = rspamd_read(buf_view(&body), &score, &action);
	if (r.is == OK) {
		f->rated = true;
		f->score = score;
		f->action = arena_copy(arena, action);
		f->later = view_eq(action, VIEW("soft reject"));
	}
	buf_free(&body);
	return r;
}

void
rspamd_rate(const char *server, const struct rspamd_limits *limits,
    struct arena *arena, const struct inspection *i, struct findings *f)
{
	const struct link_options o = { .deadline_ms = limits->deadline,
		.stop = limits->stop };
	struct buf head = buf_new(HEAD_MOST);
	view port = view_of(server);
	view host = view_cut_last(&port, ':');
	struct link *l;
	uint64_t number = 0;
	result r;

	if (view_starts(host, VIEW("[")))
		host = view_first(view_from(host, 1), host.n - 2);
	(void)view_number(port, PORT_MOST, &number);
	l = link_open(host, (unsigned)number, WAIT_MS, &o);
	ask(l, i, &head);
	r = buf_result(&head);
	if (r.is == OK)
		r = link_result(l);
	if (r.is == OK)
		r = read_reply(l, arena, f);
	if (r.is != OK)
		log_line(LOG_WARNING, "rspamd.silent", "id=%.*s why=\"%s\"",
		    LOG_VIEW(i->id), r.why);
	link_close(&l);
	buf_free(&head);
}
