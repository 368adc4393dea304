#include "mailcore/base/view.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/result.h"

#include <string.h>

view
view_of(const char *text)
{
	return text == NULL ? VIEW("") : (view){ text, strlen(text) };
}

bool
view_eq(view a, view b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
view_same(view a, view b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

int
view_order(view a, view b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

	if (order != 0)
		return order;
	return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

bool
view_starts(view v, view prefix)
{
	return v.n >= prefix.n && view_eq(view_first(v, prefix.n), prefix);
}

bool
view_starts_same(view v, view prefix)
{
	return v.n >= prefix.n && view_same(view_first(v, prefix.n), prefix);
}

bool
view_is_http(view line)
{
	static const view verbs[] = { VIEW_INIT("GET "), VIEW_INIT("POST "),
		VIEW_INIT("HEAD "), VIEW_INIT("PUT "), VIEW_INIT("DELETE "),
		VIEW_INIT("OPTIONS "), VIEW_INIT("CONNECT "),
		VIEW_INIT("PATCH "), VIEW_INIT("PRI * HTTP/") };

	for (size_t i = 0; i < COUNT(verbs); i++)
		if (view_starts(line, verbs[i]))
			return true;
	return false;
}

bool
view_ends(view v, view suffix)
{
	return v.n >= suffix.n && view_eq(view_from(v, v.n - suffix.n), suffix);
}

bool
view_ends_same(view v, view suffix)
{
	return v.n >= suffix.n
	    && view_same(view_from(v, v.n - suffix.n), suffix);
}

int
view_at(view v, size_t i)
{
	return i < v.n ? (unsigned char)v.p[i] : -1;
}

view
view_from(view v, size_t from)
{
	if (from == 0)
		return v;
	if (from >= v.n)
		return VIEW("");
	return (view){ v.p + from, v.n - from };
}

view
view_first(view v, size_t n)
{
	return n < v.n ? (view){ v.p, n } : v;
}

view
view_cut(view *v, char byte)
{
	size_t at = view_find_byte(*v, byte);
	view before = *v;

	if (at == SIZE_MAX) {
		*v = VIEW("");
		return before;
	}
	before.n = at;
	*v = view_from(*v, at + 1);
	return before;
}

view
view_cut_last(view *v, char byte)
{
	for (size_t i = v->n; i > 0; i--) {
		if (v->p[i - 1] == byte) {
			view before = { v->p, i - 1 };

			*v = view_from(*v, i);
			return before;
		}
	}
	return VIEW("");
}

bool
view_line(view *v, view *line)
{
	if (v->n == 0)
		return false;
	*line = view_cut(v, '\n');
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

view
view_trim(view v)
{
	while (v.n > 0 && ascii_is_space(v.p[0]))
		v = view_from(v, 1);
	while (v.n > 0 && ascii_is_space(v.p[v.n - 1]))
		v.n--;
	return v;
}

view
view_word(view *v)
{
	size_t n = 0;
	view word;

	*v = view_trim(*v);
	while (n < v->n && !ascii_is_space(v->p[n]))
		n++;
	word = view_first(*v, n);
	*v = view_from(*v, n);
	return word;
}

size_t
view_find(view v, view needle)
{
	const char *at;

	if (needle.n == 0)
		return 0;
	if (v.n < needle.n)
		return SIZE_MAX;
	at = memmem(v.p, v.n, needle.p, needle.n);
	return at == NULL ? SIZE_MAX : (size_t)(at - v.p);
}

size_t
view_find_same(view v, view needle)
{
	for (size_t i = 0; i + needle.n <= v.n; i++)
		if (view_same((view){ v.p + i, needle.n }, needle))
			return i;
	return SIZE_MAX;
}

size_t
view_find_byte(view v, char byte)
{
	const char *at = v.n == 0 ? NULL : memchr(v.p, byte, v.n);

	return at == NULL ? SIZE_MAX : (size_t)(at - v.p);
}

bool
view_number(view v, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (v.n == 0)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		uint64_t digit;

		if (!ascii_is_digit(v.p[i]))
			return false;
		digit = (uint64_t)(v.p[i] - '0');
		if (digit > max || n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}

bool
view_copy(view v, char *to, size_t room)
{
	if (room == 0)
		return false;
	to[0] = '\0';
	if (v.n >= room || view_find_byte(v, '\0') != SIZE_MAX)
		return false;
	if (v.n > 0)
		memcpy(to, v.p, v.n);
	to[v.n] = '\0';
	return true;
}
