#include "mailcore/format/ical_attach.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/itip.h"
#include "mailcore/format/itip_inside.h"

enum { RID_MOST = 100 }; /* moments in one request */

static const result no_instance = { STALE,
	"RFC 8607 3.12.5: not an instance of this" };

static view
id_of(const struct itip_line *l)
{
	return itip_line_is(l, VIEW("ATTACH"))
	    ? itip_parameter(l, VIEW("MANAGED-ID"))
	    : VIEW("");
}

bool
ical_attach_has(const view *ids, size_t count, view id)
{
	for (size_t i = 0; i < count; i++)
		if (view_eq(ids[i], id))
			return true;
	return false;
}

static result
collect(const struct itip_part *p, view *ids, size_t *count)
{
	for (const struct itip_line *l = p->first; l != NULL; l = l->next) {
		view id = id_of(l);

		if (id.n == 0 || ical_attach_has(ids, *count, id))
			continue;
		if (*count == LIMIT_ATTACHMENTS)
			return fail(OVER_LIMIT, "more than LIMIT_ATTACHMENTS");
		ids[(*count)++] = id;
	}
	for (p = p->child; p != NULL; p = p->next)
		TRY(collect(p, ids, count));
	return done();
}

/* With what is around the fold before `rest`: "MANAGED-", "ID". */
static bool
is_across(view before, view rest)
{
	static const size_t most = sizeof("MANAGED-ID") - 2;
	struct buf b = buf_new(2 * sizeof("MANAGED-ID"));
	bool found;

	if (view_ends(before, VIEW("\r")))
		before = view_first(before, before.n - 1);
	if (before.n > most)
		before = view_from(before, before.n - most);
	buf_add(&b, before);
	buf_add(&b, view_first(rest, rest.n < most ? rest.n : most));
	found = view_find_same(buf_view(&b), VIEW("MANAGED-ID")) != SIZE_MAX;
	buf_free(&b);
	return found;
}

bool
ical_attach_any(view text)
{
	view line;

	if (view_find_same(text, VIEW("MANAGED-ID")) != SIZE_MAX)
		return true;
	if (view_find_same(text, VIEW("ATTACH")) == SIZE_MAX)
		return false;
	while (text.n > 0) {
		line = view_cut(&text, '\n');
		if ((view_at(text, 0) == ' ' || view_at(text, 0) == '\t')
		    && is_across(line, view_from(text, 1)))
			return true;
	}
	return false;
}

result
ical_attach_list(view text, struct arena *arena, view **ids, size_t *count)
{
	struct itip_part *calendar;

	*count = 0;
	*ids = arena_array(arena, LIMIT_ATTACHMENTS, sizeof **ids);
	TRY(arena_result(arena));
	if (!ical_attach_any(text))
		return done();
	TRY(itip_tree_read(text, arena, &calendar));
	return collect(calendar, *ids, count);
}

static bool
is_in(const struct itip_part *p, view id)
{
	for (const struct itip_line *l = p->first; l != NULL; l = l->next)
		if (id.n > 0 && view_eq(id_of(l), id))
			return true;
	return false;
}

bool
ical_attach_concerns(view text, view id, const view *people, size_t count,
    struct arena *arena)
{
	struct itip *i;

	if (itip_read(text, arena, &i).is != OK)
		return false;
	for (size_t k = 0; k < i->count; k++) {
		const struct itip_instance *n = &i->list[k];

		if (!is_in(n->part, id))
			continue;
		for (size_t p = 0; p < count; p++)
			if (view_eq(n->organizer, people[p])
			    || itip_attends(n, people[p]) != NULL)
				return true;
	}
	return false;
}

/* The moment of a RECURRENCE-ID spelled so. */
static result
moment_of(const struct itip *i, const struct itip_named *named, int64_t *out)
{
	struct itip_part *calendar = itip_shell(i->calendar, i->arena);
	struct itip_part *part = itip_part_new(i->arena, i->component);
	const struct itip_line *start = itip_line_find(
	    i->list[0].part, VIEW("DTSTART"));
	struct itip *read;

	if (calendar == NULL || part == NULL || start == NULL)
		return fail(MALFORMED, "RFC 5545 3.8.4.4: no DTSTART");
	itip_line_add(part, i->arena, VIEW("UID"), VIEW(""), i->uid);
	itip_line_copy(part, i->arena, start);
	itip_line_add(part, i->arena, VIEW("RECURRENCE-ID"),
	    named->parameters, named->value);
	itip_part_add(calendar, part);
	TRY(itip_again(calendar, i->arena, &read));
	*out = read->list[0].id;
	return done();
}

/* "20300302T090000" of so many seconds on the wall. */
static view
local_form(int64_t wall, struct arena *arena)
{
	struct date d = date_of(wall);

	return arena_print(arena, "%04d%02d%02dT%02d%02d%02d", d.year,
	    d.month, d.day, d.hour, d.minute, d.second);
}

