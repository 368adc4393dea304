/*
 * itip.h - what scheduling must know of a calendar object or an iTIP message
 * (RFC 5546, RFC 6638): its instances, their times, who organises and who
 * attends.  Pure: who an address is, the caller says.
 *
 * Addresses are canonical: "user@domain" in lower case for mailto: and for
 * principal paths; another URI as it is.
 */
#ifndef FORMAT_ITIP_H
#define FORMAT_ITIP_H

#include "mailcore/format/itip_tree.h"

/* A parameter of ATTENDEE: the DTSTAMP of the newest reply. */
#define ITIP_REPLIED "X-POSTHASTE-REPLIED"

enum itip_method {
	ITIP_NONE, /* a stored object */
	ITIP_REQUEST,
	ITIP_REPLY,
	ITIP_CANCEL,
	ITIP_OTHER /* is left to people */
};

struct itip_attendee {
	view address;
	struct itip_line *line;
};

/* A moment and how it is spelled: EXDATE, RECURRENCE-ID. */
struct itip_named {
	int64_t id;
	view parameters, value;
};

/* A component without RECURRENCE-ID, the master, or one instance of it. */
struct itip_instance {
	struct itip_part *part;
	bool master;
	bool date;             /* DTSTART is a DATE */
	int64_t id;            /* moment of RECURRENCE-ID */
	int64_t from, to;      /* moments of its own time */
	int64_t sequence, stamp;
	view organizer;
	struct itip_line *organizer_line; /* NULL: none */
	struct itip_attendee *attendees;
	size_t attendee_count;
	struct itip_named *excluded; /* EXDATE, ascending */
	size_t excluded_count;
	view *rules; /* RRULE and RDATE, sorted */
	size_t rule_count;
	view *shared; /* lines that concern all who attend, sorted */
	size_t shared_count;
};

struct itip {
	struct arena *arena;
	struct itip_part *calendar; /* without METHOD */
	enum itip_method method;
	view uid;
	view component;
	view organizer; /* of all of them; empty: none */
	bool mixed;     /* they differ: RFC 6638 3.2.4.2 */
	struct itip_instance *list; /* the master first, then by id */
	size_t count;
};

/* `why` and status as those of ical_examine. */
CHECKED result itip_read(view text, struct arena *, struct itip **out);

/* What the compare functions below need of it; itip_again does that. */
CHECKED result itip_prepare(struct itip_instance *, struct arena *);

/* Again, after the tree was changed. */
CHECKED result itip_again(struct itip_part *calendar, struct arena *,
    struct itip **out);

/* In the arena. */
view itip_text(const struct itip_part *calendar, enum itip_method,
    struct arena *);
const char *itip_method_name(enum itip_method);

/* NULL: there is none. */
struct itip_instance *itip_master(const struct itip *);
struct itip_instance *itip_instance_of(const struct itip *, int64_t id);
bool itip_excludes(const struct itip_instance *, int64_t id);

/* One UID, one type. */
bool itip_same_object(const struct itip *, const struct itip *);

/* Which of these are among the master's recurrences?  Also those of which
 * it cannot be told, within bounds on the work. */
enum { ITIP_RECURRENCES = 100 };
void itip_recurs(const struct itip *, const int64_t *ids, size_t count,
    bool *out);

view itip_address(const struct itip_line *, struct arena *);

/* The same of its value and its EMAIL, empty when it has none. */
view itip_address_of(view uri, view email, struct arena *);
struct itip_attendee *itip_attends(const struct itip_instance *,
    view address);

/* SCHEDULE-AGENT=CLIENT or NONE: not for us (RFC 6638 7.1). */
bool itip_is_ours(const struct itip_line *);

/* "NEEDS-ACTION" without a PARTSTAT. */
view itip_partstat(const struct itip_line *);

/* Same moments and same rules: nobody has to be asked again. */
bool itip_same_time(const struct itip_instance *,
    const struct itip_instance *);

/* The same to an attendee, times aside: without what is personal or moves
 * with every store (DTSTAMP, alarms, X-...), and without ATTENDEE. */
bool itip_same_text(const struct itip_instance *,
    const struct itip_instance *);

/* Whole days are named by a day, others by a moment (RFC 5545 3.8.4.4). */
bool itip_is_named(const struct itip_instance *master,
    const struct itip_named *);

/* That instance of the master, as an override would be; NULL: there is no
 * master, or it has no instance of such a name. */
struct itip_part *itip_derive(const struct itip *, const struct itip_named *);

/* "20260101T100000", "20260101T100000Z" or "20260101", by whatever clock. */
bool itip_wall(view, struct arena *, int64_t *out);

/* How an override spells its time. */
struct itip_named itip_named_of(const struct itip_instance *);

/* Who an address is. */
struct itip_person {
	view address;
	bool self;   /* the account that this is done for */
	view status; /* RFC 6638 3.2.9: what a message to it will come to */
};

struct itip_people {
	struct itip_person *list; /* by address */
	size_t count;
};

/* All organizers and attendees of both, which may be NULL; `self` and
 * `status` are the caller's to fill in.  OVER_LIMIT: more than
 * LIMIT_ATTENDEES. */
CHECKED result itip_people_of(const struct itip *, const struct itip *,
    struct arena *, struct itip_people *out);
const struct itip_person *itip_person(const struct itip_people *,
    view address);
bool itip_is_self(const struct itip_people *, view address);

/* The attendee that is oneself; NULL. */
struct itip_attendee *itip_own(const struct itip_instance *,
    const struct itip_people *);

/* RFC 6638 3.1, for the account of `people`. */
enum itip_role {
	ITIP_PLAIN,     /* nothing to schedule */
	ITIP_ORGANIZER,
	ITIP_ATTENDEE
};
enum itip_role itip_role(const struct itip *, const struct itip_people *);

/* All of a text that is not the PARTSTAT of others: what a Schedule-Tag
 * stands for (RFC 6638 3.2.10).  In the arena; empty: cannot be read. */
view itip_stable(view text, const struct itip_people *, struct arena *);

#endif
