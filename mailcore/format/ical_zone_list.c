#include "mailcore/format/ical_zone_list.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"
#include "mailcore/format/ical_inside.h"
#include "mailcore/format/ical_zone.h"
#include "mailcore/format/itip_tree.h"

#include <libical/icaltz-util.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { NAME_MOST = 64, PATH_MOST = 512, TABLE_MOST = 65536, VERSION_MOST = 16 };

static int
compare_names(const void *a, const void *b)
{
	return view_order(*(const view *)a, *(const view *)b);
}

/* Of the folder that libical reads from; at most TABLE_MOST bytes of it. */
static view
read_table(const char *name, struct arena *arena, int64_t *when)
{
	const char *folder = icaltzutil_get_zone_directory();
	char path[PATH_MOST], *bytes = arena_alloc(arena, TABLE_MOST);
	struct stat st;
	size_t n = 0;
	FILE *file = NULL;

	*when = 0;
	if (folder != NULL && bytes != NULL
	    && snprintf(path, sizeof path, "%s/%s", folder, name)
		< (int)sizeof path)
		file = fopen(path, "re");
	if (file == NULL)
		return VIEW("");
	n = fread(bytes, 1, TABLE_MOST, file);
	if (fstat(fileno(file), &st) == 0)
		*when = st.st_mtime;
	(void)fclose(file);
	return (view){ bytes, n };
}

/* Country, place, name and words, with tabs between.  libical's own list,
 * which other threads may add to, is of the same table. */
result
ical_zone_list(struct arena *arena, view **names, size_t *count)
{
	int64_t when;
	view table = read_table("zone.tab", arena, &when), line;

	*count = 0;
	*names = arena_array(arena, LIMIT_ZONES, sizeof **names);
	TRY(arena_result(arena));
	while (*count + 1 < LIMIT_ZONES && view_line(&table, &line)) {
		if (view_at(line, 0) == '#')
			continue;
		(void)view_cut(&line, '\t');
		(void)view_cut(&line, '\t');
		line = view_cut(&line, '\t');
		if (ical_zone_is_name(line))
			(*names)[(*count)++] = line;
	}
	(*names)[(*count)++] = VIEW("Etc/UTC");
	qsort(*names, *count, sizeof **names, compare_names);
	return done();
}

void
ical_zone_version(struct arena *arena, view *version, int64_t *when)
{
	view table = read_table("tzdata.zi", arena, when), line;

	*version = VIEW("unknown");
	if (view_line(&table, &line)
	    && view_starts(line, VIEW("# version "))) {
		struct scan s = scan_over(view_from(line, 10));

		line = scan_run(&s, ascii_is_alnum, VERSION_MOST, "");
		if (scan_ok(&s))
			*version = line;
	}
	if (*when == 0)
		(void)read_table("zone.tab", arena, when);
}

/* NULL: there is none.  The caller frees it. */
static icalcomponent *
fetch(view tzid)
{
	char name[NAME_MOST];

	if (!ical_zone_is_name(tzid) || !view_copy(tzid, name, sizeof name))
		return NULL;
	ical_start_library();
	return icaltzutil_fetch_timezone(name);
}

/* The VTIMEZONE under its plain name: libical has one of its own. */
result
ical_zone_fresh(view tzid, struct arena *arena, struct buf *out)
{
	icalcomponent *c = fetch(tzid);
	struct itip_part *calendar;
	char *text;
	view whole;

	if (c == NULL)
		return fail(NOT_FOUND, "RFC 7808 5.3: no such time zone");
	text = icalcomponent_as_ical_string_r(c);
	whole = arena_print(arena, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
	    "PRODID:-//Posthaste//EN\r\n%sEND:VCALENDAR\r\n",
	    text == NULL ? "" : text);
	icalmemory_free_buffer(text);
	icalcomponent_free(c);
	TRY(arena_result(arena));
	TRY(itip_tree_read(whole, arena, &calendar));
	if (calendar->child == NULL)
		return fail(NOT_FOUND, "RFC 7808 5.3: no such time zone");
	for (struct itip_line *l = calendar->child->first; l != NULL;
	     l = l->next)
		if (itip_line_is(l, VIEW("TZID")))
			l->text.value = tzid;
	itip_tree_write(calendar, out);
	return buf_result(out);
}

/* --- observances -------------------------------------------------------- */

struct walk {
	struct arena *arena;
	int64_t from, to;
	struct ical_onset *list;
	size_t count;
	bool more;
	struct ical_onset before; /* the last one that is not after `from` */
	bool any;
	struct ical_onset earliest; /* of all */
	bool none; /* there is no earliest yet */
};

static void
see(struct walk *w, const struct ical_onset *o)
{
	if (w->none || o->at < w->earliest.at)
		w->earliest = *o;
	w->none = false;
	if (o->at <= w->from) {
		if (!w->any || o->at >= w->before.at)
			w->before = *o;
		w->any = true;
	} else if (o->at < w->to) {
		if (w->count < ICAL_ONSETS)
			w->list[w->count++] = *o;
		else
			w->more = true;
	}
}

