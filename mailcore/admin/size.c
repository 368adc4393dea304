#include "mailcore/admin/size.h"

#include "mailcore/base/ascii.h"

#include <string.h>

enum { KIB = 1024, FRACTION_DIGITS = 2 };

/* 8 TiB: more than a disk of today, and far from what overflows. */
static const uint64_t most = (uint64_t)1 << 43;

static const char units[] = "KMGT";

/* "G", "GB", "GiB", and in French "Go", "Gio".  0: none of them. */
static uint64_t
unit_of(view text)
{
	static const char *const behind[] = { "", "B", "iB", "o", "io" };
	const char *at;

	if (text.n == 0)
		return 1;
	at = strchr(units, ascii_upper(text.p[0]));
	if (text.p[0] == '\0' || at == NULL)
		return 0;
	for (size_t i = 0; i < COUNT(behind); i++)
		if (view_same(view_from(text, 1), view_of(behind[i])))
			return (uint64_t)KIB << (10 * (at - units));
	return 0;
}

/* Behind the point or comma.  Three digits may be thousands, as others write
 * them; so they are nothing. */
static bool
read_fraction(view text, uint64_t unit, uint64_t *out)
{
	uint64_t n, scale = text.n == 1 ? 10 : 100;

	if (unit == 1 || text.n > FRACTION_DIGITS
	    || !view_number(text, scale - 1, &n))
		return false;
	*out = n * unit / scale;
	return true;
}

bool
size_read(view text, int64_t *out)
{
	uint64_t unit, whole, part = 0;
	view number;
	size_t n = 0;

	*out = 0;
	text = view_trim(text);
	if (view_eq(text, VIEW("none")))
		return true;
	while (n < text.n && ascii_is_digit(text.p[n]))
		n++;
	number = view_first(text, n);
	text = view_from(text, n);
	n = view_at(text, 0) == '.' || view_at(text, 0) == ',';
	while (n > 0 && n < text.n && ascii_is_digit(text.p[n]))
		n++;
	unit = unit_of(view_trim(view_from(text, n)));
	if (unit == 0 || !view_number(number, most / unit, &whole)
	    || (n > 0 && !read_fraction(view_from(view_first(text, n), 1),
	            unit, &part)))
		return false;
	whole = whole * unit + part;
	if (whole == 0 || whole > most)
		return false;
	*out = (int64_t)whole;
	return true;
}

void
size_write(int64_t bytes, struct buf *out)
{
	uint64_t n = bytes > 0 ? (uint64_t)bytes : 0;
	size_t i = 0;

	if (n == 0)
		return;
	for (; n % KIB == 0 && i < sizeof units - 1; i++)
		n /= KIB;
	buf_print(out, "%llu", (unsigned long long)n);
	if (i > 0)
		buf_add_byte(out, units[i - 1]);
}
