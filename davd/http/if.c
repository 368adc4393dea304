/*
 * The If header (RFC 4918 10.4): lists of conditions, tagged with the URL
 * that they are about or not.
 */
#include "davd/http/request.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"

static const char why[] = "RFC 4918 10.4: not an If header";

struct conditions {
	const struct request *request;
	view etag; /* of what it asks for */
	const struct request_states *states; /* or NULL */
	view path; /* that the list is about */
};

/* An ETag or a token of what the list is about. */
static bool
is_state(const struct conditions *c, view state, bool tag)
{
	if (tag && view_eq(c->path, c->request->path))
		return c->etag.n > 0 && view_eq(state, c->etag);
	return c->states != NULL
	    && c->states->holds(c->states->context, c->path, state, tag);
}

static void
skip_space(struct scan *s)
{
	(void)scan_while(s, ascii_is_space);
}

static bool
scan_entity_tag(struct scan *s, const struct conditions *c)
{
	bool weak = scan_try(s, VIEW("W/"));
	view tag;

	scan_byte(s, '"', why);
	tag = scan_until(s, '"', why);
	scan_byte(s, '"', why);
	scan_byte(s, ']', why);
	return scan_ok(s) && !weak && is_state(c, tag, true);
}

/* Behind '(' to behind ')': whether every condition holds. */
static bool
scan_list(struct scan *s, const struct conditions *c)
{
	bool all = true, some = false;
	view token;

	skip_space(s);
	while (scan_ok(s) && !scan_try_byte(s, ')')) {
		bool inverted = scan_try(s, VIEW("Not"));
		bool holds = false;

		skip_space(s);
		if (scan_try_byte(s, '[')) {
			holds = scan_entity_tag(s, c);
		} else {
			scan_byte(s, '<', why);
			token = scan_until(s, '>', why);
			scan_byte(s, '>', why);
			holds = scan_ok(s) && is_state(c, token, false);
		}
		all = all && holds != inverted;
		some = true;
		skip_space(s);
	}
	if (!some)
		scan_fail(s, MALFORMED, why);
	return all;
}

/* The path of the tag, behind '<' to behind '>'; empty: it has none. */
static view
scan_resource(struct scan *s, struct buf *path)
{
	view url = scan_until(s, '>', why);
	size_t scheme = view_find(url, VIEW("://"));

	scan_byte(s, '>', why);
	if (scheme != SIZE_MAX) {
		url = view_from(url, scheme + 3);
		url = view_from(url, view_find_byte(url, '/'));
	}
	buf_reset(path);
	return decode_percent(path, url).is == OK ? buf_view(path) : VIEW("");
}

bool
request_if(const struct request *r, view etag,
    const struct request_states *states)
{
	struct conditions c = { r, etag, states, r->path };
	struct buf path = buf_new(LIMIT_HTTP_TARGET);
	bool holds = false;
	struct scan s;
	view value;

	if (!request_header(r, VIEW("If"), &value))
		return true;
	s = scan_over(view_trim(value));
	do {
		if (scan_try_byte(&s, '<')) {
			c.path = scan_resource(&s, &path);
			skip_space(&s);
		}
		scan_byte(&s, '(', why);
		holds = scan_list(&s, &c) || holds;
		skip_space(&s);
	} while (scan_ok(&s) && !scan_at_end(&s));
	buf_free(&path);
	return scan_ok(&s) && holds;
}
