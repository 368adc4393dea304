#include "davd/web/html.h"

#include "davd/web/files.h"
#include "mailcore/base/utf8.h"

enum { DEPTH_MOST = 8 }; /* templates in templates, rows in rows */

/* What a name stands for: a text, a flag (a text or nothing) or rows. */
struct entry {
	const char *name;
	view text;
	struct html *rows, *last;
	struct entry *next;
};

struct html {
	struct arena *arena;
	const struct html *outer;
	struct entry *entries;
	struct html *next; /* row */
};

struct filler {
	enum text_language language;
	struct buf *out;
	int depth;
};

static void fill(struct filler *, view template, const struct html *);

struct html *
html_new(struct arena *arena)
{
	struct html *h = arena_alloc(arena, sizeof *h);

	if (h != NULL)
		h->arena = arena;
	return h;
}

/* NULL once the arena is over its budget. */
static struct entry *
entry_of(struct html *h, const char *name)
{
	struct entry *e;

	if (h == NULL)
		return NULL;
	for (e = h->entries; e != NULL; e = e->next)
		if (view_eq(view_of(e->name), view_of(name)))
			return e;
	e = arena_alloc(h->arena, sizeof *e);
	if (e != NULL) {
		e->name = name;
		e->next = h->entries;
		h->entries = e;
	}
	return e;
}

void
html_text(struct html *h, const char *name, view text)
{
	struct entry *e = entry_of(h, name);

	if (e != NULL)
		e->text = arena_copy(h->arena, text);
}

void
html_number(struct html *h, const char *name, uint64_t number)
{
	struct entry *e = entry_of(h, name);

	if (e != NULL)
		e->text = arena_print(h->arena, "%llu",
		    (unsigned long long)number);
}

void
html_flag(struct html *h, const char *name, bool set)
{
	html_text(h, name, set ? VIEW("1") : VIEW(""));
}

struct html *
html_row(struct html *h, const char *name)
{
	struct entry *e = entry_of(h, name);
	struct html *row;

	if (e == NULL)
		return NULL;
	row = html_new(h->arena);
	if (row == NULL)
		return NULL;
	row->outer = h;
	if (e->last != NULL)
		e->last->next = row;
	else
		e->rows = row;
	e->last = row;
	return row;
}

/* The only way of a text into a page.  Bytes that are no text, or that a
 * terminal or a screen reader would stumble over, become U+FFFD. */
static void
add_escaped(struct buf *out, view text)
{
	while (text.n > 0) {
		uint32_t code = utf8_next(&text);
		char bytes[4] = "";
		size_t n = utf8_put(bytes, code);

		if (code == '&')
			buf_add(out, VIEW("&amp;"));
		else if (code == '<')
			buf_add(out, VIEW("&lt;"));
		else if (code == '>')
			buf_add(out, VIEW("&gt;"));
		else if (code == '"')
			buf_add(out, VIEW("&quot;"));
		else if (code == '\'')
			buf_add(out, VIEW("&#39;"));
		else if ((code < 0x20 && code != '\n' && code != '\t')
		    || (code >= 0x7f && code < 0xa0))
			buf_add(out, VIEW("\xef\xbf\xbd"));
		else
			buf_add(out, (view){ bytes, n });
	}
}

static const struct entry *
find(const struct html *h, view name)
{
	for (; h != NULL; h = h->outer)
		for (const struct entry *e = h->entries; e != NULL;
		     e = e->next)
			if (view_eq(name, view_of(e->name)))
				return e;
	return NULL;
}

static void
add_value(struct filler *f, view name, const struct html *h)
{
	const struct entry *e = find(h, name);

	if (e == NULL)
		buf_fail(f->out, FAILED, "a blank that nothing fills");
	else
		add_escaped(f->out, e->text);
}

/* A sentence, with its {names} and *bold* words. */
static void
add_sentence(struct filler *f, view key, const struct html *h)
{
	const char *text = text_find(f->language, key);
	view rest = view_of(text), name;
	bool bold = false;

	if (text == NULL)
		buf_fail(f->out, FAILED, "a sentence that no language has");
	while (rest.n > 0) {
		size_t n = 0;

		while (n < rest.n && rest.p[n] != '*' && rest.p[n] != '{')
			n++;
		add_escaped(f->out, view_first(rest, n));
		if (view_at(rest, n) == '*') {
			buf_add(f->out, bold ? VIEW("</b>") : VIEW("<b>"));
			bold = !bold;
		}
		name = view_from(rest, n + 1);
		if (view_at(rest, n) == '{') {
			view value = view_cut(&name, '}');

			add_value(f, value, h);
		}
		rest = name;
	}
	if (bold)
		buf_fail(f->out, FAILED, "a bold word that does not end");
}

