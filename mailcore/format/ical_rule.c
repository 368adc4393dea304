#include "mailcore/format/ical_inside.h"

#include "mailcore/base/buf.h"
#include "mailcore/base/limits.h"
#include "mailcore/format/content_line.h"
#include "mailcore/format/ical_zone.h"
#include "mailcore/format/zone.h"

/* What libical is given to read, and which rules it is let follow. */

enum {
	/* Longer lines are pictures; libical takes square time for one. */
	LINE_MOST = 65536,
	FEW_PER_DAY = 4
};

static size_t
list_length(const short *list, size_t room)
{
	size_t n = 0;

	while (n < room && list[n] != ICAL_RECURRENCE_ARRAY_MAX)
		n++;
	return n;
}

/* BYSETPOS past what a period can hold never comes. */
static bool
positions_fit(const struct icalrecurrencetype *r, size_t times)
{
	static const int most[] = {
		[ICAL_DAILY_RECURRENCE] = 1,
		[ICAL_WEEKLY_RECURRENCE] = 7,
		[ICAL_MONTHLY_RECURRENCE] = 31,
		[ICAL_YEARLY_RECURRENCE] = 366,
	};
	size_t n = list_length(r->by_set_pos, ICAL_BY_SETPOS_SIZE);

	for (size_t i = 0; i < n; i++)
		if (r->by_set_pos[i] > most[r->freq] * (int)times
		    || r->by_set_pos[i] < -most[r->freq] * (int)times)
			return false;
	return true;
}

/*
 * libical looks for the next instance second by second when a rule selects
 * seconds that hardly ever come.  Such rules are not followed: those below
 * DAILY with any BY part, and those with more than a few times a day.
 */
bool
ical_rule_is_harmless(const struct icalrecurrencetype *r)
{
	size_t times = 1, n;
	bool by = false;
	const struct {
		const short *list;
		size_t room;
		bool time;
	} parts[] = {
		{ r->by_second, ICAL_BY_SECOND_SIZE, true },
		{ r->by_minute, ICAL_BY_MINUTE_SIZE, true },
		{ r->by_hour, ICAL_BY_HOUR_SIZE, true },
		{ r->by_day, ICAL_BY_DAY_SIZE, false },
		{ r->by_month_day, ICAL_BY_MONTHDAY_SIZE, false },
		{ r->by_year_day, ICAL_BY_YEARDAY_SIZE, false },
		{ r->by_week_no, ICAL_BY_WEEKNO_SIZE, false },
		{ r->by_month, ICAL_BY_MONTH_SIZE, false },
		{ r->by_set_pos, ICAL_BY_SETPOS_SIZE, false },
	};

	for (size_t i = 0; i < COUNT(parts); i++) {
		n = list_length(parts[i].list, parts[i].room);
		by = by || n > 0;
		if (n > 0 && parts[i].time)
			times *= n;
	}
	if (r->rscale != NULL || r->interval < 1
	    || r->freq == ICAL_NO_RECURRENCE)
		return false;
	if (r->freq < ICAL_DAILY_RECURRENCE)
		return !by;
	return times <= FEW_PER_DAY && positions_fit(r, times);
}

bool
ical_rule_never(const struct icalrecurrencetype *r)
{
	static const short days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	size_t months = list_length(r->by_month, ICAL_BY_MONTH_SIZE);
	size_t n = list_length(r->by_month_day, ICAL_BY_MONTHDAY_SIZE);

	if (months == 0 || n == 0 || r->rscale != NULL)
		return false;
	for (size_t i = 0; i < months; i++) {
		short month = r->by_month[i];

		if (month < 1 || month > 12)
			return false;
		for (size_t k = 0; k < n; k++)
			if (r->by_month_day[k] <= days[month - 1]
			    && r->by_month_day[k] >= -days[month - 1])
				return false;
	}
	return true;
}

/* Time zones are expanded over centuries at once: only rules that fall on a
 * few days of the year may do that, as those of real zones do. */
static bool
is_zone_rule(const struct icalrecurrencetype *r)
{
	size_t days = list_length(r->by_day, ICAL_BY_DAY_SIZE);
	size_t months = list_length(r->by_month, ICAL_BY_MONTH_SIZE);

	return r->freq == ICAL_YEARLY_RECURRENCE && ical_rule_is_harmless(r)
	    && !ical_rule_never(r) && days <= 1 && months <= 1
	    && (days == 0 || months == 1)
	    && list_length(r->by_year_day, ICAL_BY_YEARDAY_SIZE) == 0
	    && list_length(r->by_week_no, ICAL_BY_WEEKNO_SIZE) == 0;
}

