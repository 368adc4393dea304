#include "mailcore/format/vcard_inside.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"

static const view version_3 = VIEW_INIT("3.0");
static const view version_4 = VIEW_INIT("4.0");

/* One thing, two names. */
static const struct {
	view in_3, in_4;
} names[] = {
	{ VIEW_INIT("X-ADDRESSBOOKSERVER-KIND"), VIEW_INIT("KIND") },
	{ VIEW_INIT("X-ADDRESSBOOKSERVER-MEMBER"), VIEW_INIT("MEMBER") },
	{ VIEW_INIT("X-ANNIVERSARY"), VIEW_INIT("ANNIVERSARY") },
	{ VIEW_INIT("X-GENDER"), VIEW_INIT("GENDER") },
	{ VIEW_INIT("X-RELATED"), VIEW_INIT("RELATED") },
	{ VIEW_INIT("X-LANG"), VIEW_INIT("LANG") },
	{ VIEW_INIT("X-XML"), VIEW_INIT("XML") },
	{ VIEW_INIT("X-CLIENTPIDMAP"), VIEW_INIT("CLIENTPIDMAP") },
	{ VIEW_INIT("AGENT"), VIEW_INIT("X-AGENT") },
	{ VIEW_INIT("CLASS"), VIEW_INIT("X-CLASS") },
	{ VIEW_INIT("MAILER"), VIEW_INIT("X-MAILER") },
	{ VIEW_INIT("NAME"), VIEW_INIT("X-NAME") },
	{ VIEW_INIT("PROFILE"), VIEW_INIT("X-PROFILE") },
};

static view
rename_property(view name, bool to_4)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (view_same(name, to_4 ? names[i].in_3 : names[i].in_4))
			return to_4 ? names[i].in_4 : names[i].in_3;
	return name;
}

/* Pictures, sounds and keys: the value is bytes or a reference. */
static const struct {
	view name, family;
} media[] = {
	{ VIEW_INIT("PHOTO"), VIEW_INIT("image/") },
	{ VIEW_INIT("LOGO"), VIEW_INIT("image/") },
	{ VIEW_INIT("SOUND"), VIEW_INIT("audio/") },
	{ VIEW_INIT("KEY"), VIEW_INIT("application/") },
};

static view
family_of(view name)
{
	for (size_t i = 0; i < COUNT(media); i++)
		if (view_same(name, media[i].name))
			return media[i].family;
	return VIEW("");
}

static bool
is_date(view name)
{
	return view_same(name, VIEW("BDAY")) || view_same(name, VIEW("REV"))
	    || view_same(name, VIEW("ANNIVERSARY"))
	    || view_same(name, VIEW("X-ANNIVERSARY"));
}

static bool
all_digits(view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!ascii_is_digit(v.p[i]))
			return false;
	return v.n > 0;
}

static void
add_parameter(struct buf *b, view name, view value)
{
	if (b->n > 0)
		buf_add_byte(b, ';');
	buf_add(b, name);
	buf_add_byte(b, '=');
	buf_add(b, value);
}

/* The value without the quotes of a parameter. */
static view
plain(view value)
{
	view v = value, one;

	return content_value_next(&v, &one) ? one : VIEW("");
}

/* "1996-04-15T10:00:00Z" as "19960415T100000Z" (RFC 6350 4.3). */
static view
date_to_4(struct arena *arena, view value)
{
	view date = view_first(value, 10), out;
	struct buf b = buf_new(64);

	if (value.n > 40 || date.n != 10 || date.p[4] != '-' || date.p[7] != '-'
	    || !all_digits(view_first(date, 4)))
		return value;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] != ':' && !(i < 10 && value.p[i] == '-'))
			buf_add_byte(&b, value.p[i]);
	out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

