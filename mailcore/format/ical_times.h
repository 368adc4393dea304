/*
 * ical_times.h - when the events of one object are, in a few bytes: made once
 * when it is stored, and asked instead of the object by a query that wants
 * to know only whether something happens in a range of time.
 *
 * Written out are single events, overrides, DTSTART and RDATE; a rule is kept
 * as it is, with what its zone does from its begin on.  So any range between
 * the years 1 and 9999 is answered, at a cost that grows with the range and
 * not with the time since the first instance.
 */
#ifndef FORMAT_ICAL_TIMES_H
#define FORMAT_ICAL_TIMES_H

#include "mailcore/format/ical_inside.h"

enum {
	ICAL_TIMES_MOST = 2048, /* bytes */
	ICAL_TIMES_LIST = 200   /* written out; excluded */
};

/* Empty: it cannot be told so shortly, or is not of events. */
view ical_times_make(icalcomponent *calendar, struct arena *);

#endif
