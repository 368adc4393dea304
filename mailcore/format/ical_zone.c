#include "mailcore/format/ical_zone.h"

#include "mailcore/base/limits.h"
#include "mailcore/format/ical_inside.h"
#include "mailcore/format/itip_tree.h"
#include "mailcore/format/zone.h"

/* Where this system has no zones libical may have its own, as for UTC. */
static icaltimezone *
find_other(view tzid)
{
	char name[LIMIT_ZONE_NAME + 1];

	if (zone_any() || !zone_is_name(tzid)
	    || !view_copy(tzid, name, sizeof name))
		return NULL;
	ical_start_library();
	return icaltimezone_get_builtin_timezone(name);
}

bool
ical_zone_is_known(view tzid)
{
	return zone_find(tzid) != NULL || find_other(tzid) != NULL;
}

static bool
is_among(const view *list, size_t count, view v)
{
	for (size_t i = count; i > 0; i--)
		if (view_eq(list[i - 1], v))
			return true;
	return false;
}

static void
keep(struct ical_zones *z, view *list, size_t *count, view tzid)
{
	if (is_among(list, *count, tzid))
		return;
	if (*count == ICAL_ZONES_MOST)
		z->more = true;
	else
		list[(*count)++] = tzid;
}

void
ical_zones_define(struct ical_zones *z, view tzid)
{
	keep(z, z->defined, &z->defined_count, view_trim(tzid));
}

void
ical_zones_use(struct ical_zones *z, view parameters)
{
	view name, list, value;

	while (content_parameter_next(&parameters, &name, &list)) {
		if (!view_same(name, VIEW("TZID")))
			continue;
		if (!content_value_next(&list, &value))
			value = VIEW("");
		keep(z, z->used, &z->used_count, view_trim(value));
	}
}

bool
ical_zones_has(const struct ical_zones *z, view tzid)
{
	return is_among(z->defined, z->defined_count, tzid);
}

view
ical_zones_unknown(const struct ical_zones *z)
{
	if (z->more)
		return VIEW("(too many)");
	for (size_t i = 0; i < z->used_count; i++)
		if (!ical_zones_has(z, z->used[i])
		    && !ical_zone_is_known(z->used[i]))
			return z->used[i].n > 0 ? z->used[i] : VIEW("(none)");
	return VIEW("");
}

static void
look(struct ical_zones *z, const struct itip_part *p)
{
	for (const struct itip_line *l = p->first; l != NULL; l = l->next)
		if (l->text.parameters.n > 0)
			ical_zones_use(z, l->text.parameters);
	for (p = p->child; p != NULL; p = p->next)
		if (itip_part_is(p, VIEW("VTIMEZONE")))
			ical_zones_define(z, itip_value(p, VIEW("TZID")));
		else
			look(z, p);
}

/* A VTIMEZONE, of libical under a name of its own. */
static result
add_text(view tzid, struct buf *out)
{
	const struct zone *zone = zone_find(tzid);
	icaltimezone *other = zone == NULL ? find_other(tzid) : NULL;
	char *text;

	if (zone != NULL) {
		zone_write(zone, tzid, VIEW(""), out);
		return done();
	}
	if (other == NULL || icaltimezone_get_component(other) == NULL)
		return fail(NOT_FOUND, "RFC 7809 3.1: no such time zone");
	text = icalcomponent_as_ical_string_r(
	    icaltimezone_get_component(other));
	buf_add_text(out, text == NULL ? "" : text);
	icalmemory_free_buffer(text);
	return done();
}

static result
zone_part(view tzid, struct arena *arena, struct itip_part **out)
{
	struct buf text = buf_new(LIMIT_ZONES_ANSWER);
	struct itip_part *calendar;
	view whole;
	result r;

	buf_add(&text, VIEW("BEGIN:VCALENDAR\r\n"));
	r = add_text(tzid, &text);
	buf_add(&text, VIEW("END:VCALENDAR\r\n"));
	whole = arena_copy(arena, buf_view(&text));
	buf_free(&text);
	TRY(r);
	TRY(arena_result(arena));
	TRY(itip_tree_read(whole, arena, &calendar));
	*out = calendar->child;
	if (*out == NULL)
		return fail(NOT_FOUND, "RFC 7809 3.1: no such time zone");
	for (struct itip_line *l = (*out)->first; l != NULL; l = l->next)
		if (itip_line_is(l, VIEW("TZID")))
			l->text.value = tzid;
	return done();
}

static result
add_zones(struct itip_part *calendar, struct arena *arena)
{
	struct ical_zones z = { .more = false };
	struct itip_part *zone;

	look(&z, calendar);
	for (size_t i = 0; i < z.used_count; i++) {
		if (ical_zones_has(&z, z.used[i])
		    || !ical_zone_is_known(z.used[i]))
			continue;
		TRY(zone_part(z.used[i], arena, &zone));
		itip_part_add(calendar, zone);
	}
	return done();
}

static void
remove_zones(struct itip_part *calendar)
{
	struct itip_part *p, *next;

	for (p = calendar->child; p != NULL; p = next) {
		next = p->next;
		if (itip_part_is(p, VIEW("VTIMEZONE"))
		    && ical_zone_is_known(itip_value(p, VIEW("TZID"))))
			itip_part_remove(calendar, p);
	}
}

result
ical_zones_write(view text, bool with, struct arena *arena, struct buf *out)
{
	struct itip_part *calendar;

	TRY(itip_tree_read(text, arena, &calendar));
	if (with)
		TRY(add_zones(calendar, arena));
	else
		remove_zones(calendar);
	itip_tree_write(calendar, out);
	TRY(arena_result(arena));
	return buf_result(out);
}

result
ical_zone_calendar(view tzid, struct arena *arena, struct buf *out)
{
	struct itip_part *calendar, *zone;

	TRY(itip_tree_read(VIEW("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
				"PRODID:-//Posthaste//EN\r\n"
				"END:VCALENDAR\r\n"),
	    arena, &calendar));
	TRY(zone_part(tzid, arena, &zone));
	itip_part_add(calendar, zone);
	itip_tree_write(calendar, out);
	TRY(arena_result(arena));
	return buf_result(out);
}

view
ical_zone_name(view text, struct arena *arena)
{
	struct itip_part *calendar;
	view found = VIEW("");

	if (itip_tree_read(text, arena, &calendar).is != OK)
		return found;
	for (const struct itip_part *p = calendar->child; p != NULL;
	     p = p->next) {
		if (!itip_part_is(p, VIEW("VTIMEZONE")) || found.n > 0)
			return VIEW("");
		found = itip_value(p, VIEW("TZID"));
	}
	return ical_zone_is_known(found) ? found : VIEW("");
}