/* "/style.SUM.css" */
static void
add_address(struct filler *f, view name)
{
	const struct web_file *file = web_file_find(name);
	view ending = name, stem = view_cut(&ending, '.');

	if (file == NULL || file->type == NULL) {
		buf_fail(f->out, FAILED, "a file that is not there");
		return;
	}
	buf_print(f->out, "/%.*s.%s.%.*s", (int)stem.n, stem.p, file->sum,
	    (int)ending.n, ending.p);
}

static void
add_template(struct filler *f, view name, const struct html *h)
{
	struct buf path = buf_new(64);
	const struct web_file *file;

	buf_add(&path, name);
	buf_add(&path, VIEW(".html"));
	file = web_file_find(buf_view(&path));
	buf_free(&path);
	if (file == NULL)
		buf_fail(f->out, FAILED, "a template that is not there");
	else
		fill(f, (view){ file->bytes, file->size }, h);
}

/* From behind {{#name}} or {{^name}}; leaves what is behind {{/name}}. */
static void
add_section(struct filler *f, view name, view *rest, bool wanted,
    const struct html *h)
{
	struct buf end = buf_new(64);
	const struct entry *e = find(h, name);
	view inner;
	size_t at;

	buf_add(&end, VIEW("{{/"));
	buf_add(&end, name);
	buf_add(&end, VIEW("}}"));
	at = view_find(*rest, buf_view(&end));
	inner = view_first(*rest, at);
	if (at == SIZE_MAX)
		buf_fail(f->out, FAILED, "a part that does not end");
	*rest = at == SIZE_MAX ? VIEW("") : view_from(*rest, at + end.n);
	buf_free(&end);
	if (e == NULL || (e->text.n == 0 && e->rows == NULL)) {
		if (!wanted)
			fill(f, inner, h);
		return;
	}
	if (!wanted)
		return;
	if (e->rows == NULL)
		fill(f, inner, h);
	for (const struct html *row = e->rows; row != NULL; row = row->next)
		fill(f, inner, row);
}

/* The blank `name` (without its braces); a section takes from `rest`. */
static void
add_blank(struct filler *f, view name, view *rest, const struct html *h)
{
	int kind = view_at(name, 0);
	view word = view_from(name, 1);

	if (kind == '=')
		add_sentence(f, word, h);
	else if (kind == '@')
		add_address(f, word);
	else if (kind == '>')
		add_template(f, word, h);
	else if (kind == '#' || kind == '^')
		add_section(f, word, rest, kind == '#', h);
	else
		add_value(f, name, h);
}

static void
fill(struct filler *f, view template, const struct html *h)
{
	if (++f->depth > DEPTH_MOST)
		buf_fail(f->out, FAILED, "templates within templates");
	while (template.n > 0 && buf_result(f->out).is == OK) {
		size_t open = view_find(template, VIEW("{{")), close;
		view rest;

		buf_add(f->out, view_first(template, open));
		if (open == SIZE_MAX)
			break;
		rest = view_from(template, open + 2);
		close = view_find(rest, VIEW("}}"));
		if (close == SIZE_MAX) {
			buf_fail(f->out, FAILED, "a blank that does not end");
			break;
		}
		template = view_from(rest, close + 2);
		add_blank(f, view_first(rest, close), &template, h);
	}
	f->depth--;
}

result
html_fill(const struct html *h, view template, enum text_language language,
    struct buf *out)
{
	struct filler f = { .language = language, .out = out };

	if (h == NULL)
		return fail(OVER_LIMIT, "a page with too much on it");
	TRY(arena_result(h->arena));
	fill(&f, template, h);
	return buf_result(out);
}

result
html_render(const struct html *h, const char *name,
    enum text_language language, struct buf *out)
{
	struct filler f = { .language = language, .out = out };

	if (h == NULL)
		return fail(OVER_LIMIT, "a page with too much on it");
	TRY(arena_result(h->arena));
	add_template(&f, view_of(name), h);
	return buf_result(out);
}
