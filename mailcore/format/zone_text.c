/* Time zones as iCalendar has them (RFC 5545 3.6.5). */
#include "mailcore/format/zone_run.h"

#include "mailcore/base/date.h"

enum { DAY = 86400 };

static void
add_wall(struct buf *out, const char *name, int64_t wall)
{
	struct buf b = buf_new(32);

	date_add_ical(&b, wall);
	buf_cut(&b, b.n > 0 ? b.n - 1 : 0);
	buf_add_text(out, name);
	buf_add(out, buf_view(&b));
	buf_add(out, VIEW("\r\n"));
	buf_free(&b);
}

static void
add_offset(struct buf *out, const char *name, int32_t offset)
{
	int32_t n = offset < 0 ? -offset : offset;

	buf_print(out, "%s%c%02d%02d", name, offset < 0 ? '-' : '+',
	    (int)(n / 3600), (int)(n / 60 % 60));
	if (n % 60 != 0)
		buf_print(out, "%02d", (int)(n % 60));
	buf_add(out, VIEW("\r\n"));
}

static void
add_days(struct buf *out, const struct zone_shape *s)
{
	static const char *const weekdays[] = { "SU", "MO", "TU", "WE", "TH",
		"FR", "SA" };
	bool any = s->weekday == ZONE_ANY_DAY;

	if (!any && s->day <= 0)
		buf_print(out, ";BYDAY=-1%s", weekdays[s->weekday]);
	else if (!any && s->day % 7 == 1 && s->day <= 22)
		buf_print(out, ";BYDAY=%d%s", (s->day + 6) / 7,
		    weekdays[s->weekday]);
	else
		buf_print(out, ";BYMONTHDAY=%d", s->day);
	if (any || s->day <= 0 || (s->day % 7 == 1 && s->day <= 22))
		return;
	for (int i = 1; i < 7; i++)
		buf_print(out, ",%d", s->day + i);
	buf_print(out, ";BYDAY=%s", weekdays[s->weekday]);
}

/* UNTIL is a day later than it could be, which adds no other turn: python's
 * dateutil, and so vobject, take it for what clocks show, and would leave out
 * the last turn of all zones east of Greenwich. */
static void
add_rule(struct buf *out, const struct zone_run *r)
{
	buf_print(out, "RRULE:FREQ=YEARLY;BYMONTH=%d", r->shape.month);
	add_days(out, &r->shape);
	if (r->until != INT64_MAX) {
		buf_add(out, VIEW(";UNTIL="));
		date_add_ical(out, r->until + DAY);
	}
	buf_add(out, VIEW("\r\n"));
}

static void
begin(struct buf *out, const struct zone_run *r, bool summer)
{
	buf_add(out, summer ? VIEW("BEGIN:DAYLIGHT\r\n")
			    : VIEW("BEGIN:STANDARD\r\n"));
	add_offset(out, "TZOFFSETFROM:", r->before->offset);
	add_offset(out, "TZOFFSETTO:", r->after->offset);
	if (r->after->name.n > 0)
		buf_print(out, "TZNAME:%.*s\r\n", (int)r->after->name.n,
		    r->after->name.p);
	add_wall(out, "DTSTART:", r->first);
}

static void
end(struct buf *out, bool summer)
{
	buf_add(out, summer ? VIEW("END:DAYLIGHT\r\n")
			    : VIEW("END:STANDARD\r\n"));
}

/* Was it told with an earlier one?  Those that come once share a list. */
static bool
is_told(const struct zone *z, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!z->runs[k].yearly
		    && zone_run_is_like(&z->runs[k], &z->runs[i]))
			return true;
	return false;
}

static void
add_dates(struct buf *out, const struct zone *z, size_t i)
{
	for (size_t k = i + 1; k < z->run_count; k++)
		if (!z->runs[k].yearly
		    && zone_run_is_like(&z->runs[k], &z->runs[i]))
			add_wall(out, "RDATE:", z->runs[k].first);
}

static void
add_run(struct buf *out, const struct zone *z, size_t i)
{
	const struct zone_run *r = &z->runs[i];
	bool summer = zone_run_is_summer(r);

	if (!r->yearly && is_told(z, i))
		return;
	begin(out, r, summer);
	if (r->yearly)
		add_rule(out, r);
	else
		add_dates(out, z, i);
	end(out, summer);
}

void
zone_write(const struct zone *z, view tzid, view of, struct buf *out)
{
	struct zone_run always = { .before = z->first, .after = z->first };

	buf_print(out, "BEGIN:VTIMEZONE\r\nTZID:%.*s\r\n", (int)tzid.n,
	    tzid.p);
	if (of.n > 0)
		buf_print(out, "TZID-ALIAS-OF:%.*s\r\n", (int)of.n, of.p);
	for (size_t i = 0; i < z->run_count; i++)
		add_run(out, z, i);
	if (z->run_count == 0) {
		begin(out, &always, false);
		end(out, false);
	}
	buf_add(out, VIEW("END:VTIMEZONE\r\n"));
}
