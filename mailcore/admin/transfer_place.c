/* What an archive keeps beside the objects of a collection: ".properties"
 * (colour, order, what a calendar is for, whatever clients have set), and for
 * files and attachments ".about" with their media types and keys. */
#include "mailcore/admin/transfer_inside.h"
#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/format/xml_in.h"
#include "mailcore/format/xml_out.h"

enum {
	ABOUT_MOST = 16 << 20,
	CHECK_ARENA = 4 << 20,
	LANGUAGE_MOST = 64 /* as DAV keeps (RFC 5646 4.4.1) */
};

/* "<octets of name> <of language> <of value>", a line end, these three, and a
 * line end. */
static result
put_property(void *context, const struct property *p)
{
	struct buf *out = context;

	buf_print(out, "%zu %zu %zu\n", p->name.n, p->language.n, p->value.n);
	buf_add(out, p->name);
	buf_add(out, p->language);
	buf_add(out, p->value);
	buf_add_byte(out, '\n');
	return buf_result(out);
}

static result
add_about(void *context, const struct item *item)
{
	struct buf *out = context;

	file_name_encode(item->name, out);
	buf_add_byte(out, ' ');
	file_name_encode(item->component, out);
	buf_add_byte(out, ' ');
	file_name_encode(item->key, out);
	buf_add_byte(out, '\n');
	return buf_result(out);
}

static result
put_file(struct sink *sink, view folder, const char *name, struct buf *text)
{
	struct buf path = buf_new(TRANSFER_PATH);
	result r = buf_result(text);

	buf_add(&path, folder);
	buf_add_text(&path, name);
	if (r.is == OK)
		r = buf_result(&path);
	if (r.is == OK && text->n > 0)
		sink_file(sink, buf_view(&path), 0, buf_view(text));
	buf_free(&path);
	buf_free(text);
	return r.is == OK ? sink->r : r;
}

result
export_place(struct account *account, const struct collection *c, view folder,
    struct sink *sink)
{
	struct buf text = buf_new(ABOUT_MOST);
	result r = property_each(account, c->id, put_property, &text);

	if (r.is != OK) {
		buf_free(&text);
		return r;
	}
	TRY(put_file(sink, folder, "/.properties", &text));
	if (c->kind != COLLECTION_FILES && c->kind != COLLECTION_ATTACHMENTS)
		return done();
	text = buf_new(ABOUT_MOST);
	r = item_each(account, c->id, 1, UINT32_MAX, add_about, &text);
	if (r.is != OK) {
		buf_free(&text);
		return r;
	}
	return put_file(sink, folder, "/.about", &text);
}

/* Back. */

struct setting {
	struct import *import;
	struct property property;
};

static result
set_property(struct account *a, void *context)
{
	struct setting *s = context;
	struct import *m = s->import;
	struct property there;
	result r = property_read(a, m->arena, m->place_id, s->property.name,
	    &there);

	if (r.is == OK)
		return fail(EXISTS, view_eq(there.value, s->property.value)
		        ? "" : "that property is set, and stays so");
	return r.is == NOT_FOUND
	    ? property_put(a, m->place_id, &s->property) : r;
}

/* An element's name without a prefix (Namespaces in XML 4), of what all take
 * for letters; XML itself judges those that are not ASCII. */
static bool
is_local_name(view name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!ascii_is_alpha(c) && c != '_' && (unsigned char)c < 128
		    && (i == 0 || (!ascii_is_digit(c) && c != '-' && c != '.')))
			return false;
	}
	return name.n > 0;
}

/* The element as answers have it. */
static void
write_element(const struct property *p, view ns, const char *tag,
    struct buf *out)
{
	struct xml_out x = xml_to(out);

	xml_start(&x, tag);
	if (ns.n > 0)
		xml_set(&x, "xmlns:x", ns);
	xml_set(&x, "xml:lang", p->language);
	xml_raw(&x, p->value);
	xml_end(&x, tag);
}

/* Answers have it as it is: it must be one element, and that one. */
static bool
is_element(const struct property *p)
{
	struct arena *arena = arena_new(CHECK_ARENA);
	struct buf text = buf_new(CHECK_ARENA);
	struct xml_element *e;
	view name = p->name, ns = view_cut_last(&name, ' ');
	const char *tag = arena_text(arena, arena_print(arena, "%s%.*s",
	    ns.n > 0 ? "x:" : "", (int)name.n, name.p));
	bool same = is_local_name(name) && tag != NULL;

	if (same) {
		write_element(p, ns, tag, &text);
		same = buf_result(&text).is == OK
		    && xml_parse(buf_view(&text), arena, &e).is == OK
		    && xml_is(e, ns, name)
		    && view_eq(e->language, p->language);
	}
	buf_free(&text);
	arena_free(&arena);
	return same;
}

static result
check_property(const struct property *p)
{
	return p->value.n <= LIMIT_DAV_PROPERTY
	        && p->language.n <= LANGUAGE_MOST
	        && view_find_byte(p->name, ' ') != SIZE_MAX && is_element(p)
	    ? done()
	    : fail(MALFORMED, "not a property");
}

void
place_property(struct scan *s, struct property *out)
{
	static const char why[] = "expected properties of a collection";
	size_t name = scan_number(s, LIMIT_DAV_PROPERTY, why), language, value;

	scan_byte(s, ' ', why);
	language = scan_number(s, LIMIT_DAV_PROPERTY, why);
	scan_byte(s, ' ', why);
	value = scan_number(s, LIMIT_DAV_PROPERTY, why);
	scan_byte(s, '\n', why);
	out->name = scan_bytes(s, name, why);
	out->language = scan_bytes(s, language, why);
	out->value = scan_bytes(s, value, why);
	scan_byte(s, '\n', why);
}

result
import_properties(struct import *m, view path, view bytes)
{
	struct scan s = scan_over(bytes);

	while (!scan_at_end(&s)) {
		struct setting t = { .import = m };
		result r;

		place_property(&s, &t.property);
		TRY(scan_result(&s));
		arena_reset(m->arena);
		r = check_property(&t.property);
		if (r.is == OK)
			r = account_write(m->account, set_property, &t,
			    DURABLE_LATER);
		if (r.is == NO_SPACE || r.is == FAILED || r.is == BUSY)
			return r;
		if (r.is != OK && r.why[0] != '\0')
			import_told(m, path, r);
	}
	return done();
}

void
import_about(struct import *m, view bytes)
{
	m->about = m->about_left = arena_copy(m->folder_arena, bytes);
}

static view
decoded(struct arena *arena, view text)
{
	struct buf b = buf_new(LIMIT_CONTENT_LINE);
	view out = VIEW("");

	if (decode_percent(&b, text).is == OK)
		out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

/* What the line of a file says of it; `*rest` is what follows it. */
static bool
find_line(view *rest, view file, view *line)
{
	while (view_line(rest, line))
		if (view_eq(view_cut(line, ' '), file))
			return true;
	return false;
}

bool
import_about_find(struct import *m, view name, view *type, view *key)
{
	struct buf file = buf_new(TRANSFER_PATH);
	view line;
	bool found;

	file_name_encode(name, &file);
	/* They mostly come in the order of the files. */
	found = find_line(&m->about_left, buf_view(&file), &line);
	if (!found) {
		m->about_left = m->about;
		found = find_line(&m->about_left, buf_view(&file), &line);
	}
	buf_free(&file);
	if (found) {
		*type = decoded(m->arena, view_cut(&line, ' '));
		*key = decoded(m->arena, line);
	}
	return found;
}
