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

void
buf_add(struct buf *b, view v)
{
	char *to = buf_reserve(b, v.n);

	if (to == NULL || v.n == 0)
		return;
	memcpy(to, v.p, v.n);
	b->n += v.n;
}

void
buf_add_byte(struct buf *b, char c)
{
	/* Nearly always there is room. */
	if (b->n + 1 < b->room && b->n < b->limit && b->r.is == OK)
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
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
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