/* A moment in UTC, spelled in the zone of DTSTART: twice, as its offset may
 * be another one there. */
static result
spell_local(const struct itip *i, const struct itip_line *start, int64_t id,
    struct itip_named *out)
{
	view value = arena_print(i->arena, "%.*sZ",
	    (int)start->text.value.n, start->text.value.p);
	int64_t wall, found = i->list[0].from;

	if (date_parse_ical_utc(value, &wall).is != OK)
		return no_instance;
	wall += id - found;
	for (int k = 0; k < 2; k++) {
		out->parameters = start->text.parameters;
		out->value = local_form(wall, i->arena);
		TRY(moment_of(i, out, &found));
		wall += id - found;
	}
	out->id = found;
	return found == id ? done() : no_instance;
}

static bool
is_rid(view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!ascii_is_digit(v.p[i])
		    && !(i == 8 && v.p[i] == 'T')
		    && !(i == 15 && v.p[i] == 'Z'))
			return false;
	return v.n == 8 || v.n == 15 || v.n == 16;
}

static result
spell(const struct itip *i, view rid, struct itip_named *out)
{
	const struct itip_line *start = itip_line_find(
	    i->list[0].part, VIEW("DTSTART"));
	view value = start == NULL ? VIEW("") : view_trim(start->text.value);
	bool utc = view_ends(value, VIEW("Z"));

	if (start == NULL || !is_rid(rid) || (rid.n == 8) != (value.n == 8))
		return no_instance;
	out->parameters = start->text.parameters;
	out->value = rid;
	if (rid.n != 16 || utc) {
		if ((rid.n == 16) != utc)
			return no_instance;
		return moment_of(i, out, &out->id);
	}
	if (date_parse_ical_utc(rid, &out->id).is != OK)
		return no_instance;
	return spell_local(i, start, out->id, out);
}

/* An override for one instance that has none yet. */
static result
derive(struct itip *i, const struct itip_named *named, struct itip_part **out)
{
	const struct itip_instance *master = itip_master(i);
	bool recurs = false;

	if (master == NULL || itip_excludes(master, named->id))
		return no_instance;
	itip_recurs(i, &named->id, 1, &recurs);
	*out = recurs ? itip_derive(i, named) : NULL;
	if (*out == NULL)
		return no_instance;
	itip_part_add(i->calendar, *out);
	return done();
}

/* The components that `rid` asks for. */
static result
select_parts(struct itip *i, view rid, struct itip_part **list, size_t *count)
{
	*count = 0;
	while (rid.n > 0) {
		view one = view_trim(view_cut(&rid, ','));
		struct itip_instance *n = itip_master(i);
		struct itip_named named = { .id = 0 };

		if (*count == RID_MOST)
			return no_instance;
		if (!view_eq(one, VIEW("M"))) {
			if (spell(i, one, &named).is != OK)
				return no_instance;
			n = itip_instance_of(i, named.id);
		}
		if (n != NULL)
			list[(*count)++] = n->part;
		else if (view_eq(one, VIEW("M")))
			return no_instance;
		else
			TRY(derive(i, &named, &list[(*count)++]));
	}
	return *count > 0 ? done() : no_instance;
}

static result
parts_of(struct itip *i, view rid, struct itip_part ***list, size_t *count)
{
	*list = arena_array(
	    i->arena, i->count + RID_MOST, sizeof(void *));
	TRY(arena_result(i->arena));
	if (rid.n > 0)
		return select_parts(i, rid, *list, count);
	*count = i->count;
	for (size_t k = 0; k < i->count; k++)
		(*list)[k] = i->list[k].part;
	return done();
}

/* RFC 6868: what may not stand in a parameter; quoted where RFC 5545 3.1
 * wants it. */
static void
add_value(struct buf *b, view text)
{
	bool quoted = view_find_byte(text, ';') != SIZE_MAX
	    || view_find_byte(text, ':') != SIZE_MAX
	    || view_find_byte(text, ',') != SIZE_MAX;

	buf_add(b, quoted ? VIEW("\"") : VIEW(""));
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '^')
			buf_add(b, VIEW("^^"));
		else if (text.p[i] == '"')
			buf_add(b, VIEW("^'"));
		else
			buf_add_byte(b, text.p[i]);
	}
	buf_add(b, quoted ? VIEW("\"") : VIEW(""));
}

static view
parameters_of(const struct ical_attachment *a, struct arena *arena)
{
	struct buf b = buf_new(LIMIT_CONTENT_LINE);
	view out;

	buf_print(&b, "MANAGED-ID=%.*s;FMTTYPE=%.*s;SIZE=%llu", (int)a->id.n,
	    a->id.p, (int)a->type.n, a->type.p,
	    (unsigned long long)a->size);
	if (a->name.n > 0) {
		buf_add(&b, VIEW(";FILENAME="));
		add_value(&b, a->name);
	}
	out = buf_result(&b).is == OK ? arena_copy(arena, buf_view(&b))
				      : VIEW("");
	buf_free(&b);
	return out;
}