static void
tame_zone(icalcomponent *observance)
{
	icalproperty *p, *next;

	for (p = icalcomponent_get_first_property(
		 observance, ICAL_RRULE_PROPERTY);
	     p != NULL; p = next) {
		struct icalrecurrencetype r = icalproperty_get_rrule(p);

		next = icalcomponent_get_next_property(
		    observance, ICAL_RRULE_PROPERTY);
		if (is_zone_rule(&r))
			continue;
		icalcomponent_remove_property(observance, p);
		icalproperty_free(p);
	}
}

static void
tame_zones(icalcomponent *calendar)
{
	icalcomponent *zone, *c;

	for (zone = icalcomponent_get_first_component(
		 calendar, ICAL_VTIMEZONE_COMPONENT);
	     zone != NULL; zone = icalcomponent_get_next_component(
			       calendar, ICAL_VTIMEZONE_COMPONENT))
		for (c = icalcomponent_get_first_component(
			 zone, ICAL_ANY_COMPONENT);
		     c != NULL; c = icalcomponent_get_next_component(
				    zone, ICAL_ANY_COMPONENT))
			tame_zone(c);
}

static bool
tells_times(view name)
{
	static const view names[] = {
		VIEW_INIT("BEGIN"),
		VIEW_INIT("END"),
		VIEW_INIT("DTSTART"),
		VIEW_INIT("DTEND"),
		VIEW_INIT("DUE"),
		VIEW_INIT("DURATION"),
		VIEW_INIT("RRULE"),
		VIEW_INIT("RDATE"),
		VIEW_INIT("EXDATE"),
		VIEW_INIT("RECURRENCE-ID"),
		VIEW_INIT("COMPLETED"),
		VIEW_INIT("CREATED"),
		VIEW_INIT("TRIGGER"),
		VIEW_INIT("TRANSP"),
		VIEW_INIT("STATUS"),
		VIEW_INIT("REPEAT"),
		VIEW_INIT("TZID"),
		VIEW_INIT("TZOFFSETFROM"),
		VIEW_INIT("TZOFFSETTO"),
	};

	for (size_t i = 0; i < COUNT(names); i++)
		if (view_same(name, names[i]))
			return true;
	return false;
}

/* What libical has no part of: where the zones are that a text only names. */
static void
add_zones(struct buf *to, const struct ical_zones *z)
{
	for (size_t i = 0; i < z->used_count; i++) {
		view name = z->used[i];

		if (!ical_zones_has(z, name) && zone_find(name) != NULL)
			buf_print(to, "BEGIN:VTIMEZONE\r\nTZID:%.*s\r\n"
			    "END:VTIMEZONE\r\n", (int)name.n, name.p);
	}
}

struct seeing {
	struct ical_zones zones;
	size_t depth;
	bool in_zone; /* at depth 2 */
};

/* The zones that a text uses and those that it defines, as they come; true at
 * its end. */
static bool
see_zones(struct seeing *s, const struct content_line *line)
{
	if (view_same(line->name, VIEW("BEGIN"))) {
		if (++s->depth == 2)
			s->in_zone = view_same(
			    view_trim(line->value), VIEW("VTIMEZONE"));
		return false;
	}
	if (view_same(line->name, VIEW("END")))
		return s->depth > 0 && --s->depth == 0;
	if (line->parameters.n > 0)
		ical_zones_use(&s->zones, line->parameters);
	if (s->depth == 2 && s->in_zone && view_same(line->name, VIEW("TZID")))
		ical_zones_define(&s->zones, line->value);
	return false;
}

static result
add_lines(struct buf *to, view text, bool times_only, struct arena *arena)
{
	struct content_lines lines = content_lines_of(text, arena);
	struct content_line line;
	struct seeing seeing = { .depth = 0 };

	while (content_line_next(&lines, &line)) {
		if (line.value.n + line.parameters.n > LINE_MOST
		    || (times_only && !tells_times(line.name)))
			continue;
		if (see_zones(&seeing, &line))
			add_zones(to, &seeing.zones);
		buf_add(to, line.name);
		if (line.parameters.n > 0) {
			buf_add_byte(to, ';');
			buf_add(to, line.parameters);
		}
		buf_add_byte(to, ':');
		buf_add(to, line.value);
		buf_add(to, VIEW("\r\n"));
	}
	TRY(lines.r);
	return buf_result(to);
}

icalcomponent *
ical_read(view text, bool times_only, struct arena *arena)
{
	struct buf lines = buf_new(2 * (size_t)LIMIT_CALENDAR_OBJECT);
	icalcomponent *calendar = NULL;

	ical_start_library();
	if (add_lines(&lines, text, times_only, arena).is == OK)
		calendar = icalparser_parse_string(buf_text(&lines));
	buf_free(&lines);
	if (calendar == NULL)
		return NULL;
	if (icalcomponent_isa(calendar) != ICAL_VCALENDAR_COMPONENT) {
		icalcomponent_free(calendar);
		return NULL;
	}
	tame_zones(calendar);
	return calendar;
}
