/* Dates (RFC 5260). */
#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/format/header.h"
#include "mailcore/sieve/run.h"

enum { UNIX_EPOCH_DAY = 40587 }; /* as a modified Julian day */

/* "+0200" in minutes. */
static bool
parse_zone(view v, int *minutes)
{
	uint64_t n;

	if (v.n != 5 || (v.p[0] != '+' && v.p[0] != '-')
	    || !view_number(view_from(v, 1), 9959, &n) || n % 100 > 59)
		return false;
	*minutes = (int)(n / 100 * 60 + n % 100);
	if (v.p[0] == '-')
		*minutes = -*minutes;
	return true;
}

/* The zone that a date names, 0 for all but numbers. */
static int
original_zone(view date)
{
	int minutes = 0;

	while (date.n > 0) {
		view word = view_cut(&date, ' ');

		if (parse_zone(word, &minutes))
			break;
	}
	return minutes;
}

/* A moment as it is seen in a zone. */
struct moment {
	int64_t seconds; /* in that zone's clock */
	int zone;        /* minutes */
	struct date d;
};

static struct moment
moment_of(int64_t seconds, int zone)
{
	int64_t here = seconds + (int64_t)zone * 60;

	return (struct moment){ here, zone, date_of(here) };
}

static view
zone_text(struct arena *arena, int zone, const char *colon)
{
	int n = zone < 0 ? -zone : zone;

	return arena_print(arena, "%c%02d%s%02d", zone < 0 ? '-' : '+',
	    n / 60, colon, n % 60);
}

static view
print_number(struct arena *arena, const struct moment *m, int which)
{
	const int numbers[] = { m->d.month, m->d.day, m->d.hour, m->d.minute,
		m->d.second };

	return arena_print(arena, "%02d", numbers[which]);
}

static view
print_year(struct arena *arena, const struct moment *m, int which)
{
	(void)which;
	return arena_print(arena, "%04d", m->d.year);
}

static view
print_date(struct arena *arena, const struct moment *m, int which)
{
	(void)which;
	return arena_print(arena, "%04d-%02d-%02d", m->d.year, m->d.month,
	    m->d.day);
}

static view
print_time(struct arena *arena, const struct moment *m, int which)
{
	(void)which;
	return arena_print(arena, "%02d:%02d:%02d", m->d.hour, m->d.minute,
	    m->d.second);
}

static view
print_julian(struct arena *arena, const struct moment *m, int which)
{
	int64_t days = UNIX_EPOCH_DAY + m->seconds / 86400
	    - (m->seconds % 86400 < 0 ? 1 : 0);

	(void)which;
	return arena_print(arena, "%lld", (long long)days);
}

static view
print_iso(struct arena *arena, const struct moment *m, int which)
{
	view day = print_date(arena, m, which);
	view time = print_time(arena, m, which);
	view zone = zone_text(arena, m->zone, ":");

	return arena_print(arena, "%.*sT%.*s%.*s", (int)day.n, day.p,
	    (int)time.n, time.p, (int)zone.n, zone.p);
}

static view
print_std11(struct arena *arena, const struct moment *m, int which)
{
	struct buf text = buf_new(64);
	view zone = zone_text(arena, m->zone, ""), out;

	(void)which;
	date_add_rfc5322(&text, m->seconds);
	/* Without its "+0000". */
	out = view_first(buf_view(&text), text.n > 5 ? text.n - 5 : 0);
	out = arena_print(arena, "%.*s%.*s", (int)out.n, out.p, (int)zone.n,
	    zone.p);
	buf_free(&text);
	return out;
}

static view
print_zone(struct arena *arena, const struct moment *m, int which)
{
	(void)which;
	return zone_text(arena, m->zone, "");
}

static view
print_weekday(struct arena *arena, const struct moment *m, int which)
{
	(void)which;
	return arena_print(arena, "%d", m->d.weekday);
}

/* RFC 5260 4.2. */
static const struct {
	const char *name;
	view (*print)(struct arena *, const struct moment *, int which);
	int which;
} date_parts[] = {
	{ "year", print_year, 0 },
	{ "month", print_number, 0 },
	{ "day", print_number, 1 },
	{ "date", print_date, 0 },
	{ "julian", print_julian, 0 },
	{ "hour", print_number, 2 },
	{ "minute", print_number, 3 },
	{ "second", print_number, 4 },
	{ "time", print_time, 0 },
	{ "iso8601", print_iso, 0 },
	{ "std11", print_std11, 0 },
	{ "zone", print_zone, 0 },
	{ "weekday", print_weekday, 0 },
};

/* An unknown part has no value (RFC 5260 4.2). */
static result
offer_moment(struct matching *m, view part, int64_t seconds, int zone)
{
	struct moment moment = moment_of(seconds, zone);

	for (size_t i = 0; i < COUNT(date_parts); i++)
		if (view_same(part, view_of(date_parts[i].name)))
			return matching_offer(m, date_parts[i].print(
			    m->run->arena, &moment, date_parts[i].which));
	return done();
}

/* The zone of the tag; UTC without one. */
static result
wanted_zone(struct run *r, const struct sieve_node *node, int *zone)
{
	view text;

	*zone = 0;
	if (node->values[SLOT_ZONE].count == 0)
		return done();
	TRY(run_slot(r, node, SLOT_ZONE, &text));
	return parse_zone(text, zone)
	    ? done()
	    : run_fault(r, "RFC 5260 4: a zone is like +0100", text);
}

struct dates {
	struct matching m;
	view part;
	bool original;
	int zone;
};

static result
offer_date(void *context, view name, view value)
{
	struct dates *d = context;
	view text = header_unfold(value, d->m.run->arena);
	int64_t seconds;

	(void)name;
	TRY(run_spend(d->m.run, value.n));
	/* Received and others have it behind their last semicolon. */
	(void)view_cut_last(&text, ';');
	text = view_trim(text);
	if (date_parse_rfc5322(text, &seconds).is != OK)
		return done();
	return offer_moment(&d->m, d->part, seconds,
	    d->original ? original_zone(text) : d->zone);
}

result
ask_date(struct run *r, const struct sieve_node *node, bool *answer)
{
	struct dates d = { .original = node->values[SLOT_ZONE].kind == KIND_TAG
		    && node->values[SLOT_ZONE].number == 1 };

	TRY(matching_begin(r, node, SLOT_3, &d.m));
	TRY(run_slot(r, node, SLOT_2, &d.part));
	TRY(wanted_zone(r, node, &d.zone));
	TRY(fields_each(r, node, SLOT_1, offer_date, &d));
	return matching_end(&d.m, answer);
}

result
ask_currentdate(struct run *r, const struct sieve_node *node, bool *answer)
{
	struct matching m;
	view part;
	int zone;

	TRY(matching_begin(r, node, SLOT_2, &m));
	TRY(run_slot(r, node, SLOT_1, &part));
	TRY(wanted_zone(r, node, &zone));
	TRY(offer_moment(&m, part, r->mail->now, zone));
	return matching_end(&m, answer);
}
