#include "mailcore/format/vcard_words.h"

#include "mailcore/base/limits.h"
#include "mailcore/base/utf8.h"
#include "mailcore/format/match.h"

/*
 * Words are VERSION, then for each line its name in capitals, COLON, its
 * folded value, END.  No text holds a NUL and no name a colon.
 */
enum { VERSION = 1, COLON = ':', END = '\0' };

#define CARDDAV VIEW("urn:ietf:params:xml:ns:carddav")

static const view kept[] = {
	VIEW_INIT("FN"),
	VIEW_INIT("N"),
	VIEW_INIT("NICKNAME"),
	VIEW_INIT("EMAIL"),
	VIEW_INIT("TEL"),
	VIEW_INIT("ORG"),
	VIEW_INIT("TITLE"),
	VIEW_INIT("CATEGORIES"),
};

/* Which of them that is; COUNT(kept): none. */
static size_t
find_kept(view name)
{
	size_t i = 0;

	while (i < COUNT(kept) && !view_same(name, kept[i]))
		i++;
	return i;
}

void
vcard_words_add(
    struct buf *to, const struct content_line *line, struct arena *arena)
{
	size_t name = find_kept(line->name);

	if (name == COUNT(kept))
		return;
	if (to->n == 0)
		buf_add_byte(to, VERSION);
	buf_add(to, kept[name]);
	buf_add_byte(to, COLON);
	buf_add(to, match_fold(content_unescape(line->value, arena),
	    VIEW("i;unicode-casemap"), arena));
	buf_add_byte(to, END);
}

view
vcard_words_end(struct buf *to, struct arena *arena)
{
	if (to->n == 0)
		buf_add_byte(to, VERSION);
	if (buf_result(to).is != OK || to->n > LIMIT_VCARD_WORDS)
		return VIEW("");
	return arena_copy(arena, buf_view(to));
}

/* One that must be found in a line of that name; an empty one is in each. */
struct needle {
	view text;
	struct needle *next;
};

/* A prop-filter. */
struct property {
	view name;
	struct needle *needles; /* NULL: it may match anything */
	bool all;
	struct property *next;
};

struct vcard_search {
	struct property *first;
	bool all;
};

/* Any value that contains `text` by its collation has what this returns in
 * its words; false: that cannot be said. */
static bool
fold_needle(const struct xml_element *text_match, struct arena *arena,
    view *out)
{
	view collation = xml_attribute(text_match, VIEW("collation"));
	view unicode = VIEW("i;unicode-casemap");

	if (view_eq(
		xml_attribute(text_match, VIEW("negate-condition")),
		VIEW("yes")))
		return false;
	/* Without case, and decomposed, ASCII is found wherever it was. */
	if (collation.n > 0 && !view_eq(collation, VIEW("default"))
	    && !view_eq(collation, unicode)
	    && !utf8_is_ascii(text_match->text))
		return false;
	*out = match_fold(text_match->text, unicode, arena);
	return true;
}

/* false: this prop-filter may match anything. */
static bool
add_needle(struct property *p, view text, struct arena *arena)
{
	struct needle *n = arena_alloc(arena, sizeof *n);

	if (n == NULL)
		return false;
	*n = (struct needle){ text, p->needles };
	p->needles = n;
	return true;
}

static bool
read_conditions(
    struct property *p, const struct xml_element *filter, struct arena *arena)
{
	view text;

	for (const struct xml_element *e = filter->first; e != NULL;
	     e = e->next) {
		bool known = xml_is(e, CARDDAV, VIEW("text-match"))
		    && fold_needle(e, arena, &text);

		if (xml_is(e, CARDDAV, VIEW("is-not-defined")))
			return false;
		if (!known && p->all)
			continue; /* the others must be found all the same */
		if (!known || !add_needle(p, text, arena))
			return false;
	}
	return p->needles != NULL || add_needle(p, VIEW(""), arena);
}

static struct property *
read_property(const struct xml_element *filter, struct arena *arena)
{
	struct property *p = arena_alloc(arena, sizeof *p);
	size_t name;

	if (p == NULL)
		return NULL;
	p->name = xml_attribute(filter, VIEW("name"));
	(void)view_cut_last(&p->name, '.'); /* a group is not kept */
	p->all = view_eq(xml_attribute(filter, VIEW("test")), VIEW("allof"));
	name = find_kept(p->name);
	if (name == COUNT(kept) || !read_conditions(p, filter, arena))
		p->needles = NULL;
	if (name < COUNT(kept))
		p->name = kept[name];
	return p;
}

struct vcard_search *
vcard_search_of(const struct xml_element *filter, struct arena *arena)
{
	struct vcard_search *s = arena_alloc(arena, sizeof *s);
	bool useful = false, useless = false;

	if (s == NULL)
		return NULL;
	s->all = view_eq(xml_attribute(filter, VIEW("test")), VIEW("allof"));
	for (const struct xml_element *e = filter->first; e != NULL;
	     e = e->next) {
		struct property *p;

		if (!xml_is(e, CARDDAV, VIEW("prop-filter")))
			continue;
		p = read_property(e, arena);
		if (p == NULL)
			return NULL;
		useful = useful || p->needles != NULL;
		useless = useless || p->needles == NULL;
		p->next = s->first;
		s->first = p;
	}
	return useful && (s->all || !useless) ? s : NULL;
}

/* The name of the line in which `at` lies, when that is in its value. */
static bool
is_in_line(view words, size_t at, view name)
{
	view before = view_first(words, at);
	view line = before;

	(void)view_cut_last(&line, END);
	if (line.n == before.n) /* the first line, behind the version */
		line = view_from(line, 1);
	return line.n > name.n && line.p[name.n] == COLON
	    && view_starts(line, name);
}

static bool
has_needle(view words, view name, view needle)
{
	view left = words;
	size_t at;

	while ((at = view_find(left, needle)) != SIZE_MAX) {
		size_t place = words.n - left.n + at;

		if (is_in_line(words, place, name))
			return true;
		left = view_from(left, at + 1);
		if (left.n == 0)
			break;
	}
	return false;
}

/* Each begins behind the version or an END. */
static bool
has_line(view words, view name)
{
	view left = view_from(words, 1);

	while (left.n > 0) {
		view line = view_cut(&left, END);

		if (view_eq(view_cut(&line, COLON), name))
			return true;
	}
	return false;
}

static bool
property_may_match(const struct property *p, view words)
{
	if (p->needles == NULL)
		return true;
	for (const struct needle *n = p->needles; n != NULL; n = n->next) {
		bool found = n->text.n == 0
		    ? has_line(words, p->name)
		    : has_needle(words, p->name, n->text);

		if (found != p->all)
			return found;
	}
	return p->all;
}

bool
vcard_search_may_match(const struct vcard_search *s, view words)
{
	if (view_at(words, 0) != VERSION)
		return true;
	for (const struct property *p = s->first; p != NULL; p = p->next) {
		bool good = property_may_match(p, words);

		if (good != s->all)
			return good;
	}
	return s->all;
}
