/*
 * The If header (RFC 4918 10.4): lists of conditions, tagged with the URL
 * that they are about or not.  There are no locks here, so no state token
 * ever fits.
 */
#include "davd/http/request.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"

static const char why[] = "RFC 4918 10.4: not an If header";

static void
skip_space(struct scan *s)
{
	(void)scan_while(s, ascii_is_space);
}

static bool
scan_entity_tag(struct scan *s, view etag)
{
	bool weak = scan_try(s, VIEW("W/"));
	view tag;

	scan_byte(s, '"', why);
	tag = scan_until(s, '"', why);
	scan_byte(s, '"', why);
	scan_byte(s, ']', why);
	return !weak && etag.n > 0 && view_eq(tag, etag);
}

/* Behind '(' to behind ')': whether every condition holds. */
static bool
scan_list(struct scan *s, view etag)
{
	bool all = true, some = false;

	skip_space(s);
	while (scan_ok(s) && !scan_try_byte(s, ')')) {
		bool inverted = scan_try(s, VIEW("Not"));
		bool holds = false;

		skip_space(s);
		if (scan_try_byte(s, '[')) {
			holds = scan_entity_tag(s, etag);
		} else {
			scan_byte(s, '<', why);
			(void)scan_until(s, '>', why);
			scan_byte(s, '>', why);
		}
		all = all && holds != inverted;
		some = true;
		skip_space(s);
	}
	if (!some)
		scan_fail(s, MALFORMED, why);
	return all;
}

/* Is the tag, behind '<' to behind '>', the URL of this request? */
static bool
scan_resource(struct scan *s, const struct request *r)
{
	view url = scan_until(s, '>', why);
	size_t scheme = view_find(url, VIEW("://"));
	struct buf path = buf_new(LIMIT_HTTP_TARGET);
	bool same;

	scan_byte(s, '>', why);
	if (scheme != SIZE_MAX) {
		url = view_from(url, scheme + 3);
		url = view_from(url, view_find_byte(url, '/'));
	}
	same = decode_percent(&path, url).is == OK
	    && view_eq(buf_view(&path), r->path);
	buf_free(&path);
	return same;
}

bool
request_if(const struct request *r, view etag)
{
	bool ours = true, holds = false;
	struct scan s;
	view value;

	if (!request_header(r, VIEW("If"), &value))
		return true;
	s = scan_over(view_trim(value));
	do {
		if (scan_try_byte(&s, '<')) {
			ours = scan_resource(&s, r);
			skip_space(&s);
		}
		scan_byte(&s, '(', why);
		holds = (scan_list(&s, etag) && ours) || holds;
		skip_space(&s);
	} while (scan_ok(&s) && !scan_at_end(&s));
	return scan_ok(&s) && holds;
}