/* And back; "--0415" as Apple writes a day without a year. */
static view
date_to_3(struct arena *arena, view value, bool *without_year)
{
	view date = view_first(value, 8), time = view_from(value, 8);

	*without_year = value.n == 6 && view_starts(value, VIEW("--"))
	    && all_digits(view_from(value, 2));
	if (*without_year)
		return arena_print(
		    arena, "1604-%.2s-%.2s", value.p + 2, value.p + 4);
	if (date.n != 8 || !all_digits(date) || time.n > 30)
		return value;
	if (view_at(time, 0) == 'T'
	    && all_digits(view_first(view_from(time, 1), 6)) && time.n >= 7)
		time = arena_print(arena, "T%.2s:%.2s:%.2s%.*s", time.p + 1,
		    time.p + 3, time.p + 5, (int)(time.n - 7), time.p + 7);
	else if (time.n > 0)
		return value;
	return arena_print(arena, "%.4s-%.2s-%.2s%.*s", date.p, date.p + 4,
	    date.p + 6, (int)time.n, time.p);
}

/* A line of 3.0 as it becomes one of 4.0. */
struct upward {
	struct buf parameters;
	bool preferred, binary, omit_year;
	view family, type; /* of media */
};

static void
type_to_4(struct upward *u, view list)
{
	struct buf kept = buf_new(LIMIT_CONTENT_LINE);
	view one;

	while (content_value_next(&list, &one)) {
		if (view_same(one, VIEW("PREF"))) {
			u->preferred = true;
			continue;
		}
		if (u->family.n > 0 && !view_same(one, VIEW("HOME"))
		    && !view_same(one, VIEW("WORK"))) {
			u->type = one;
			continue;
		}
		if (kept.n > 0)
			buf_add_byte(&kept, ',');
		buf_add(&kept, one);
	}
	if (kept.n > 0)
		add_parameter(&u->parameters, VIEW("TYPE"), buf_view(&kept));
	buf_free(&kept);
}

static void
parameter_to_4(struct upward *u, view name, view value)
{
	if (view_same(name, VIEW("TYPE")))
		type_to_4(u, value);
	else if (value.n == 0) /* "TEL;HOME", from before 3.0 */
		type_to_4(u, name);
	else if (view_same(name, VIEW("X-PREF")))
		add_parameter(&u->parameters, VIEW("PREF"), value);
	else if (view_same(name, VIEW("X-APPLE-OMIT-YEAR")))
		u->omit_year = true;
	else if (u->family.n > 0 && view_same(name, VIEW("ENCODING")))
		u->binary = true;
	else if (u->family.n == 0 || !view_same(name, VIEW("VALUE")))
		add_parameter(&u->parameters, name, value);
}

/* Lower case, and a whole media type. */
static view
media_type(struct arena *arena, view family, view type)
{
	if (type.n == 0)
		return VIEW("");
	if (view_same(type, VIEW("PGP")))
		return VIEW("application/pgp-keys");
	if (view_same(type, VIEW("X509")))
		return VIEW("application/pkix-cert");
	type = arena_lower(arena, type);
	if (view_find_byte(type, '/') != SIZE_MAX)
		return type;
	return arena_print(
	    arena, "%.*s%.*s", (int)family.n, family.p, (int)type.n, type.p);
}

static void
media_to_4(struct vcard_writing *w, struct upward *u, struct content_line *l)
{
	view type = media_type(w->arena, u->family, u->type);

	if (!u->binary) {
		if (type.n > 0)
			add_parameter(&u->parameters, VIEW("MEDIATYPE"), type);
		return;
	}
	l->value = arena_print(w->arena, "data:%.*s;base64,%.*s", (int)type.n,
	    type.p, (int)l->value.n, l->value.p);
}

/* A parameter may hold no quote and no line break (RFC 6868). */
static view
quoted(struct arena *arena, view text)
{
	struct buf b = buf_new(LIMIT_CONTENT_LINE);
	view out;

	buf_add_byte(&b, '"');
	text = content_unescape(text, arena);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '"' || c == '^' || c == '\n')
			buf_add_byte(&b, '^');
		buf_add_byte(&b, c == '"' ? '\'' : c == '\n' ? 'n' : c);
	}
	buf_add_byte(&b, '"');
	out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