static result
write_text(struct itip_part *calendar, struct arena *arena, view *out)
{
	*out = itip_text(calendar, ITIP_NONE, arena);
	TRY(arena_result(arena));
	return out->n > 0 ? done()
			  : fail(OVER_LIMIT, "RFC 4791 5.3.2.1: too large");
}

static result
finish(struct itip *i, view *out)
{
	return write_text(i->calendar, i->arena, out);
}

result
ical_attach_add(view text, view rid, const struct ical_attachment *a,
    struct arena *arena, view *out)
{
	struct itip_part **list;
	view parameters, *ids;
	size_t count, known;
	struct itip *i;

	TRY(itip_read(text, arena, &i));
	TRY(parts_of(i, rid, &list, &count));
	TRY(ical_attach_list(text, arena, &ids, &known));
	if (known == LIMIT_ATTACHMENTS)
		return fail(OVER_LIMIT, "more than LIMIT_ATTACHMENTS");
	parameters = parameters_of(a, arena);
	for (size_t k = 0; k < count; k++)
		itip_line_add(list[k], arena, VIEW("ATTACH"), parameters,
		    a->url);
	return finish(i, out);
}

result
ical_attach_replace(view text, view id, const struct ical_attachment *a,
    struct arena *arena, view *out)
{
	struct itip *i;
	bool found = false;

	TRY(itip_read(text, arena, &i));
	for (size_t k = 0; k < i->count; k++)
		for (struct itip_line *l = i->list[k].part->first; l != NULL;
		     l = l->next) {
			if (id.n == 0 || !view_eq(id_of(l), id))
				continue;
			l->text.parameters = parameters_of(a, arena);
			l->text.value = a->url;
			found = true;
		}
	return found ? finish(i, out)
		     : fail(NOT_FOUND, "RFC 8607 3.12.6: no such id");
}

static bool
is_in_path(char c)
{
	return ascii_is_alnum(c)
	    || view_find_byte(VIEW("-._~%!$&'()*+,;=:@"), c) != SIZE_MAX;
}

/* The last part of a URL. */
static view
last_of(view url)
{
	view name = url;

	(void)view_cut_last(&name, '/');
	for (size_t i = 0; i < name.n; i++)
		if (!is_in_path(name.p[i]))
			return VIEW("file");
	return name.n > 0 && name.n <= LIMIT_ATTACHMENT_NAME * 3
	    ? name
	    : VIEW("file");
}

static void
rename_line(struct itip_line *l, const struct ical_attachment *a,
    struct arena *arena)
{
	view name = last_of(view_trim(l->text.value));

	itip_parameter_set(l, arena, VIEW("MANAGED-ID"), a->id);
	itip_parameter_set(l, arena, VIEW("FMTTYPE"), a->type);
	itip_parameter_set(l, arena, VIEW("SIZE"),
	    arena_print(arena, "%llu", (unsigned long long)a->size));
	l->text.value = arena_print(arena, "%.*s%.*s", (int)a->url.n,
	    a->url.p, (int)name.n, name.p);
}

/* Alarms have files too. */
static bool
rename_in(struct itip_part *p, view id, const struct ical_attachment *a,
    struct arena *arena)
{
	bool found = false;

	for (struct itip_line *l = p->first; l != NULL; l = l->next)
		if (id.n > 0 && view_eq(id_of(l), id)) {
			rename_line(l, a, arena);
			found = true;
		}
	for (p = p->child; p != NULL; p = p->next)
		found = rename_in(p, id, a, arena) || found;
	return found;
}

result
ical_attach_rename(view text, view id, const struct ical_attachment *a,
    struct arena *arena, view *out)
{
	struct itip_part *calendar;

	TRY(itip_tree_read(text, arena, &calendar));
	if (!rename_in(calendar, id, a, arena))
		return fail(NOT_FOUND, "RFC 8607 3.7: no such id");
	return write_text(calendar, arena, out);
}

static bool
remove_from(struct itip_part *p, view id)
{
	struct itip_line *next;
	bool found = false;

	for (struct itip_line *l = p->first; l != NULL; l = next) {
		next = l->next;
		if (id.n == 0 || !view_eq(id_of(l), id))
			continue;
		itip_line_remove(p, l);
		found = true;
	}
	return found;
}

result
ical_attach_remove(
    view text, view id, view rid, struct arena *arena, view *out)
{
	struct itip_part **list;
	struct itip *i;
	bool found = false;
	size_t count;

	TRY(itip_read(text, arena, &i));
	TRY(parts_of(i, rid, &list, &count));
	for (size_t k = 0; k < count; k++)
		found = remove_from(list[k], id) || found;
	return found ? finish(i, out)
		     : fail(NOT_FOUND, "RFC 8607 3.12.6: no such id");
}
