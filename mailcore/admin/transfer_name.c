/* Names of folders and files, flags and keywords: Maildir++ as Dovecot has
 * it. */
#include "mailcore/admin/transfer_inside.h"
#include "mailcore/store/attachment.h"
#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/utf8.h"

#include <stdlib.h>

/* In flag letters' order: as they stand in a file name. */
static const struct {
	char letter;
	uint32_t flag;
} flags[] = {
	{ 'D', FLAG_DRAFT },
	{ 'F', FLAG_FLAGGED },
	{ 'R', FLAG_ANSWERED },
	{ 'S', FLAG_SEEN },
	{ 'T', FLAG_DELETED },
};

/* A dot in base64, which '.' separates levels for. */
#define DOT "&AC4-"

static void
encode_level(const struct transfer *t, view level, struct buf *out)
{
	struct buf name = buf_new(TRANSFER_PATH);
	view rest;

	t->name_encode(level, &name);
	rest = buf_view(&name);
	while (rest.n > 0) {
		size_t dot = view_find_byte(rest, '.');

		buf_add(out, view_first(rest, dot));
		if (dot != SIZE_MAX)
			buf_add(out, VIEW(DOT));
		rest = view_from(rest, dot == SIZE_MAX ? rest.n : dot + 1);
	}
	buf_free(&name);
}

void
folder_encode(const struct transfer *t, view mailbox, struct buf *out)
{
	if (view_same(mailbox, VIEW("INBOX")))
		return;
	while (mailbox.n > 0) {
		buf_add_byte(out, '.');
		encode_level(t, view_cut(&mailbox, '/'), out);
	}
}

static result
decode_level(const struct transfer *t, view level, struct buf *out)
{
	while (level.n > 0) {
		size_t dot = view_find(level, VIEW(DOT));
		view part = view_first(level, dot);

		if (part.n > 0)
			TRY(t->name_decode(part, out));
		if (dot == SIZE_MAX)
			break;
		buf_add_byte(out, '.');
		level = view_from(level, dot + sizeof DOT - 1);
	}
	return buf_result(out);
}

result
folder_decode(const struct transfer *t, view folder, struct buf *out)
{
	if (folder.n == 0)
		buf_add(out, VIEW("INBOX"));
	if (view_at(folder, 0) == '.')
		folder = view_from(folder, 1);
	while (folder.n > 0) {
		view level = view_cut(&folder, '.');

		if (level.n == 0)
			return fail(MALFORMED, "a folder without a name");
		TRY(decode_level(t, level, out));
		if (folder.n > 0)
			buf_add_byte(out, '/');
	}
	return buf_result(out);
}

void
file_name_encode(view name, struct buf *out)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool kept = ascii_is_alnum(c) || c == '-' || c == '_'
		    || c == '@' || c == '+' || (c == '.' && i > 0)
		    || (unsigned char)c > 127;

		if (kept)
			buf_add_byte(out, c);
		else
			buf_print(out, "%%%02X", (unsigned)(unsigned char)c);
	}
}

result
name_check(view name)
{
	if (name.n == 0 || name.n > LIMIT_DAV_NAME || !utf8_is_valid(name)
	    || view_find_byte(name, '/') != SIZE_MAX)
		return fail(MALFORMED, "a name that is empty, too long, not"
		    " UTF-8, or with a slash");
	return done();
}

result
place_check(enum collection_kind kind, view name)
{
	view rest = name, part;

	if (kind == COLLECTION_ATTACHMENTS && !view_eq(name, VIEW(ATTACHMENTS)))
		return fail(MALFORMED, "not where attachments are");
	if (kind != COLLECTION_FILES)
		return name_check(name);
	if (name.n > LIMIT_FILE_PATH
	    || !view_eq(view_cut(&rest, '/'), VIEW("Files"))
	    || view_ends(name, VIEW("/")))
		return fail(MALFORMED, "not a folder of files");
	while (rest.n > 0) {
		part = view_cut(&rest, '/');
		TRY(name_check(part));
		if (view_eq(part, VIEW(".")) || view_eq(part, VIEW("..")))
			return fail(MALFORMED, "not a folder of files");
	}
	return done();
}

result
file_name_decode(view file, struct buf *out)
{
	TRY(decode_percent(out, file));
	TRY(buf_result(out));
	return name_check(buf_view(out));
}

