/*
 * schedule.h - invitations and their answers (RFC 6638, iTIP RFC 5546, iMIP
 * RFC 6047): from a change of a calendar object to everybody it concerns.
 *
 * A change and its messages are one transaction.  Afterwards the messages
 * are delivered: into the calendars of those who live here, each in a
 * transaction of their own, and by mail to everybody else.  What a crash
 * leaves is delivered later, exactly once (store/schedule.h).
 */
#ifndef SCHEDULE_SCHEDULE_H
#define SCHEDULE_SCHEDULE_H

#include "mailcore/format/ical_busy.h"
#include "mailcore/format/itip_diff.h"
#include "mailcore/store/item.h"
#include "mailcore/store/schedule.h"
#include "mailcore/sys/msg.h"

/* Appends header fields to be put in front of a mail of `account`: its
 * signature (mailcore/smtp/sign.h). */
typedef void schedule_sign(const void *context, int64_t account, view sender,
    view header, view body, struct buf *out);

struct schedule {
	struct store *store;
	struct post *post;   /* to wake the queue; may be NULL */
	schedule_sign *sign; /* may be NULL: it goes unsigned */
	const void *signing;
};

/* One write with what it causes.  Zeroed but for `s`. */
enum { SCHEDULE_SPOOLS = 8 };
struct schedule_turn {
	const struct schedule *s;
	int64_t mark;  /* in the house: something may be left */
	bool unmarked; /* the work stopped for want of it */
	bool queued;
	struct spool *spools[SCHEDULE_SPOOLS];
	size_t spool_count;
};

/* account_write, DURABLE, and then the delivery of what `work` has queued by
 * schedule_change with this turn; `work` may run again. */
CHECKED result schedule_write(struct schedule_turn *, struct account *,
    account_work *work, void *context);

/* One calendar object that changes. */
struct schedule_change {
	view old, new; /* texts; empty: none */
	bool silent;   /* Schedule-Reply: F (RFC 6638 8.1) */
	bool answers;  /* those in `old` are newer than those in `new` */
	bool mute;     /* who changes it may not speak for the account */
	/* What comes of it. */
	enum itip_fault fault;
	bool mixed;     /* RFC 6638 3.2.4.2 same-organizer... is broken */
	bool crowded;   /* more than LIMIT_ATTENDEES */
	bool flooded;   /* LIMIT_SCHEDULE_MAILED is reached */
	bool muted;     /* somebody had to be told, and must not be */
	bool scheduled; /* `new` has an organizer and attendees, us among */
	bool rewritten; /* `text` is to be stored instead of `new` */
	view text;
};

/* Inside the work of schedule_write, before the object is stored.  Check
 * `fault`, `mixed`, `crowded`, `flooded` and `muted` when it is OK; then
 * nothing was queued. */
CHECKED result schedule_change(struct account *, struct schedule_turn *,
    struct arena *, struct schedule_change *);

/* The bytes for item_add, which live as long as the turn; NULL: too many. */
struct spool *schedule_turn_spool(struct schedule_turn *, view text);

/* Deliver what is left of `account`; OK: nothing is. */
CHECKED result schedule_drain(
    const struct schedule *, int64_t account, unsigned depth);

/* All that a crash has left, or what could not be delivered before. */
void schedule_drain_all(const struct schedule *);

/* A mail that has come for `account`, from somebody whose address was proved
 * ("" : was not): an iTIP message in it is applied when it may speak for
 * whom it says (RFC 6047 3).  Anything else: OK, and nothing happens. */
CHECKED result schedule_receive_mail(const struct schedule *,
    int64_t account, view authenticated_from, view message);
CHECKED result schedule_receive(const struct schedule *, int64_t account,
    view authenticated_from, view itip);

/* Where the object of that UID is among the calendars.  NOT_FOUND. */
CHECKED result schedule_find(struct account *, struct arena *, view uid,
    struct collection *, struct item *out);

/* The calendar that invitations come into: the chosen one, or else the one
 * that is always there. */
CHECKED result schedule_target(
    struct account *, struct arena *, struct collection *out);

/* Inside account_write; 0: none is chosen any more. */
CHECKED result schedule_set_target(struct account *, struct arena *,
    int64_t inbox, int64_t calendar);

/* Who the people of an object are, for this account. */
CHECKED result schedule_resolve(struct store *, int64_t account,
    struct arena *, struct itip_people *);

/* RFC 6638 3.2.10; in the arena. */
view schedule_tag(struct store *, int64_t account, view text,
    struct arena *);

/* "3f2a...": the ETag of a text, in the arena. */
view schedule_etag(view text, struct arena *);

/* The clock of a calendar's floating times (RFC 4791 5.2.2, RFC 7809 5.2),
 * which its owner may have set; NULL: he has not. */
const struct ical_clock *schedule_clock(
    struct account *, int64_t calendar, struct arena *);

/* When the account is busy, calendars that do not count aside; `but`: a UID
 * that does not count.  OVER_LIMIT. */
CHECKED result schedule_busy(struct account *, view but, struct ical_busy *);

/* For ical_busy.is_own, with a struct schedule_owner; after so many as
 * LIMIT_BUSY_ANSWERS nobody is. */
struct schedule_owner {
	struct store *store;
	int64_t account;
	unsigned asked;
};
bool schedule_is_own(void *owner, view attendee, view email);

/* When its person cannot be had (RFC 7953); a part of schedule_busy.
 * OVER_LIMIT. */
CHECKED result schedule_available(struct account *, struct ical_busy *);

#endif
