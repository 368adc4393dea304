/* RFC 3516 4.4: binary parts of a message that comes as a literal8 are kept
 * in base64, so that what is stored is lines, as everywhere. */
#include "mailcore/imap/append.h"

#include "mailcore/base/encode.h"
#include "mailcore/format/mime.h"

enum { LINES = 57 * 1024 }; /* bytes coded at once; whole lines */

struct converting {
	view rest; /* of the message as it came */
	struct wire wire;
	struct spool *to;
	bool nul; /* where none can be kept */
};

static void
add_text(struct converting *x, view text)
{
	struct buf clean = buf_new(SIZE_MAX / 2);

	x->nul |= view_find_byte(text, '\0') != SIZE_MAX;
	wire_add(&x->wire, text, &clean);
	spool_add(x->to, buf_view(&clean));
	buf_free(&clean);
}

/* As it came, up to `at`. */
static void
copy_to(struct converting *x, const char *at)
{
	size_t n = (size_t)(at - x->rest.p);

	add_text(x, view_first(x->rest, n));
	x->rest = view_from(x->rest, n);
}

static void
add_coded(struct converting *x, view body)
{
	struct buf lines = buf_new(SIZE_MAX / 2);
	view rest = body;

	while (rest.n > 0) {
		buf_reset(&lines);
		encode_base64_lines(&lines, view_first(rest, LINES));
		rest = view_from(rest, LINES);
		/* The end of the last one belongs to the boundary. */
		if (rest.n == 0)
			buf_cut(&lines, lines.n - 2);
		add_text(x, buf_view(&lines));
	}
	x->rest = view_from(x->rest, body.n);
	buf_free(&lines);
}

static bool
find_encoding(const struct mime_part *part, view *field)
{
	view rest = part->header, name, value;

	while (!part->opaque && header_next(&rest, field, &name, &value))
		if (view_same(name, VIEW("Content-Transfer-Encoding")))
			return view_same(view_trim(value), VIEW("binary"));
	return false;
}

static void
convert_part(struct converting *x, const struct mime_part *part)
{
	bool leaf = part->child_count == 0 && part->message == NULL;
	view field;

	if (!find_encoding(part, &field))
		return;
	copy_to(x, field.p);
	add_text(x, leaf ? VIEW("Content-Transfer-Encoding: base64\r\n")
			 : VIEW("Content-Transfer-Encoding: 8bit\r\n"));
	x->rest = view_from(x->rest, field.n);
	if (!leaf || part->body.n == 0)
		return;
	copy_to(x, part->body.p);
	add_coded(x, part->body);
}

result
append_convert(view raw, struct spool *to)
{
	struct converting x = { .rest = raw, .to = to };
	struct arena *work = arena_new(LIMIT_MIME_WORK);
	struct mime_part *part;
	result r = mime_parse(raw, work, &part);

	for (; r.is == OK && part != NULL; part = mime_next(part))
		convert_part(&x, part);
	arena_free(&work);
	TRY(r);
	add_text(&x, x.rest);
	if (x.wire.state == WIRE_CR)
		spool_add(to, VIEW("\r\n"));
	return x.nul ? fail(DENIED, "RFC 3516 4.4: NUL in no binary part")
		     : done();
}
