#include "mailcore/base/scan.h"

#include "mailcore/base/ascii.h"

struct scan
scan_over(view v)
{
	return (struct scan){ .rest = v, .r = { OK, "" } };
}

void
scan_fail(struct scan *s, enum status is, const char *why)
{
	if (s->r.is == OK)
		s->r = fail(is, why);
}

bool
scan_ok(const struct scan *s)
{
	return s->r.is == OK;
}

result
scan_result(const struct scan *s)
{
	return s->r;
}

void
scan_word(struct scan *s, view word, const char *why)
{
	if (scan_ok(s) && !scan_try(s, word))
		scan_fail(s, MALFORMED, why);
}

void
scan_byte(struct scan *s, char byte, const char *why)
{
	if (scan_ok(s) && !scan_try_byte(s, byte))
		scan_fail(s, MALFORMED, why);
}

view
scan_while(struct scan *s, bool (*is)(char))
{
	size_t n = 0;
	view taken;

	if (!scan_ok(s))
		return VIEW("");
	while (n < s->rest.n && is(s->rest.p[n]))
		n++;
	taken = view_first(s->rest, n);
	s->rest = view_from(s->rest, n);
	return taken;
}

view
scan_run(struct scan *s, bool (*is)(char), size_t max, const char *why)
{
	view taken = scan_while(s, is);

	if (scan_ok(s) && taken.n == 0)
		scan_fail(s, MALFORMED, why);
	if (taken.n > max)
		scan_fail(s, OVER_LIMIT, why);
	return scan_ok(s) ? taken : VIEW("");
}

view
scan_bytes(struct scan *s, size_t n, const char *why)
{
	view taken;

	if (scan_ok(s) && s->rest.n < n)
		scan_fail(s, MALFORMED, why);
	if (!scan_ok(s))
		return VIEW("");
	taken = view_first(s->rest, n);
	s->rest = view_from(s->rest, n);
	return taken;
}

view
scan_until(struct scan *s, char byte, const char *why)
{
	size_t at = view_find_byte(s->rest, byte);

	if (at == SIZE_MAX) {
		scan_fail(s, MALFORMED, why);
		return VIEW("");
	}
	return scan_bytes(s, at, why);
}

uint64_t
scan_number(struct scan *s, uint64_t max, const char *why)
{
	view digits = scan_while(s, ascii_is_digit);
	uint64_t n = 0;

	if (scan_ok(s) && digits.n == 0)
		scan_fail(s, MALFORMED, why);
	else if (scan_ok(s) && !view_number(digits, max, &n))
		scan_fail(s, OVER_LIMIT, why);
	return scan_ok(s) ? n : 0;
}

void
scan_end(struct scan *s, const char *why)
{
	if (s->rest.n > 0)
		scan_fail(s, MALFORMED, why);
}

bool
scan_try(struct scan *s, view word)
{
	if (!scan_ok(s) || !view_starts_same(s->rest, word))
		return false;
	s->rest = view_from(s->rest, word.n);
	return true;
}

bool
scan_try_byte(struct scan *s, char byte)
{
	if (scan_peek(s) != (unsigned char)byte)
		return false;
	s->rest = view_from(s->rest, 1);
	return true;
}

int
scan_peek(const struct scan *s)
{
	return scan_ok(s) ? view_at(s->rest, 0) : -1;
}

bool
scan_at_end(const struct scan *s)
{
	return s->rest.n == 0;
}
