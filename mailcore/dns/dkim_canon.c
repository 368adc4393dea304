/* What is hashed: RFC 6376 3.4. */
#include "mailcore/dns/dkim_inside.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/mime.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 16384 };

result
dkim_message_read(view message, struct arena *arena, struct dkim_message *out)
{
	size_t n = header_length(message);
	view header = view_first(message, n);
	struct dkim_field f;

	*out = (struct dkim_message){ .body = view_from(message, n) };
	if (n > LIMIT_HEADER)
		return fail(OVER_LIMIT, "the header is too large");
	out->fields = arena_array(arena, LIMIT_HEADER_FIELDS,
	    sizeof *out->fields);
	TRY(arena_result(arena));
	while (header_next(&header, &f.field, &f.name, &f.value)) {
		if (out->count == LIMIT_HEADER_FIELDS)
			return fail(OVER_LIMIT, "too many header fields");
		out->fields[out->count++] = f;
	}
	return done();
}

void
dkim_hash(view bytes, unsigned char out[DKIM_HASH])
{
	if (EVP_Digest(bytes.p, bytes.n, out, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

/* Bytes on their way into a digest. */
struct sink {
	EVP_MD_CTX *digest;
	uint64_t total;
	size_t n;
	char piece[PIECE];
};

static void
flush(struct sink *s)
{
	if (EVP_DigestUpdate(s->digest, s->piece, s->n) != 1)
		abort();
	s->total += s->n;
	s->n = 0;
}

static void
put(struct sink *s, view bytes)
{
	while (bytes.n > 0) {
		view part = view_first(bytes, sizeof s->piece - s->n);

		memcpy(s->piece + s->n, part.p, part.n);
		s->n += part.n;
		bytes = view_from(bytes, part.n);
		if (s->n == sizeof s->piece)
			flush(s);
	}
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
put_line_relaxed(struct sink *s, view line)
{
	while (line.n > 0 && is_blank(line.p[line.n - 1]))
		line = view_first(line, line.n - 1);
	while (line.n > 0) {
		size_t word = 0, gap;

		while (word < line.n && !is_blank(line.p[word]))
			word++;
		put(s, view_first(line, word));
		gap = word;
		while (gap < line.n && is_blank(line.p[gap]))
			gap++;
		if (gap > word)
			put(s, VIEW(" "));
		line = view_from(line, gap);
	}
}

static bool
is_empty(view line, enum dkim_canon canon)
{
	return line.n == 0
	    || (canon == CANON_RELAXED && view_trim(line).n == 0);
}

/* Empty lines count only when something follows them. */
static void
put_body(struct sink *s, view body, enum dkim_canon canon)
{
	size_t empty = 0;
	view line;

	while (view_line(&body, &line)) {
		if (is_empty(line, canon)) {
			empty++;
			continue;
		}
		for (; empty > 0; empty--)
			put(s, VIEW("\r\n"));
		if (canon == CANON_RELAXED)
			put_line_relaxed(s, line);
		else
			put(s, line);
		put(s, VIEW("\r\n"));
	}
	if (canon == CANON_SIMPLE && s->total + s->n == 0)
		put(s, VIEW("\r\n"));
}

void
dkim_body(struct dkim_message *m, enum dkim_canon canon)
{
	struct sink *s;

	if (m->bodies[canon].known)
		return;
	s = malloc(sizeof *s);
	if (s == NULL)
		abort();
	s->total = 0;
	s->n = 0;
	s->digest = EVP_MD_CTX_new();
	if (s->digest == NULL
	    || EVP_DigestInit_ex(s->digest, EVP_sha256(), NULL) != 1)
		abort();
	put_body(s, m->body, canon);
	flush(s);
	if (EVP_DigestFinal_ex(s->digest, m->bodies[canon].hash, NULL) != 1)
		abort();
	m->bodies[canon].length = s->total;
	m->bodies[canon].known = true;
	EVP_MD_CTX_free(s->digest);
	free(s);
}

/* Runs of blanks and folds are one space; none at the end. */
static void
add_relaxed(struct buf *out, view text, bool *space)
{
	for (size_t i = 0; i < text.n; i++) {
		if (ascii_is_space(text.p[i])) {
			*space = true;
			continue;
		}
		if (*space)
			buf_add_byte(out, ' ');
		*space = false;
		buf_add_byte(out, text.p[i]);
	}
}

static void
add_name(struct buf *out, view name)
{
	for (size_t i = 0; i < name.n; i++)
		buf_add_byte(out, ascii_lower(name.p[i]));
	buf_add_byte(out, ':');
}

static view
without_front(view text)
{
	while (text.n > 0 && ascii_is_space(text.p[0]))
		text = view_from(text, 1);
	return text;
}

static view
without_line_end(view text)
{
	while (view_ends(text, VIEW("\r")) || view_ends(text, VIEW("\n")))
		text = view_first(text, text.n - 1);
	return text;
}

void
dkim_add_signing_field(struct buf *out, const struct dkim_field *f,
    enum dkim_canon canon, struct dkim_hole hole)
{
	view name = view_first(f->field, f->field.n - f->value.n);
	view before = view_first(f->value, hole.at);
	view after = view_from(f->value, hole.at + hole.n);
	bool space = false;

	if (canon == CANON_SIMPLE) {
		buf_add(out, name);
		buf_add(out, after.n > 0 ? before : without_line_end(before));
		buf_add(out, without_line_end(after));
		return;
	}
	add_name(out, f->name);
	add_relaxed(out, without_front(before), &space);
	add_relaxed(out, after, &space);
}

void
dkim_add_field(struct buf *out, const struct dkim_field *f,
    enum dkim_canon canon)
{
	const struct dkim_hole none = { f->value.n, 0 };

	dkim_add_signing_field(out, f, canon, none);
	buf_add(out, VIEW("\r\n"));
}
