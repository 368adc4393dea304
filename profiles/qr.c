#include "profiles/qr.h"

#include "mailcore/base/limits.h"

#include <qrencode.h>
#include <stdlib.h>
#include <zlib.h>

enum {
	QUIET = 4, /* ISO/IEC 18004 9.1: modules around it */
	SCALE = 8, /* pixels of a module */
	/* Up to here the code bears a finger on the screen. */
	SHORT_TEXT = 300
};

struct code {
	QRcode *made;
	int width; /* with the quiet zone */
};

static bool
is_dark(const struct code *c, int x, int y)
{
	int n = c->made->width;

	x -= QUIET;
	y -= QUIET;
	return x >= 0 && y >= 0 && x < n && y < n
	    && (c->made->data[y * n + x] & 1) != 0;
}

/* One path over all runs of dark modules. */
static void
write_svg(const struct code *c, struct buf *out)
{
	buf_print(out, "<svg xmlns=\"http://www.w3.org/2000/svg\""
	    " viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\""
	    " shape-rendering=\"crispEdges\">"
	    "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"",
	    c->width, c->width, c->width * SCALE, c->width * SCALE, c->width,
	    c->width);
	for (int y = 0; y < c->width; y++)
		for (int x = 0, n; x < c->width; x += n) {
			for (n = 0; is_dark(c, x + n, y); n++)
				;
			if (n > 0)
				buf_print(out, "M%d %dh%dv1h-%dz", x, y, n, n);
			else
				n = 1;
		}
	buf_add_text(out, "\"/></svg>\n");
}

/* Two rows a line; light is drawn, as terminals mostly are dark. */
static void
write_terminal(const struct code *c, struct buf *out)
{
	static const char *const halves[] = { "█", "▄", "▀", " " };

	for (int y = 0; y < c->width; y += 2) {
		for (int x = 0; x < c->width; x++)
			buf_add_text(out, halves[2 * is_dark(c, x, y + 1)
			        + is_dark(c, x, y)]);
		buf_add_byte(out, '\n');
	}
}

static void
add_four(struct buf *out, unsigned long n)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_add_byte(out, (char)(n >> shift & 0xff));
}

/* PNG 5.3: length, type, data, and a CRC of the last two. */
static void
add_chunk(struct buf *out, const char type[4], view data)
{
	unsigned long crc = crc32(0, (const Bytef *)type, 4);

	if (data.n > 0)
		crc = crc32(crc, (const Bytef *)data.p, (uInt)data.n);
	add_four(out, data.n);
	buf_add(out, (view){ type, 4 });
	buf_add(out, data);
	add_four(out, crc);
}

/* One bit a pixel, rows begin with filter 0 and a whole byte. */
static void
add_pixels(const struct code *c, struct buf *rows)
{
	for (int y = 0; y < c->width * SCALE; y++) {
		buf_add_byte(rows, 0);
		for (int x = 0; x < c->width; x++)
			buf_add_byte(rows, (char)(is_dark(c, x, y / SCALE)
			        ? 0 : 0xff));
	}
}

static void
write_png(const struct code *c, struct buf *out)
{
	struct buf rows = buf_new(LIMIT_QR_IMAGE);
	struct buf head = buf_new(16);
	unsigned long side = (unsigned long)c->width * SCALE;
	uLongf n;
	char *packed;

	add_four(&head, side);
	add_four(&head, side);
	buf_add(&head, VIEW("\1\0\0\0\0")); /* one bit, grey */
	add_pixels(c, &rows);
	n = compressBound(rows.n);
	packed = malloc(n);
	if (packed == NULL
	    || compress((Bytef *)packed, &n, (const Bytef *)rows.p, rows.n)
	        != Z_OK)
		abort();
	buf_add(out, VIEW("\x89PNG\r\n\x1a\n"));
	add_chunk(out, "IHDR", buf_view(&head));
	add_chunk(out, "IDAT", (view){ packed, n });
	add_chunk(out, "IEND", VIEW(""));
	free(packed);
	buf_free(&head);
	buf_free(&rows);
}

result
qr_write(view text, enum qr_form form, struct buf *out)
{
	struct code c = { .made = NULL };

	if (text.n > LIMIT_QR_TEXT)
		return fail(OVER_LIMIT,
		    "that is more than a phone reads off one code");
	c.made = QRcode_encodeData((int)text.n, (const unsigned char *)text.p,
	    0, text.n > SHORT_TEXT ? QR_ECLEVEL_L : QR_ECLEVEL_M);
	if (c.made == NULL)
		return fail(MALFORMED, "nothing to make a QR code of");
	c.width = c.made->width + 2 * QUIET;
	switch (form) {
	case QR_SVG:
		write_svg(&c, out);
		break;
	case QR_PNG:
		write_png(&c, out);
		break;
	case QR_TERMINAL:
		write_terminal(&c, out);
		break;
	}
	QRcode_free(c.made);
	return buf_result(out);
}