static void
value_to_4(struct vcard_writing *w, struct upward *u, struct content_line *l)
{
	size_t semicolon = view_find_byte(l->value, ';');

	if (view_same(l->name, VIEW("VERSION"))) {
		l->value = version_4;
	} else if (u->family.n > 0) {
		media_to_4(w, u, l);
	} else if (view_same(l->name, VIEW("GEO")) && semicolon != SIZE_MAX) {
		l->value = arena_print(w->arena, "geo:%.*s,%.*s",
		    (int)semicolon, l->value.p,
		    (int)(l->value.n - semicolon - 1),
		    l->value.p + semicolon + 1);
	} else if (view_same(l->name, VIEW("LABEL"))) {
		add_parameter(
		    &u->parameters, VIEW("LABEL"), quoted(w->arena, l->value));
		l->name = VIEW("ADR");
		l->value = VIEW(";;;;;;");
	} else if (is_date(l->name)) {
		l->value = date_to_4(w->arena, l->value);
		if (u->omit_year && l->value.n == 8)
			l->value = arena_print(
			    w->arena, "--%.4s", l->value.p + 4);
	} else if (view_same(l->name, VIEW("N")) && w->sort_string.n > 0) {
		add_parameter(&u->parameters, VIEW("SORT-AS"),
		    quoted(w->arena, w->sort_string));
	}
}

static bool
is_empty_name(const struct content_line *l)
{
	if (!view_same(l->name, VIEW("N")))
		return false;
	for (size_t i = 0; i < l->value.n; i++)
		if (l->value.p[i] != ';')
			return false;
	return true;
}

void
vcard_line_to_4(struct vcard_writing *w, struct content_line line)
{
	struct upward u = { .parameters = buf_new(LIMIT_CONTENT_LINE),
		.family = family_of(line.name),
		.type = VIEW("") };
	view name, value;

	if ((view_same(line.name, VIEW("SORT-STRING")) && w->has_name)
	    || (is_empty_name(&line) && w->sort_string.n == 0))
		return;
	while (content_parameter_next(&line.parameters, &name, &value))
		parameter_to_4(&u, name, value);
	if (u.preferred)
		add_parameter(&u.parameters, VIEW("PREF"), VIEW("1"));
	value_to_4(w, &u, &line);
	line.name = rename_property(line.name, true);
	line.parameters = buf_view(&u.parameters);
	vcard_put(w, line);
	buf_free(&u.parameters);
}

/* A line of 4.0 as it becomes one of 3.0. */
struct downward {
	struct buf parameters;
	view family, label, sort_as, type, value_type;
	bool preferred;
};

static void
parameter_to_3(struct downward *d, view name, view value)
{
	if (view_same(name, VIEW("PREF"))) {
		if (view_eq(plain(value), VIEW("1")))
			d->preferred = true;
		else
			add_parameter(&d->parameters, VIEW("X-PREF"), value);
	} else if (view_same(name, VIEW("LABEL"))) {
		d->label = plain(value);
	} else if (view_same(name, VIEW("SORT-AS"))) {
		d->sort_as = value;
	} else if (view_same(name, VIEW("MEDIATYPE")) && d->family.n > 0) {
		d->type = plain(value);
	} else if (view_same(name, VIEW("VALUE"))) {
		d->value_type = value;
	} else {
		add_parameter(&d->parameters, name, value);
	}
}

/* RFC 6868, and the escapes of TEXT. */
static view
unquoted(struct arena *arena, view v)
{
	struct buf b = buf_new(LIMIT_CONTENT_LINE);
	view out;

	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];
		int next = view_at(v, i + 1);

		if (c == '^' && (next == 'n' || next == '^' || next == '\'')) {
			c = next == 'n' ? '\n' : next == '^' ? '^' : '"';
			i++;
		}
		if (c == ',' || c == ';' || c == '\\')
			buf_add_byte(&b, '\\');
		if (c == '\n')
			buf_add(&b, VIEW("\\n"));
		else
			buf_add_byte(&b, c);
	}
	out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

/* "image/jpeg" as "JPEG"; what is of another family stays whole. */
static view
short_type(struct arena *arena, view family, view type)
{
	char *upper;

	if (view_same(type, VIEW("application/pgp-keys")))
		return VIEW("PGP");
	if (view_same(type, VIEW("application/pkix-cert")))
		return VIEW("X509");
	if (!view_starts_same(type, family))
		return type;
	type = view_from(type, family.n);
	upper = arena_alloc(arena, type.n);
	if (upper == NULL)
		return VIEW("");
	for (size_t i = 0; i < type.n; i++)
		upper[i] = ascii_upper(type.p[i]);
	return (view){ upper, type.n };
}

