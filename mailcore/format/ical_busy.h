/*
 * ical_busy.h - when somebody is busy, from calendar objects (RFC 4791 7.10,
 * RFC 5545 3.6.4).
 */
#ifndef FORMAT_ICAL_BUSY_H
#define FORMAT_ICAL_BUSY_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"
#include "mailcore/format/ical_clock.h"

enum {
	ICAL_BUSY_DAY = 86400,
	ICAL_BUSY_DAYS = 3660, /* the longest range that is answered */
	ICAL_BUSY_MOST = 100000 /* periods in one answer */
};

/* FBTYPE (RFC 5545 3.2.9). */
enum ical_taken { ICAL_TAKEN, ICAL_TENTATIVE, ICAL_UNAVAILABLE };

struct ical_period {
	int64_t from, to;
	enum ical_taken kind;
};

struct ical_busy {
	int64_t from, to;
	struct arena *arena;
	const struct ical_clock *clock; /* of floating times; NULL: UTC */
	/* Is the ATTENDEE of that value and EMAIL the person whose time it is?
	 * What he has declined takes none of it, and what he may come to takes
	 * it tentatively.  NULL: nobody knows. */
	bool (*is_own)(void *context, view attendee, view email);
	void *context;
	struct ical_period *list;
	size_t count, room;
};

/* Add what the events of one object take of the range.  What cannot be read
 * takes nothing.  OVER_LIMIT. */
CHECKED result ical_busy_add(struct ical_busy *, view text, struct arena *);

/* The same of a person's VAVAILABILITY components (RFC 7953 5): all time
 * within them that is not AVAILABLE. */
CHECKED result ical_available_add(
    struct ical_busy *, view text, struct arena *);

/* A VCALENDAR with at least one, and nothing else but time zones.
 * MALFORMED, OVER_LIMIT. */
CHECKED result ical_available_check(view text);

/* The whole as a VCALENDAR with one VFREEBUSY, made at `now`, whose UID (RFC
 * 5545 3.6.4) is `uid`; periods that touch are joined. */
void ical_busy_write(
    struct ical_busy *, view uid, int64_t now, struct buf *out);

/* The same as the answer of an attendee (RFC 6638 5.1); raw values. */
struct ical_busy_reply {
	view uid, organizer, attendee;
};
void ical_busy_reply(struct ical_busy *, const struct ical_busy_reply *,
    int64_t now, struct buf *out);

/* Does a period of one fall on a period of the other?  Sorts both. */
bool ical_busy_collide(struct ical_busy *, struct ical_busy *);

/* A DURATION (RFC 5545 3.3.6), positive; false: it is none. */
bool ical_read_duration(view, int64_t *seconds);

#endif
