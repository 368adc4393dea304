/*
 * ical_inside.h - what the files of ical.h share.
 *
 * All times here are int64_t seconds since 1970; a floating time is read as
 * UTC.  Work is bounded: a rule that libical could chew on for long is never
 * given to it (such an object counts as being everywhere), and iterating ends
 * after ICAL_STEPS.
 */
#ifndef FORMAT_ICAL_INSIDE_H
#define FORMAT_ICAL_INSIDE_H

#include "mailcore/format/ical.h"
#include "mailcore/format/ical_busy.h"

#include <libical/ical.h>

enum {
	ICAL_STEPS = 20000, /* instances looked at, of one object */
	ICAL_OVERRIDES = 256, /* with more, none changes what follows it */
	ICAL_RULES = 2,     /* RRULEs of one component that are followed */
	ICAL_FLOAT = 14 * 3600,
	ICAL_DAY = 86400
};

/* Before the first use of libical; any thread.  ical_read does. */
void ical_start_library(void);

/* One VCALENDAR, without lines of pictures, and without time zones that take
 * long to expand; `times_only`: without all that tells no times.  NULL: it is
 * none.  The caller frees it by icalcomponent_free. */
icalcomponent *ical_read(view text, bool times_only, struct arena *);

/* A VTIMEZONE without STANDARD and DAYLIGHT is the zone of its name, as this
 * system has it: ical_read adds them for known zones that the text does not
 * define. */
bool ical_is_zone_name(icalcomponent *);

/* May libical iterate it? */
bool ical_rule_is_harmless(const struct icalrecurrencetype *);

/* Days that no month has: 30 February. */
bool ical_rule_never(const struct icalrecurrencetype *);

/* Is an instance after the rule's UNTIL? */
bool ical_is_past(const struct icalrecurrencetype *,
    const struct icaltimetype *start, int64_t wall, int64_t seconds);

struct ical_range {
	int64_t from, to; /* from <= t < to */
};

/* Is it when clocks show its time, wherever they are? */
bool ical_floats(icalcomponent *);

/* A range as the clock shows it. */
struct ical_range ical_by_clock(
    const struct ical_clock *, const struct ical_range *);

struct ical_moments {
	int64_t *list; /* ascending */
	size_t count;
};

void ical_sort(int64_t *moments, size_t count);

/* Has it a RECURRENCE-ID? */
bool ical_is_override(icalcomponent *);

/* An override that with RANGE=THISANDFUTURE stands for the instances behind
 * its own too (RFC 5545 3.2.13); one that stands for its own alone. */
bool ical_is_ranged(icalcomponent *);
bool ical_is_single(icalcomponent *);

/* The component that an override belongs to, itself if it is none; NULL: it is
 * not there.  `*next` is where the first override behind `from` begins that
 * changes all that follows. */
icalcomponent *ical_master_of(icalcomponent *, int64_t from, int64_t *next);

/* The null time: none. */
struct icaltimetype ical_property_time(icalcomponent *, icalproperty_kind);

/* false: there is no such property, or it cannot be read.  `floating` may be
 * NULL; true also for a DATE. */
bool ical_moment(
    icalcomponent *, icalproperty_kind, int64_t *out, bool *floating);
int64_t ical_seconds(struct icaltimetype);

/* As the clock shows it, whatever the zone. */
int64_t ical_wall(struct icaltimetype);

/* RFC 4791 9.9: does this component, as it stands (without recurrence),
 * overlap? */
bool ical_overlaps(icalcomponent *, const struct ical_range *);

/* What an index must know of it, without recurrence: everything that
 * ical_overlaps could find lies within. */
struct ical_range ical_extent(icalcomponent *);

/* RDATE and EXDATE of a component that begins at `start`, the latter sorted;
 * the caller frees them. */
struct ical_moments ical_additions(icalcomponent *, struct icaltimetype start);
struct ical_moments ical_exclusions(
    icalcomponent *, struct icaltimetype start);
void ical_moments_free(struct ical_moments *);

/* Begin and length of an event, as RFC 4791 9.9 reckons them; false: it has
 * no begin. */
bool ical_event_time(icalcomponent *, int64_t *begin, int64_t *length);

/* Is `t`, the instance `shift` seconds after the component's own time, one
 * that is looked for? */
typedef bool ical_test(void *context, icalcomponent *, int64_t shift);

/* Run `test` for the component's own time and every recurrence that may
 * touch `range`, except those in EXDATE and in `overridden`; true as soon as
 * one fits, and when the bounds do not allow to tell.  Recurrences behind an
 * override with THISANDFUTURE are its own, moved as far as it is.
 * `overridden` NULL: the rules alone. */
bool ical_any_instance(icalcomponent *, const struct ical_range *range,
    const struct ical_moments *overridden, ical_test *test, void *context);

/* Where its first and last recurrence begin, at most; `last` INT64_MAX:
 * without end, or not known. */
void ical_starts(icalcomponent *, int64_t *first, int64_t *last);

/* Every instance of a component that falls into the range, as a period.
 * false: there is no room for more. */
bool ical_busy_instances(struct ical_busy *, icalcomponent *,
    const struct ical_moments *overridden, enum ical_taken);
bool ical_busy_keep(struct ical_busy *, const struct ical_period *);

#endif
