/*
 * json_check.h - is this one JSON text (RFC 8259), without control bytes and
 * in UTF-8?  For tests of what we write.
 */
#ifndef TESTS_JSON_CHECK_H
#define TESTS_JSON_CHECK_H

#include "mailcore/base/ascii.h"
#include "mailcore/base/scan.h"
#include "mailcore/base/utf8.h"

enum { JSON_CHECK_DEPTH = 16 };

static inline bool
json_is_plain(char c)
{
	return (unsigned char)c >= 0x20 && c != '"' && c != '\\' && c != 127;
}

static inline void
json_check_text(struct scan *s)
{
	scan_byte(s, '"', "a string begins with \"");
	(void)scan_while(s, json_is_plain);
	while (scan_try_byte(s, '\\')) {
		view c = scan_bytes(s, 1, "an escape");

		if (scan_ok(s) && c.p[0] == 'u') {
			view hex = scan_bytes(s, 4, "four digits");

			for (size_t i = 0; i < hex.n; i++)
				if (ascii_hex(hex.p[i]) < 0)
					scan_fail(s, MALFORMED, "digit");
		} else if (scan_ok(s)
		    && view_find_byte(VIEW("\"\\/bfnrt"), c.p[0])
		        == SIZE_MAX) {
			scan_fail(s, MALFORMED, "no such escape");
		}
		(void)scan_while(s, json_is_plain);
	}
	scan_byte(s, '"', "a string ends with \"");
}

/* Objects, strings, true: all that is written by us. */
static inline void
json_check_value(struct scan *s, int depth)
{
	if (depth > JSON_CHECK_DEPTH) {
		scan_fail(s, OVER_LIMIT, "too deep");
		return;
	}
	if (scan_peek(s) == '"') {
		json_check_text(s);
		return;
	}
	if (scan_try(s, VIEW("true")))
		return;
	scan_byte(s, '{', "an object");
	if (scan_try_byte(s, '}'))
		return;
	do {
		json_check_text(s);
		scan_byte(s, ':', "a name and a value");
		json_check_value(s, depth + 1);
	} while (scan_ok(s) && scan_try_byte(s, ','));
	scan_byte(s, '}', "an object ends with }");
}

static inline bool
json_is_well_formed(view text)
{
	struct scan s = scan_over(view_trim(text));

	json_check_value(&s, 0);
	scan_end(&s, "one value");
	return scan_result(&s).is == OK && utf8_is_valid(text);
}

#endif
