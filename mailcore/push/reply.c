#include "mailcore/push/reply.h"

#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"

enum {
	CREATED = 200,
	REDIRECTS = 300,
	NOT_FOUND_HERE = 404,
	GONE = 410,
	WAIT_LEAST = 60,
	WAIT_DOUBLES = 8 /* times: then it is four hours */
};

static result
take_status(struct push_reply *r, view line)
{
	struct scan s = scan_over(line);
	uint64_t status;

	scan_word(&s, VIEW("HTTP/1."), "RFC 9112 4: not HTTP/1");
	(void)scan_bytes(&s, 1, "RFC 9112 4: not HTTP/1");
	scan_byte(&s, ' ', "RFC 9112 4: no status");
	status = scan_number(&s, 599, "RFC 9112 4: no status");
	if (scan_ok(&s) && status < 100)
		scan_fail(&s, MALFORMED, "RFC 9110 15: no status");
	TRY(scan_result(&s));
	r->status = (unsigned)status;
	return done();
}

/* RFC 9110 10.2.3: seconds, or a date. */
static int64_t
read_wait(view value, int64_t now)
{
	uint64_t seconds;
	int64_t when;

	if (view_number(value, LIMIT_PUSH_WAIT, &seconds))
		return (int64_t)seconds;
	if (date_parse_http(value, &when).is != OK) {
		/* A number that is too large. */
		return value.n > 0 && view_find_byte(value, ' ') == SIZE_MAX
		    ? LIMIT_PUSH_WAIT : 0;
	}
	if (when <= now)
		return 0;
	return when - now < LIMIT_PUSH_WAIT ? when - now : LIMIT_PUSH_WAIT;
}

result
push_reply_take(struct push_reply *r, view line, int64_t now)
{
	view name, value = line;

	if (++r->lines > LIMIT_PUSH_LINES)
		return fail(OVER_LIMIT, "the push service says too much");
	if (r->status == 0)
		return take_status(r, line);
	if (line.n == 0) {
		if (r->status < CREATED)
			r->status = 0;
		else
			r->whole = true;
		return done();
	}
	name = view_cut(&value, ':');
	if (view_same(name, VIEW("Retry-After")))
		r->retry_after = read_wait(view_trim(value), now);
	return done();
}

enum push_verdict
push_reply_verdict(const struct push_reply *r)
{
	if (r->status >= CREATED && r->status < REDIRECTS)
		return PUSH_TAKEN;
	return r->status == NOT_FOUND_HERE || r->status == GONE ? PUSH_GONE
								: PUSH_LATER;
}

int64_t
push_reply_wait(const struct push_reply *r, int64_t failures)
{
	int64_t wait = WAIT_LEAST;

	for (int64_t i = 1; i < failures && i <= WAIT_DOUBLES; i++)
		wait *= 2;
	return r->retry_after > wait ? r->retry_after : wait;
}