static void
media_to_3(struct vcard_writing *w, struct downward *d, struct content_line *l)
{
	view rest = l->value, type;
	size_t comma = view_find_byte(rest, ',');
	bool binary = view_starts_same(rest, VIEW("data:")) && comma != SIZE_MAX
	    && view_ends_same(view_first(rest, comma), VIEW(";base64"));

	if (binary) {
		type = view_first(view_from(rest, 5), comma - 5);
		d->type = view_cut(&type, ';');
		l->value = view_from(rest, comma + 1);
		add_parameter(&d->parameters, VIEW("ENCODING"), VIEW("b"));
	} else {
		add_parameter(&d->parameters, VIEW("VALUE"), VIEW("uri"));
	}
	if (d->type.n > 0)
		add_parameter(&d->parameters, VIEW("TYPE"),
		    short_type(w->arena, d->family, d->type));
}

static void
value_to_3(struct vcard_writing *w, struct downward *d, struct content_line *l)
{
	size_t comma = view_find_byte(l->value, ',');
	bool without_year = false;

	if (view_same(l->name, VIEW("VERSION"))) {
		l->value = version_3;
	} else if (view_same(l->name, VIEW("GEO"))
	    && view_starts_same(l->value, VIEW("geo:")) && comma != SIZE_MAX) {
		l->value = arena_print(w->arena, "%.*s;%.*s", (int)(comma - 4),
		    l->value.p + 4, (int)(l->value.n - comma - 1),
		    l->value.p + comma + 1);
	} else if (view_same(l->name, VIEW("TEL"))
	    && view_starts_same(l->value, VIEW("tel:"))) {
		l->value = view_from(l->value, 4);
		d->value_type = VIEW("");
	} else if (is_date(l->name)) {
		l->value = date_to_3(w->arena, l->value, &without_year);
		if (without_year)
			add_parameter(&d->parameters, VIEW("X-APPLE-OMIT-YEAR"),
			    VIEW("1604"));
	}
	if (d->value_type.n > 0)
		add_parameter(&d->parameters, VIEW("VALUE"), d->value_type);
}

static bool
is_empty_address(const struct content_line *l)
{
	for (size_t i = 0; i < l->value.n; i++)
		if (l->value.p[i] != ';')
			return false;
	return true;
}

static void
put_3(
    struct vcard_writing *w, const struct downward *d, struct content_line line)
{
	struct content_line label = line;

	line.parameters = label.parameters = buf_view(&d->parameters);
	if (d->label.n == 0 || !is_empty_address(&line))
		vcard_put(w, line);
	label.name = VIEW("LABEL");
	label.value = unquoted(w->arena, d->label);
	if (d->label.n > 0)
		vcard_put(w, label);
	label = (struct content_line){ .group = VIEW(""),
		.name = VIEW("SORT-STRING"),
		.parameters = VIEW(""),
		.value = unquoted(w->arena, plain(d->sort_as)) };
	if (d->sort_as.n > 0)
		vcard_put(w, label);
}

void
vcard_line_to_3(struct vcard_writing *w, struct content_line line)
{
	struct downward d = { .parameters = buf_new(LIMIT_CONTENT_LINE),
		.family = family_of(line.name),
		.label = VIEW(""),
		.sort_as = VIEW(""),
		.type = VIEW(""),
		.value_type = VIEW("") };
	static const struct content_line nobody = { VIEW_INIT(""),
		VIEW_INIT("N"), VIEW_INIT(""), VIEW_INIT(";;;;") };
	view name, value;

	while (content_parameter_next(&line.parameters, &name, &value))
		parameter_to_3(&d, name, value);
	if (d.preferred)
		add_parameter(&d.parameters, VIEW("TYPE"), VIEW("PREF"));
	if (d.family.n > 0)
		media_to_3(w, &d, &line);
	else
		value_to_3(w, &d, &line);
	line.name = rename_property(line.name, false);
	if (view_same(line.name, VIEW("END")) && !w->has_name)
		vcard_put(w, nobody);
	put_3(w, &d, line);
	buf_free(&d.parameters);
}
