#include "mailcore/format/vcard.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/content_line.h"
#include "mailcore/format/match.h"
#include "mailcore/format/vcard_words.h"

#define CARDDAV VIEW("urn:ietf:params:xml:ns:carddav")

static result
take_version(view value, struct vcard_facts *out)
{
	out->version = view_trim(value);
	if (view_eq(out->version, VIEW("3.0"))
	    || view_eq(out->version, VIEW("4.0")))
		return done();
	return fail(DENIED, "RFC 6352 5.1: only vCard 3.0 and 4.0");
}

static bool
is_mark(const struct content_line *line, view name)
{
	return view_same(line->name, name)
	    && view_same(view_trim(line->value), VIEW("VCARD"));
}

/* RFC 2426 2.4.1: ENCODING=b promises base64; some fold it with spaces. */
static bool
is_encoded_well(const struct content_line *line)
{
	view rest = line->parameters, name, value;
	bool encoded = false;

	while (content_parameter_next(&rest, &name, &value))
		encoded = encoded
		    || (view_same(name, VIEW("ENCODING"))
			&& (view_same(value, VIEW("b"))
			    || view_same(value, VIEW("BASE64"))));
	for (size_t i = 0; encoded && i < line->value.n; i++) {
		char c = line->value.p[i];

		if (!ascii_is_alnum(c) && c != '+' && c != '/' && c != '='
		    && !ascii_is_space(c))
			return false;
	}
	return true;
}

/* The lines between BEGIN and END. */
static result
examine_lines(struct content_lines *lines, struct arena *arena,
    struct buf *words, struct vcard_facts *out)
{
	struct content_line line;

	while (content_line_next(lines, &line)) {
		if (is_mark(&line, VIEW("END")))
			return done();
		if (view_same(line.name, VIEW("BEGIN")))
			return fail(
			    MALFORMED, "RFC 6350 6.1.1: a vCard does not nest");
		if (!is_encoded_well(&line))
			return fail(
			    MALFORMED, "RFC 2426 2.4.1: this is no base64");
		if (view_same(line.name, VIEW("VERSION")))
			TRY(take_version(line.value, out));
		if (view_same(line.name, VIEW("UID")) && out->uid.n == 0)
			out->uid = view_trim(
			    content_unescape(line.value, arena));
		vcard_words_add(words, &line, arena);
	}
	TRY(lines->r);
	return fail(MALFORMED, "RFC 6350 6.1.2: END:VCARD is missing");
}

result
vcard_examine(view text, struct arena *arena, struct vcard_facts *out)
{
	struct content_lines lines = content_lines_of(text, arena);
	struct content_line line;
	struct buf words = buf_new(LIMIT_VCARD_WORDS + 1);
	result r;

	*out = (struct vcard_facts){ .uid = VIEW(""), .version = VIEW("") };
	if (!content_line_next(&lines, &line)
	    || !is_mark(&line, VIEW("BEGIN"))) {
		TRY(lines.r);
		return fail(MALFORMED, "RFC 6350 6.1.1: no BEGIN:VCARD");
	}
	r = examine_lines(&lines, arena, &words, out);
	out->words = vcard_words_end(&words, arena);
	buf_free(&words);
	TRY(r);
	if (content_line_next(&lines, &line))
		return fail(MALFORMED, "RFC 6352 5.1: more than one vCard");
	TRY(lines.r);
	if (out->version.n == 0)
		return fail(MALFORMED, "RFC 6350 6.7.9: VERSION is missing");
	return arena_result(arena);
}

/* RFC 6352 10.5.2: the value of a parameter, all of a list as one. */
static bool
parameter_matches(const struct content_line *line,
    const struct xml_element *filter, struct arena *arena)
{
	view wanted = xml_attribute(filter, VIEW("name")), rest, name, list;
	const struct xml_element *text = xml_child(
	    filter, CARDDAV, VIEW("text-match"));
	bool absent = xml_child(filter, CARDDAV, VIEW("is-not-defined"))
	    != NULL;

	rest = line->parameters;
	while (content_parameter_next(&rest, &name, &list)) {
		view value;

		if (!view_same(name, wanted))
			continue;
		if (absent)
			return false;
		if (text == NULL)
			return true;
		while (content_value_next(&list, &value))
			if (match_text(
				text, value, VIEW("i;unicode-casemap"), arena))
				return true;
	}
	return absent;
}

static bool
one_condition(const struct content_line *line,
    const struct xml_element *condition, struct arena *arena)
{
	if (view_eq(condition->name, VIEW("param-filter")))
		return parameter_matches(line, condition, arena);
	return match_text(condition, content_unescape(line->value, arena),
	    VIEW("i;unicode-casemap"), arena);
}

static bool
is_condition(const struct xml_element *e)
{
	return xml_is(e, CARDDAV, VIEW("text-match"))
	    || xml_is(e, CARDDAV, VIEW("param-filter"));
}

static bool
line_matches(const struct content_line *line, const struct xml_element *filter,
    struct arena *arena)
{
	bool all = view_eq(xml_attribute(filter, VIEW("test")), VIEW("allof"));
	bool any = false, some = false;

	for (struct xml_element *e = filter->first; e != NULL; e = e->next) {
		bool good;

		if (!is_condition(e))
			continue;
		any = true;
		good = one_condition(line, e, arena);
		if (all && !good)
			return false;
		some = some || good;
	}
	return !any || some;
}

/* "item1.TEL" asks for that group, "TEL" for any. */
static bool
is_named(const struct content_line *line, view wanted)
{
	view group = view_cut_last(&wanted, '.');

	return view_same(line->name, wanted)
	    && (group.n == 0 || view_same(line->group, group));
}

static result
property_matches(
    view text, const struct xml_element *filter, struct arena *arena, bool *out)
{
	struct content_lines lines = content_lines_of(text, arena);
	view wanted = xml_attribute(filter, VIEW("name"));
	bool absent = xml_child(filter, CARDDAV, VIEW("is-not-defined"))
	    != NULL;
	struct content_line line;

	*out = false;
	if (wanted.n == 0)
		return fail(MALFORMED, "RFC 6352 10.5.1: no name");
	while (content_line_next(&lines, &line)) {
		if (!is_named(&line, wanted))
			continue;
		if (absent)
			return done();
		if (line_matches(&line, filter, arena)) {
			*out = true;
			return arena_result(arena);
		}
	}
	TRY(arena_result(arena));
	*out = absent;
	return done(); /* what was stored before is never refused here */
}

result
vcard_matches(
    view text, const struct xml_element *filter, struct arena *arena, bool *out)
{
	bool all = view_eq(xml_attribute(filter, VIEW("test")), VIEW("allof"));
	bool any = false, some = false;

	*out = false;
	for (struct xml_element *e = filter->first; e != NULL; e = e->next) {
		bool good;

		if (!xml_is(e, CARDDAV, VIEW("prop-filter")))
			continue;
		any = true;
		TRY(property_matches(text, e, arena, &good));
		if (all && !good)
			return done();
		some = some || good;
	}
	*out = !any || some;
	return done();
}
