/*
 * Compressed connections (RFC 4978).
 *
 * Every piece of output is compressed on its own: it refers to nothing before
 * it, so its length tells nothing of what was sent to somebody else's order
 * earlier (CVE-2026-40203, CRIME), and one deflater for a whole loop is
 * enough.  A connection keeps only the window of its input.
 */
#include "mailcore/sys/net.h"

#include "mailcore/sys/log.h"

#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

enum {
	RAW = -15, /* RFC 4978 3: raw DEFLATE, any window */
	MEMORY = 8,
	LEVEL = 3, /* loops have other things to do */
	/* Input that yields nothing (empty blocks) is read no longer than
	 * that (CVE-2026-73209). */
	SILENT_MAX = 1 << 20
};

struct deflate {
	z_stream in;
	struct buf raw; /* came, and is not inflated yet */
	size_t raw_at;
	bool full;       /* there may be more output without more input */
	size_t silent;   /* bytes of input since the last output */
	struct buf wire; /* compressed, and not sent yet */
	size_t wire_at;
};

struct deflate *
deflate_new(view behind)
{
	struct deflate *d = calloc(1, sizeof *d);

	if (d == NULL || inflateInit2(&d->in, RAW) != Z_OK)
		abort();
	d->raw = buf_new(NET_INPUT_MAX);
	d->wire = buf_new(2 * NET_OUTPUT_ENOUGH);
	buf_add(&d->raw, behind);
	return d;
}

void
deflate_free(struct deflate **dd)
{
	struct deflate *d = *dd;

	*dd = NULL;
	if (d == NULL)
		return;
	(void)inflateEnd(&d->in);
	buf_free(&d->raw);
	buf_free(&d->wire);
	free(d);
}

bool
deflate_has_input(const struct deflate *d)
{
	return d != NULL && (d->full || d->raw_at < d->raw.n);
}

void
deflate_feed(struct deflate *d, view v)
{
	buf_drop(&d->raw, d->raw_at);
	d->raw_at = 0;
	buf_add(&d->raw, v);
}

static void
drop_input(struct deflate *d)
{
	buf_free(&d->raw);
	d->raw_at = 0;
}

/* What one call of zlib says. */
static result
judge(struct deflate *d, int said)
{
	if (said == Z_STREAM_END)
		return fail(MALFORMED, "RFC 4978 3: the stream has an end");
	if (said != Z_OK && said != Z_BUF_ERROR)
		return fail(MALFORMED, "RFC 1951 3.2: not compressed data");
	if (d->silent > SILENT_MAX)
		return fail(OVER_LIMIT, "too much that says nothing");
	return done();
}

result
deflate_take(struct loop *l, struct deflate *d, struct buf *out)
{
	view raw = view_from(buf_view(&d->raw), d->raw_at);
	size_t got;
	int said;
	result r;

	d->in.next_in = (const Bytef *)raw.p;
	d->in.avail_in = (uInt)raw.n;
	d->in.next_out = (Bytef *)l->piece;
	d->in.avail_out = sizeof l->piece;
	said = inflate(&d->in, Z_SYNC_FLUSH);
	got = sizeof l->piece - d->in.avail_out;
	buf_add(out, (view){ l->piece, got });
	d->raw_at += raw.n - d->in.avail_in;
	d->silent = got > 0 ? 0 : d->silent + raw.n - d->in.avail_in;
	r = judge(d, said);
	d->full = r.is == OK && d->in.avail_out == 0;
	if (r.is != OK || d->raw_at == d->raw.n)
		drop_input(d);
	return r;
}

static z_stream *
deflater(struct loop *l)
{
	if (l->deflater != NULL) {
		(void)deflateReset(l->deflater);
		return l->deflater;
	}
	l->deflater = calloc(1, sizeof *l->deflater);
	if (l->deflater == NULL
	    || deflateInit2(l->deflater, LEVEL, Z_DEFLATED, RAW, MEMORY,
		Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	return l->deflater;
}

void
deflate_end(struct loop *l)
{
	if (l->deflater != NULL)
		(void)deflateEnd(l->deflater);
	free(l->deflater);
	l->deflater = NULL;
}

/* A full flush ends on a whole byte, so the next piece can follow it. */
void
deflate_add(struct loop *l, struct deflate *d, view piece)
{
	z_stream *z = deflater(l);
	size_t most = deflateBound(z, piece.n) + 16;
	char *room;

	buf_reset(&d->wire);
	d->wire_at = 0;
	room = buf_reserve(&d->wire, most);
	if (room == NULL)
		abort();
	z->next_in = (const Bytef *)piece.p;
	z->avail_in = (uInt)piece.n;
	z->next_out = (Bytef *)room;
	z->avail_out = (uInt)most;
	if (deflate(z, Z_FULL_FLUSH) != Z_OK || z->avail_in > 0)
		abort();
	d->wire.n += most - z->avail_out;
}

view
deflate_unsent(const struct deflate *d)
{
	return view_from(buf_view(&d->wire), d->wire_at);
}

void
deflate_sent(struct deflate *d, size_t n)
{
	d->wire_at += n;
	if (d->wire_at < d->wire.n)
		return;
	buf_free(&d->wire);
	d->wire_at = 0;
}
