#include "davd/dav/report.h"

#include "davd/dav/acl.h"

#include "mailcore/base/date.h"
#include "mailcore/format/ical.h"
#include "mailcore/schedule/schedule.h"
#include "mailcore/sys/clock.h"

/*
 * When the owner is busy: the free-busy-query report (RFC 4791 7.10) over a
 * calendar or all of them, and freebusy.ifb.
 */
enum {
	SCRATCH = 67108864,
	WEEK = 7 * 86400,
	BUSY_RIGHTS = RIGHT_BUSY | RIGHT_TIMES | RIGHT_READ
};

struct search {
	struct dav *d;
	struct ical_busy busy;
	struct arena *scratch; /* of one object */
};

static result
visit(void *context, const struct item *item)
{
	struct search *s = context;
	struct body body;
	result r;

	if (ical_times_touch(item->times, s->busy.from, s->busy.to,
		s->busy.clock)
	    == ICAL_TOUCHES_NOT)
		return done();
	TRY(body_open(s->d->account, item->body, &body));
	r = ical_busy_add(&s->busy, body.bytes, s->scratch);
	body_close(&body);
	arena_reset(s->scratch);
	return r;
}

static result
search_collection(struct search *s, const struct collection *c)
{
	s->busy.clock = schedule_clock(s->d->account, c->id, s->d->arena);
	TRY(item_each_in_span(s->d->account, c->id, VIEW("VEVENT"),
	    s->busy.from, s->busy.to, visit, s));
	s->busy.clock = NULL;
	return done();
}

/* RFC 6638 9.1: a calendar may be kept out of its owner's free-busy time. */
static bool
counts(struct dav *d, const struct collection *c)
{
	view value;

	return property_get(d->account, d->arena, c->id,
		   VIEW(NS_CALDAV " schedule-calendar-transp"), &value)
		   .is
	    != OK
	    || view_find(value, VIEW("transparent")) == SIZE_MAX;
}

static result
search_all(struct search *s)
{
	struct dav *d = s->d;
	struct collection *list;
	size_t count;
	bool any = false;

	TRY(collection_list(
	    d->account, d->arena, COLLECTION_CALENDAR, &list, &count));
	for (size_t i = 0; i < count; i++) {
		if (!acl_may(d, &list[i], BUSY_RIGHTS)
		    || !counts(d, &list[i]))
			continue;
		any = true;
		TRY(search_collection(s, &list[i]));
	}
	return any ? schedule_available(d->account, &s->busy) : done();
}

static result
search_target(struct search *s)
{
	struct collection c;

	if (s->d->path.what != DAV_CALENDAR)
		return search_all(s);
	TRY(dav_collection(s->d, s->d->arena, &c));
	if (!acl_may(s->d, &c, BUSY_RIGHTS))
		return fail(DENIED, "RFC 4791 6.1.1: no read-free-busy");
	TRY(search_collection(s, &c));
	return counts(s->d, &c) ? schedule_available(s->d->account, &s->busy)
				: done();
}

/* The same for the same times of the same things, whoever asks and when. */
static view
uid_of(struct dav *d, const struct ical_busy *busy)
{
	return schedule_etag(arena_print(d->arena, "%lld %lld %.*s",
	    (long long)busy->from, (long long)busy->to, (int)d->self.n,
	    d->self.p), d->arena);
}

/* The same times have the same tag, whenever they are written down. */
static view
tag_of(struct dav *d, struct ical_busy *busy)
{
	struct buf b = buf_new(d->answer->body.limit);
	view tag;

	ical_busy_write(busy, VIEW(""), 0, &b);
	tag = schedule_etag(buf_view(&b), d->arena);
	buf_free(&b);
	return tag;
}

/* A browser keeps it under its name (RFC 6266 4.3). */
static void
answer_file(struct dav *d, struct ical_busy *busy)
{
	view tag = tag_of(d, busy);

	answer_header(d->answer, "ETag",
	    arena_print(d->arena, "W/\"%.*s\"", (int)tag.n, tag.p));
	d->answer->status = request_precondition(d->request, tag);
	if (d->answer->status == 0)
		answer_header(d->answer, "Content-Disposition",
		    VIEW("attachment; filename=\"freebusy.ifb\""));
}

static void
answer(struct dav *d, int64_t from, int64_t to)
{
	struct schedule_owner owner = { d->services->store, d->owner.id,
		0 };
	struct search s = { .d = d,
		.busy = { .from = from, .to = to, .arena = d->arena,
		    .is_own = schedule_is_own, .context = &owner } };
	result r;

	if (to - from > (int64_t)ICAL_BUSY_DAYS * 86400) {
		dav_error(
		    d, 403, "D:number-of-matches-within-limits", VIEW(""));
		return;
	}
	s.scratch = arena_new(SCRATCH);
	r = search_target(&s);
	arena_free(&s.scratch);
	if (r.is == OVER_LIMIT) {
		dav_error(
		    d, 403, "D:number-of-matches-within-limits", VIEW(""));
		return;
	}
	if (r.is != OK) {
		dav_fail(d, r);
		return;
	}
	d->answer->status = 0;
	if (d->path.busy)
		answer_file(d, &s.busy);
	if (d->answer->status == 0) {
		ical_busy_write(&s.busy, uid_of(d, &s.busy), clock_now(),
		    &d->answer->body);
		answer_header(d->answer, "Content-Type",
		    VIEW("text/calendar; charset=utf-8"));
		d->answer->status = 200;
	}
}

void
report_busy(struct dav *d, const struct xml_element *root)
{
	const struct xml_element *range = xml_child(
	    root, VIEW(NS_CALDAV), VIEW("time-range"));
	int64_t from, to;

	if (range == NULL || xml_attribute(range, VIEW("start")).n == 0
	    || xml_attribute(range, VIEW("end")).n == 0
	    || ical_filter_time(range, &from, &to).is != OK) {
		answer_text(d->answer, 400, "RFC 4791 7.10: bad time-range");
		return;
	}
	answer(d, from, to);
}

/* A moment of the query, in the form of iCalendar. */
static bool
read_moment(struct dav *d, view name, int64_t *out)
{
	view value;

	return !request_query(d->request, name, &value)
	    || date_parse_ical_utc(view_trim(value), out).is == OK;
}

void
dav_busy(struct dav *d)
{
	int64_t today = clock_now() / 86400 * 86400;
	int64_t from = today - WEEK, to = INT64_MIN, length;
	view period;
	bool good = read_moment(d, VIEW("start"), &from)
	    && read_moment(d, VIEW("end"), &to);

	if (good && request_query(d->request, VIEW("period"), &period)) {
		good = to == INT64_MIN
		    && ical_read_duration(view_trim(period), &length);
		to = good ? from + length : to;
	}
	if (good && to == INT64_MIN)
		to = from + 2 * (int64_t)WEEK;
	if (!good || from >= to) {
		answer_text(d->answer, 400,
		    "start and end as 20260101T000000Z, or period as P7D");
		return;
	}
	answer(d, from, to);
}
