#include "mailcore/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST = 256 };

struct buf
buf_new(size_t limit)
{
	return (struct buf){ .limit = limit, .r = { OK, "" } };
}

void
buf_free(struct buf *b)
{
	free(b->p);
	b->p = NULL;
	b->n = b->room = 0;
}

char *
buf_reserve(struct buf *b, size_t n)
{
	size_t room = b->room < BUF_FIRST ? BUF_FIRST : b->room;

	if (b->r.is != OK)
		return NULL;
	if (n > b->limit || b->n > b->limit - n) {
		b->r = fail(OVER_LIMIT, "more bytes than the limit allows");
		return NULL;
	}
	/* One byte more than asked, for buf_text. */
	while (room <= b->n + n)
		room *= 2;
	if (room > b->room) {
		char *p = realloc(b->p, room);

		if (p == NULL)
			abort();
		b->p = p;
		b->room = room;
	}
	return b->p + b->n;
}

/* Nearly always there is. */
static bool
has_room(const struct buf *b, size_t n)
{
	return n < b->room - b->n && n <= b->limit - b->n && b->r.is == OK;
}

void
buf_add(struct buf *b, view v)
{
	char *to = has_room(b, v.n) ? b->p + b->n : buf_reserve(b, v.n);

	if (to == NULL || v.n == 0)
		return;
	memcpy(to, v.p, v.n);
	b->n += v.n;
}

void
buf_add_byte(struct buf *b, char c)
{
	if (has_room(b, 1))
		b->p[b->n++] = c;
	else
		buf_add(b, (view){ &c, 1 });
}

void
buf_add_text(struct buf *b, const char *text)
{
	buf_add(b, view_of(text));
}

void
buf_add_number(struct buf *b, uint64_t n)
{
	static const char pairs[] = "00010203040506070809"
				    "10111213141516171819"
				    "20212223242526272829"
				    "30313233343536373839"
				    "40414243444546474849"
				    "50515253545556575859"
				    "60616263646566676869"
				    "70717273747576777879"
				    "80818283848586878889"
				    "90919293949596979899";
	char digits[20];
	size_t at = sizeof digits;

	for (; n > 9; n /= 100)
		memcpy(digits + (at -= 2), pairs + 2 * (n % 100), 2);
	if (n > 0 || at == sizeof digits)
		digits[--at] = (char)('0' + n);
	buf_add(b, (view){ digits + at, sizeof digits - at });
}

void
buf_print(struct buf *b, const char *format, ...)
{
	va_list args, again;
	int n;
	char *to;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	to = n < 0 ? NULL : buf_reserve(b, (size_t)n);
	if (to != NULL) {
		(void)vsnprintf(to, (size_t)n + 1, format, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

view
buf_view(const struct buf *b)
{
	return b->n == 0 ? VIEW("") : (view){ b->p, b->n };
}

const char *
buf_text(struct buf *b)
{
	if (b->p == NULL)
		return "";
	b->p[b->n] = '\0';
	return b->p;
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n >= b->n) {
		b->n = 0;
		return;
	}
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

void
buf_cut(struct buf *b, size_t n)
{
	if (n < b->n)
		b->n = n;
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
	b->r = done();
}

void
buf_fail(struct buf *b, enum status is, const char *why)
{
	if (b->r.is == OK)
		b->r = fail(is, why);
}

result
buf_result(const struct buf *b)
{
	return b->r;
}
