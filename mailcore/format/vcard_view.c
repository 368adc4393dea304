#include "mailcore/format/vcard_view.h"

#include "mailcore/format/content_line.h"
#include "mailcore/format/vcard_inside.h"

#define CARDDAV VIEW("urn:ietf:params:xml:ns:carddav")

result
vcard_view_read(const struct xml_element *e, struct vcard_view *out)
{
	view type = xml_attribute(e, VIEW("content-type"));
	view version = xml_attribute(e, VIEW("version"));

	*out = (struct vcard_view){ .version = VCARD_3 };
	if (type.n > 0 && !view_same(type, VIEW("text/vcard")))
		return fail(DENIED, "RFC 6352 10.4: not a type that we have");
	if (view_eq(version, VIEW("4.0")))
		out->version = VCARD_4;
	else if (version.n > 0 && !view_eq(version, VIEW("3.0")))
		return fail(DENIED, "RFC 6352 10.4: only 3.0 and 4.0");
	if (xml_child(e, CARDDAV, VIEW("prop")) != NULL)
		out->chosen = e;
	return done();
}

/* BEGIN, END and VERSION make it a vCard. */
static bool
choose(const struct xml_element *chosen, struct content_line *line)
{
	if (chosen == NULL || view_same(line->name, VIEW("BEGIN"))
	    || view_same(line->name, VIEW("END"))
	    || view_same(line->name, VIEW("VERSION")))
		return true;
	for (const struct xml_element *e = chosen->first; e != NULL;
	     e = e->next) {
		if (!xml_is(e, CARDDAV, VIEW("prop"))
		    || !view_same(xml_attribute(e, VIEW("name")), line->name))
			continue;
		if (view_eq(xml_attribute(e, VIEW("novalue")), VIEW("yes")))
			line->value = VIEW("");
		return true;
	}
	return false;
}

void
vcard_put(struct vcard_writing *w, struct content_line line)
{
	if (choose(w->chosen, &line))
		content_line_add(w->out, &line);
}

/* What must be known before the first line is written; no more than the
 * version when that makes it stay as it is. */
static result
look(const struct vcard_view *v, view text, struct arena *arena,
    struct vcard_writing *w)
{
	struct content_lines lines = content_lines_of(text, arena);
	struct content_line line;

	while (content_line_next(&lines, &line)) {
		if (view_same(line.name, VIEW("VERSION"))) {
			w->from = view_eq(view_trim(line.value), VIEW("4.0"))
			    ? VCARD_4
			    : VCARD_3;
			if (w->chosen == NULL
			    && (v->version == VCARD_AS_IS
				|| v->version == w->from))
				return done();
		} else if (view_same(line.name, VIEW("SORT-STRING"))) {
			w->sort_string = line.value;
		} else if (view_same(line.name, VIEW("N"))) {
			w->has_name = true;
		}
	}
	return lines.r;
}

result
vcard_view_write(
    const struct vcard_view *v, view text, struct arena *arena, struct buf *out)
{
	struct vcard_writing w = { .arena = arena,
		.out = out,
		.chosen = v->chosen,
		.sort_string = VIEW("") };
	struct content_lines lines;
	struct content_line line;

	TRY(look(v, text, arena, &w));
	w.to = v->version == VCARD_AS_IS ? w.from : v->version;
	if (w.from == w.to && v->chosen == NULL) {
		buf_add(out, text);
		return buf_result(out);
	}
	lines = content_lines_of(text, arena);
	while (content_line_next(&lines, &line)) {
		if (w.from == w.to)
			vcard_put(&w, line);
		else if (w.to == VCARD_4)
			vcard_line_to_4(&w, line);
		else
			vcard_line_to_3(&w, line);
	}
	TRY(lines.r);
	TRY(arena_result(arena));
	return buf_result(out);
}
