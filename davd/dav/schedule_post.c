/*
 * POST to the outbox (RFC 6638 5): when are they free?  Each recipient is
 * answered for by itself, so that one who is not here hides no other.
 */
#include "davd/dav/schedule.h"

#include "mailcore/base/date.h"
#include "mailcore/base/limits.h"
#include "mailcore/store/domain.h"
#include "mailcore/store/right.h"
#include "mailcore/sys/clock.h"

enum { ONE = 67108864 }; /* what is busy of one */

struct inquiry {
	struct dav *d;
	struct itip_part *busy; /* the VFREEBUSY */
	view organizer, uid, masked;
	int64_t from, to;
	struct xml_out x;
	struct schedule_owner owner; /* of whose time is read */
};

bool
scheduling_is_outbox(const struct dav *d)
{
	view type;

	if (d->path.what == DAV_OUTBOX)
		return true;
	return d->path.what == DAV_CALENDAR && d->request->query.n == 0
	    && request_header(d->request, VIEW("Content-Type"), &type)
	    && view_starts_same(view_trim(type), VIEW("text/calendar"));
}

static struct itip_part *
part_of(const struct itip_part *calendar)
{
	struct itip_part *p = calendar->child;

	while (p != NULL && itip_part_is(p, VIEW("VTIMEZONE")))
		p = p->next;
	return p;
}

static bool
read_moment(const struct itip_part *p, view name, int64_t *out)
{
	return date_parse_ical_utc(itip_value(p, name), out).is == OK;
}

static bool
is_own(struct dav *d, view address)
{
	struct account_info info;

	return account_find(d->services->store, d->arena, address, &info).is
	    == OK
	    && info.id == d->owner.id;
}

/* false: refused. */
static bool
read_inquiry(struct inquiry *q)
{
	struct dav *d = q->d;
	struct itip_part *calendar;
	const struct itip_line *organizer = NULL;
	bool good = d->request->body.n <= LIMIT_XML
	    && itip_tree_read(d->request->body, d->arena, &calendar).is == OK;

	q->busy = good ? part_of(calendar) : NULL;
	good = q->busy != NULL && itip_part_is(q->busy, VIEW("VFREEBUSY"))
	    && view_same(itip_value(calendar, VIEW("METHOD")),
		VIEW("REQUEST"))
	    && read_moment(q->busy, VIEW("DTSTART"), &q->from)
	    && read_moment(q->busy, VIEW("DTEND"), &q->to)
	    && q->from < q->to
	    && q->to - q->from <= (int64_t)ICAL_BUSY_DAYS * ICAL_BUSY_DAY
	    /* RFC 5546 3.3.2 */
	    && itip_value(q->busy, VIEW("UID")).n > 0
	    && itip_line_find(q->busy, VIEW("ATTENDEE")) != NULL;
	if (good)
		organizer = itip_line_find(q->busy, VIEW("ORGANIZER"));
	if (organizer == NULL) {
		dav_error(d, 403, "C:valid-scheduling-message", VIEW(""));
		return false;
	}
	q->organizer = organizer->text.value;
	q->uid = itip_value(q->busy, VIEW("UID"));
	q->masked = itip_value(q->busy, VIEW("X-CALENDARSERVER-MASK-UID"));
	if (is_own(d, itip_address(organizer, d->arena)))
		return true;
	dav_error(d, 403, "C:organizer-allowed", VIEW(""));
	return false;
}

static result
collect(struct inquiry *q, int64_t account, struct ical_busy *b)
{
	struct account *a;
	result r;

	q->owner = (struct schedule_owner){ q->d->services->store, account,
		0 };
	b->is_own = schedule_is_own;
	b->context = &q->owner;
	TRY(account_open(q->d->services->store, account, &a));
	r = schedule_busy(a, q->masked, b);
	account_close(&a);
	b->is_own = NULL;
	return r;
}

/* RFC 6638 6.1.1: within a domain people may know when others are busy, and
 * so may those whom somebody lets read a calendar. */
static bool
may_know(struct inquiry *q, const struct account_info *who)
{
	struct dav *d = q->d;
	view mine = view_of(d->who.address), his = who->address;
	struct right_set rights;

	(void)view_cut_last(&mine, '@');
	(void)view_cut_last(&his, '@');
	if (who->id == d->who.account || view_same(mine, his))
		return true;
	return right_read(d->services->store, d->arena, d->who.account,
		   who->id, &rights).is
	    == OK
	    && (right_in_all(&rights, COLLECTION_CALENDAR) & RIGHT_BUSY) != 0;
}

static void
add_data(struct inquiry *q, const struct itip_line *attendee,
    struct ical_busy *b)
{
	const struct ical_busy_reply reply = { .uid = q->uid,
		.organizer = q->organizer,
		.attendee = attendee->text.value };
	struct buf text = buf_new(LIMIT_CALENDAR_OBJECT);

	ical_busy_reply(b, &reply, clock_now(), &text);
	xml_leaf(&q->x, "C:calendar-data", buf_view(&text));
	buf_free(&text);
}

static void
answer_one(struct inquiry *q, const struct itip_line *attendee)
{
	struct arena *arena = arena_new(ONE);
	struct ical_busy b = { .from = q->from, .to = q->to,
		.arena = arena };
	struct account_info info;
	struct xml_out *x = &q->x;
	bool found = account_find(q->d->services->store, arena,
			 itip_address(attendee, arena), &info).is
	    == OK
	    && info.enabled;
	bool allowed = found && may_know(q, &info);
	bool good = allowed && collect(q, info.id, &b).is == OK;

	xml_start(x, "C:response");
	xml_start(x, "C:recipient");
	xml_leaf(x, "D:href", view_trim(attendee->text.value));
	xml_end(x, "C:recipient");
	xml_leaf(x, "C:request-status",
	    good ? VIEW("2.0;Success")
		/* Who may not know of somebody is not told that he is. */
		: !allowed ? VIEW("3.7;Invalid calendar user")
			   : VIEW("5.1;Service unavailable"));
	if (good)
		add_data(q, attendee, &b);
	xml_end(x, "C:response");
	arena_free(&arena);
}

/* RFC 6638 5.1: iCalendar, if it says what it is. */
static bool
is_calendar(const struct dav *d)
{
	view type;

	return !request_header(d->request, VIEW("Content-Type"), &type)
	    || view_starts_same(view_trim(type), VIEW("text/calendar"));
}

void
scheduling_post(struct dav *d)
{
	struct inquiry q = { .d = d };
	const struct itip_line *l;
	size_t count = 0;

	if (!is_calendar(d)) {
		dav_error(d, 403, "C:supported-calendar-data", VIEW(""));
		return;
	}
	if (!read_inquiry(&q))
		return;
	for (l = itip_line_find(q.busy, VIEW("ATTENDEE")); l != NULL;
	     l = itip_line_again(l))
		count++;
	if (count > LIMIT_BUSY_RECIPIENTS) {
		dav_error(d, 403, "C:max-attendees-per-instance", VIEW(""));
		return;
	}
	q.x = xml_to(&d->answer->body);
	xml_start(&q.x, "C:schedule-response");
	dav_prefixes(&q.x);
	for (l = itip_line_find(q.busy, VIEW("ATTENDEE")); l != NULL;
	     l = itip_line_again(l))
		answer_one(&q, l);
	xml_end(&q.x, "C:schedule-response");
	answer_header(
	    d->answer, "Content-Type", VIEW("application/xml; charset=utf-8"));
	d->answer->status = 200;
}