static size_t
keyword_find(const struct keywords *k, view word)
{
	for (size_t i = 0; i < k->count; i++)
		if (view_same(k->names[i], word))
			return i;
	return SIZE_MAX;
}

void
keywords_gather(struct keywords *k, struct arena *arena, view spaced)
{
	while (spaced.n > 0) {
		view word = view_cut(&spaced, ' ');

		if (word.n == 0 || keyword_find(k, word) != SIZE_MAX)
			continue;
		if (k->count == TRANSFER_KEYWORDS)
			k->full = true;
		else
			k->names[k->count++] = arena_copy(arena, word);
	}
}

/* Lines of "<number> <keyword>". */
void
keywords_read(struct keywords *k, struct arena *arena, view file)
{
	view line;

	*k = (struct keywords){ .count = 0 };
	while (view_line(&file, &line)) {
		uint64_t n;

		if (!view_number(view_cut(&line, ' '), TRANSFER_KEYWORDS - 1,
			&n)
		    || line.n == 0 || line.n > LIMIT_IMAP_KEYWORD
		    || view_find_byte(line, ' ') != SIZE_MAX)
			continue;
		k->names[n] = arena_copy(arena, line);
		if (n >= k->count)
			k->count = (size_t)n + 1;
	}
}

void
maildir_flags(struct buf *out, const struct keywords *k, uint32_t set,
    view spaced)
{
	bool used[TRANSFER_KEYWORDS] = { false };

	buf_add(out, VIEW(":2,"));
	for (size_t i = 0; i < COUNT(flags); i++)
		if ((set & flags[i].flag) != 0)
			buf_add_byte(out, flags[i].letter);
	while (spaced.n > 0) {
		size_t i = keyword_find(k, view_cut(&spaced, ' '));

		if (i != SIZE_MAX)
			used[i] = true;
	}
	for (size_t i = 0; i < k->count; i++)
		if (used[i])
			buf_add_byte(out, (char)('a' + i));
}

/* Without case, as the mailbox has them. */
static int
by_name(const void *a, const void *b)
{
	const view *x = a;
	const view *y = b;

	for (size_t i = 0; i < x->n && i < y->n; i++) {
		unsigned char c = (unsigned char)ascii_lower(x->p[i]);
		unsigned char d = (unsigned char)ascii_lower(y->p[i]);

		if (c != d)
			return c < d ? -1 : 1;
	}
	return (x->n > y->n) - (x->n < y->n);
}

static view
sorted(struct arena *arena, view *words, size_t count)
{
	view out = VIEW("");

	qsort(words, count, sizeof *words, by_name);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || !view_same(words[i], words[i - 1]))
			out = arena_print(arena, "%.*s%s%.*s", (int)out.n,
			    out.p, out.n > 0 ? " " : "", (int)words[i].n,
			    words[i].p);
	return out;
}

void
maildir_read_flags(view file, const struct keywords *k, struct arena *arena,
    uint32_t *set, view *spaced)
{
	view words[TRANSFER_KEYWORDS];
	view info = file;
	size_t count = 0;
	size_t at = view_find(file, VIEW(":2,"));
	uint32_t seen = 0; /* letters */

	*set = 0;
	*spaced = VIEW("");
	info = view_from(file, at == SIZE_MAX ? file.n : at + 3);
	for (size_t i = 0; i < info.n && info.p[i] != ','; i++) {
		char c = info.p[i];
		size_t letter = (size_t)(c - 'a');

		for (size_t f = 0; f < COUNT(flags); f++)
			if (flags[f].letter == c)
				*set |= flags[f].flag;
		if (c < 'a' || letter >= k->count || k->names[letter].n == 0
		    || (seen & 1u << letter) != 0)
			continue;
		seen |= 1u << letter;
		words[count++] = k->names[letter];
	}
	if (count > 0)
		*spaced = sorted(arena, words, count);
}

void
text_to_unix(view text, struct buf *out)
{
	while (text.n > 0) {
		size_t end = view_find(text, VIEW("\r\n"));

		buf_add(out, view_first(text, end));
		if (end == SIZE_MAX)
			return;
		buf_add_byte(out, '\n');
		text = view_from(text, end + 2);
	}
}