static void
see_wall(struct walk *w, struct ical_onset o, int64_t wall)
{
	o.at = wall - o.from;
	see(w, &o);
}

/* RFC 5545 3.3.10: UNTIL is in UTC, and is compared with wall clock times
 * here. */
static void
follow_rule(struct walk *w, const struct ical_onset *o,
    struct icalrecurrencetype rule, struct icaltimetype start)
{
	int64_t until = INT64_MAX;
	icalrecur_iterator *all;
	struct icaltimetype t;

	if (!icaltime_is_null_time(rule.until)) {
		until = ical_seconds(rule.until);
		if (!icaltime_is_utc(rule.until))
			until -= o->from;
	}
	rule.until = icaltime_null_time();
	if (rule.freq != ICAL_YEARLY_RECURRENCE)
		return;
	all = icalrecur_iterator_new(rule, start);
	for (int i = 0; all != NULL && i < ICAL_ZONE_END; i++) {
		int64_t wall;

		t = icalrecur_iterator_next(all);
		if (icaltime_is_null_time(t))
			break;
		wall = ical_wall(t);
		if (wall - o->from > until || wall - o->from >= w->to)
			break;
		see_wall(w, *o, wall);
	}
	icalrecur_iterator_free(all);
}

static int32_t
offset_of(icalcomponent *c, icalproperty_kind kind)
{
	icalproperty *p = icalcomponent_get_first_property(c, kind);

	if (p == NULL)
		return 0;
	return kind == ICAL_TZOFFSETFROM_PROPERTY
	    ? icalproperty_get_tzoffsetfrom(p)
	    : icalproperty_get_tzoffsetto(p);
}

static void
look(struct walk *w, icalcomponent *c)
{
	struct icaltimetype start = ical_property_time(
	    c, ICAL_DTSTART_PROPERTY);
	icalproperty *p = icalcomponent_get_first_property(
	    c, ICAL_TZNAME_PROPERTY);
	struct ical_onset o = {
		.from = offset_of(c, ICAL_TZOFFSETFROM_PROPERTY),
		.to = offset_of(c, ICAL_TZOFFSETTO_PROPERTY),
		.name = arena_copy(w->arena,
		    view_of(p == NULL ? "" : icalproperty_get_tzname(p))),
	};

	if (icaltime_is_null_time(start))
		return;
	see_wall(w, o, ical_wall(start));
	for (p = icalcomponent_get_first_property(c, ICAL_RDATE_PROPERTY);
	     p != NULL;
	     p = icalcomponent_get_next_property(c, ICAL_RDATE_PROPERTY))
		see_wall(w, o, ical_wall(icalproperty_get_rdate(p).time));
	p = icalcomponent_get_first_property(c, ICAL_RRULE_PROPERTY);
	if (p != NULL)
		follow_rule(w, &o, icalproperty_get_rrule(p), start);
}

static int
compare_onsets(const void *a, const void *b)
{
	const struct ical_onset *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* What holds at its begin comes first; the same moment twice (a rule and its
 * own DTSTART) counts once. */
static void
put_in_order(struct walk *w)
{
	size_t kept = 1;

	if (!w->any) {
		w->before = w->earliest;
		w->before.to = w->earliest.from;
		w->before.name = VIEW("LMT");
	}
	w->before.at = w->from;
	w->list[w->count++] = w->before;
	qsort(w->list, w->count, sizeof *w->list, compare_onsets);
	for (size_t i = 1; i < w->count; i++)
		if (w->list[i].at != w->list[kept - 1].at)
			w->list[kept++] = w->list[i];
	w->count = kept;
}

result
ical_zone_onsets(view tzid, int64_t from, int64_t to, struct arena *arena,
    struct ical_onset **out, size_t *count)
{
	static const struct date end = { .year = ICAL_ZONE_END, .month = 1,
		.day = 1 };
	struct walk w = { .arena = arena, .from = from, .to = to,
		.none = true };
	icalcomponent *zone;

	if (to > date_seconds(&end))
		return fail(OVER_LIMIT, "after ICAL_ZONE_END");
	w.list = arena_array(arena, ICAL_ONSETS + 1, sizeof *w.list);
	TRY(arena_result(arena));
	zone = fetch(tzid);
	if (zone == NULL)
		return fail(NOT_FOUND, "RFC 7808 5.3: no such time zone");
	for (icalcomponent *c = icalcomponent_get_first_component(
		 zone, ICAL_ANY_COMPONENT);
	     c != NULL;
	     c = icalcomponent_get_next_component(zone, ICAL_ANY_COMPONENT))
		look(&w, c);
	icalcomponent_free(zone);
	TRY(arena_result(arena));
	if (w.more)
		return fail(OVER_LIMIT, "more than ICAL_ONSETS");
	put_in_order(&w);
	*out = w.list;
	*count = w.count;
	return done();
}
