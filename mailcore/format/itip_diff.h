/*
 * itip_diff.h - what must be told to whom when a scheduling object changes
 * (RFC 6638 3.2).  Pure functions from an old and a new version to messages
 * and to what is to be stored.
 */
#ifndef FORMAT_ITIP_DIFF_H
#define FORMAT_ITIP_DIFF_H

#include "mailcore/format/itip.h"

struct itip_message {
	struct itip_message *next;
	enum itip_method method;
	bool quiet; /* nobody need look: not by mail, not into an inbox */
	view *to;   /* addresses */
	size_t count;
	view text;
};

/* What is not allowed (RFC 6638 3.2.4). */
enum itip_fault {
	ITIP_FINE,
	ITIP_BAD_ORGANIZER_CHANGE,
	ITIP_BAD_ATTENDEE_CHANGE
};

struct itip_outcome {
	enum itip_fault fault;
	bool rewritten; /* `text` is not what came */
	view text;      /* to be stored */
	struct itip_message *first, *last;
	size_t messages;
};

/* The organizer's: `old` and `new` may be NULL, not both.  Texts live in the
 * arena of `new`, or else of `old`. */
CHECKED result itip_organize(const struct itip *old, struct itip *new,
    const struct itip_people *, int64_t now, struct itip_outcome *out);

/* Answers that came meanwhile, in place of those that a client still has
 * (RFC 6638 3.2.10).  true: some differ. */
bool itip_keep_answers(const struct itip *old, struct itip *new,
    const struct itip_people *);

/* The attendee's.  `old` NULL: a first copy; `new` NULL: removed. */
CHECKED result itip_attend(const struct itip *old, struct itip *new,
    const struct itip_people *, int64_t now, struct itip_outcome *out);

/* The whole of `i` for those of `to` that attend it, quietly. */
CHECKED result itip_refresh(const struct itip *i, const view *to,
    size_t count, int64_t now, struct itip_outcome *out);

/* The answer of an attendee to all that a REQUEST asks. */
CHECKED result itip_answer(const struct itip *i, const struct itip_people *,
    view partstat, int64_t now, struct itip_outcome *out);

#endif
