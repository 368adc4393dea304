/*
 * talk_text.h - patterns and escapes of dialogue files (talk.h).
 */
#ifndef TESTS_TALK_TEXT_H
#define TESTS_TALK_TEXT_H

#include "mailcore/base/buf.h"

#include <stdio.h>
#include <stdlib.h>

static inline void
talk_check(result r, const char *what)
{
	if (r.is != OK) {
		printf("Bail out! %s: %s\n", what, r.why);
		exit(1);
	}
}

static inline bool
talk_glob(view pattern, view text)
{
	size_t star = SIZE_MAX, back = 0, p = 0, t = 0;

	while (t < text.n) {
		if (view_at(pattern, p) == '*') {
			star = p++;
			back = t;
		} else if (view_at(pattern, p) == '?'
		    || (p < pattern.n && pattern.p[p] == text.p[t])) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++back;
		} else {
			return false;
		}
	}
	while (view_at(pattern, p) == '*')
		p++;
	return p == pattern.n;
}

static inline void
talk_unescape(view text, struct buf *out)
{
	static const char to[] = "\r\n\t\0\\";

	for (size_t i = 0; i < text.n; i++) {
		size_t k = text.p[i] == '\\'
		    ? view_find_byte(VIEW("rnt0\\"),
			(char)view_at(text, i + 1))
		    : SIZE_MAX;

		if (k == SIZE_MAX) {
			buf_add_byte(out, text.p[i]);
		} else {
			buf_add_byte(out, to[k]);
			i++;
		}
	}
}

#endif
