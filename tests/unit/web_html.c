/* Templates: what fills them is escaped, wherever it stands, and what nothing
 * fills is no page. */
#include "davd/web/files.h"
#include "davd/web/html.h"
#include "tests/tap.h"

static view
fill(struct html *h, const char *template, struct buf *out)
{
	buf_reset(out);
	if (html_fill(h, view_of(template), TEXT_EN, out).is != OK)
		return VIEW("(failed)");
	return buf_view(out);
}

static void
test_values(struct arena *arena, struct buf *out)
{
	struct html *h = html_new(arena);

	html_text(h, "x", VIEW("<a href=\"x\" title='y'>&amp;</a>"));
	same(fill(h, "<p title=\"{{x}}\">{{x}}</p>", out),
	    VIEW("<p title=\"&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;"
	         "&amp;amp;&lt;/a&gt;\">&lt;a href=&quot;x&quot; title="
	         "&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;</p>"), "escaped");
	html_text(h, "x", VIEW("{{x}}{{>top}}{{=skip}}"));
	same(fill(h, "{{x}}", out), VIEW("{{x}}{{&gt;top}}{{=skip}}"),
	    "a value is no template");
	html_text(h, "x", VIEW("a\0b\x1b\x7f\xff\xc0\x80\n"));
	same(fill(h, "{{x}}", out), VIEW("a\xef\xbf\xbd" "b\xef\xbf\xbd"
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n"),
	    "bytes that are no text");
	html_number(h, "x", UINT64_MAX);
	same(fill(h, "{{x}}", out), VIEW("18446744073709551615"), "a number");
	same(fill(h, "{{y}}", out), VIEW("(failed)"), "nothing fills it");
	same(fill(h, "a{{x", out), VIEW("(failed)"), "no end");
	same(fill(h, "{{#x}}a", out), VIEW("(failed)"), "no end of a part");
	same(fill(h, "{{=no.such}}", out), VIEW("(failed)"), "no sentence");
	same(fill(h, "{{@top.html}}", out), VIEW("(failed)"),
	    "a template has no address");
	same(fill(h, "{{>nothing}}", out), VIEW("(failed)"), "no template");
}

static void
test_parts(struct arena *arena, struct buf *out)
{
	struct html *h = html_new(arena), *row;

	html_flag(h, "yes", true);
	html_flag(h, "no", false);
	html_text(h, "n", VIEW("outer"));
	same(fill(h, "{{#yes}}a{{/yes}}{{#no}}b{{/no}}{{^yes}}c{{/yes}}"
	             "{{^no}}d{{/no}}{{#none}}e{{/none}}{{^none}}f{{/none}}",
	        out), VIEW("adf"), "flags");
	same(fill(h, "{{#r}}x{{/r}}{{^r}}none{{/r}}", out), VIEW("none"),
	    "no rows");
	row = html_row(h, "r");
	html_text(row, "n", VIEW("1"));
	(void)html_row(h, "r");
	row = html_row(h, "r");
	html_text(row, "n", VIEW("3"));
	same(fill(h, "{{#r}}<{{n}}>{{/r}}", out), VIEW("<1><outer><3>"),
	    "rows in order, and what is around them");
}

static void
test_sentences(struct arena *arena, struct buf *out)
{
	struct html *h = html_new(arena);

	html_text(h, "host", VIEW("<b>*x*{y}"));
	same(fill(h, "{{=copy.what}}", out),
	    VIEW("Copy &lt;b&gt;*x*{y}"), "a value in a sentence is a value");
	buf_reset(out);
	ok(html_fill(h, VIEW("{{=device.iphone.3}}"), TEXT_EN, out).is == OK
	    && view_find(buf_view(out), VIEW("<b>Settings</b>")) != SIZE_MAX,
	    "bold words");
}

/* Every sentence can be said: its bold words end, in each language. */
static void
test_every_sentence(struct arena *arena, struct buf *out)
{
	static const char *const names[] = { "host", "asked", "domain", "dav",
		"label", "browser", "peer", "items", "what", "added",
		"unchanged", "refused_count", "shown", "place", "used",
		"limit", "hosted", "alias", "mailbox" };
	struct html *h = html_new(arena);
	int bad = 0;

	for (size_t i = 0; i < COUNT(names); i++)
		html_text(h, names[i], VIEW("x"));
	for (size_t i = 0; i < text_row_count; i++)
		for (size_t l = 0; l < TEXT_LANGUAGES; l++) {
			view template = arena_print(arena, "{{=%s}}",
			    text_rows[i].key);

			buf_reset(out);
			if (html_fill(h, template, (enum text_language)l,
			        out).is == OK && out->n > 0)
				continue;
			bad++;
			ok(false, "%s in %s", text_rows[i].key,
			    text_names[l].tag);
		}
	ok(bad == 0 && text_row_count > 100, "%zu sentences",
	    text_row_count);
}

static void
test_budget(struct buf *out)
{
	struct arena *small = arena_new(4096);
	struct html *h = html_new(small);

	for (int i = 0; i < 1000; i++)
		html_text(html_row(h, "r"), "n", VIEW("0123456789"));
	ok(html_fill(h, VIEW("x"), TEXT_EN, out).is == OVER_LIMIT,
	    "a page with too much on it");
	arena_free(&small);
}

static void
test_languages(void)
{
	static const struct {
		const char *field;
		enum text_language is;
	} cases[] = {
		{ "", TEXT_EN }, { "*", TEXT_EN }, { "de", TEXT_DE },
		{ "DE-at", TEXT_DE }, { "fr;q=0.5,nl;q=0.6", TEXT_NL },
		{ "fr;q=0.5, nl;q=0.50", TEXT_FR }, { "fr;q=0", TEXT_EN },
		{ "fr;q=1.001", TEXT_FR }, { "fr;q=2", TEXT_EN },
		{ "fr;q=0.1234", TEXT_EN }, { ",,;q=1,nl", TEXT_NL },
		{ "deutsch,fr", TEXT_FR },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		ok(text_accepted(view_of(cases[i].field)) == cases[i].is,
		    "Accept-Language \"%s\"", cases[i].field);
}

static void
test_sizes(struct buf *out)
{
	static const struct {
		int64_t bytes;
		enum text_language language;
		const char *said;
	} cases[] = {
		{ -1, TEXT_EN, "0\xc2\xa0""B" },
		{ 1023, TEXT_FR, "1023\xc2\xa0o" },
		{ 1024, TEXT_EN, "1\xc2\xa0KiB" },
		{ 1536, TEXT_EN, "1.5\xc2\xa0KiB" },
		{ 1536, TEXT_DE, "1,5\xc2\xa0KiB" },
		{ 1048575, TEXT_EN, "1\xc2\xa0MiB" },
		{ 1047552, TEXT_EN, "1023\xc2\xa0KiB" },
		{ (int64_t)5 << 30, TEXT_NL, "5\xc2\xa0GiB" },
		{ (int64_t)5 << 50, TEXT_FR, "5120\xc2\xa0Tio" },
		{ INT64_MAX, TEXT_EN, "8388608\xc2\xa0TiB" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_reset(out);
		text_size(cases[i].language, cases[i].bytes, out);
		same(buf_view(out), view_of(cases[i].said), "a size");
	}
}

static void
test_files(struct buf *out)
{
	const struct web_file *file = web_file_find(VIEW("style.css"));
	bool lasting = false;
	const struct web_file *found;

	ok(file != NULL && file->size > 100, "the style is there");
	if (file == NULL)
		return;
	found = web_file_at(VIEW("/style.css"), &lasting);
	ok(found == file && !lasting, "by its plain name");
	buf_reset(out);
	buf_print(out, "/style.%s.css", file->sum);
	found = web_file_at(buf_view(out), &lasting);
	ok(found == file && lasting, "by its lasting name");
	for (size_t n = 0; n < out->n; n++)
		if (web_file_at(view_first(buf_view(out), n), &lasting)
		    != NULL)
			ok(false, "a prefix of %zu bytes", n);
	ok(web_file_at(VIEW("/top.html"), &lasting) == NULL,
	    "a template is not given out");
	ok(web_file_at(VIEW(""), &lasting) == NULL, "no path");
}

int
main(void)
{
	struct arena *arena = arena_new(1 << 20);
	struct buf out = buf_new(1 << 16);

	test_values(arena, &out);
	test_parts(arena, &out);
	test_sentences(arena, &out);
	test_every_sentence(arena, &out);
	test_budget(&out);
	test_languages();
	test_sizes(&out);
	test_files(&out);
	buf_free(&out);
	arena_free(&arena);
	return tap_done();
}
