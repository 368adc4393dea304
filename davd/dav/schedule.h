/*
 * schedule.h - what scheduling (RFC 6638) does to requests: inbox and outbox
 * of a home, and what follows from a change of a calendar object.
 */
#ifndef DAV_SCHEDULE_H
#define DAV_SCHEDULE_H

#include "davd/dav/change.h"
#include "mailcore/schedule/schedule.h"

/* One request that changes calendar objects. */
struct scheduling {
	struct dav *d;
	struct schedule services;
	struct schedule_turn turn;
	/* Why it is refused, as an answer needs it. */
	unsigned status;
	const char *condition; /* NULL: the status alone */
	unsigned need;         /* a right that is missing */
	view href;
	/* What it has come to. */
	bool rewritten; /* another text than the client's is stored */
	bool scheduled;
	view text; /* what is stored; of one object */
};

/* What scheduling needs of a server's services. */
void scheduling_services(const struct dav_services *, struct schedule *out);

void scheduling_new(struct dav *, struct scheduling *);

/* schedule_write of this request. */
CHECKED result scheduling_write(
    struct scheduling *, account_work *work, void *context);

/* Inside its work: an object of `c` is to be put (`old` NULL: there is none
 * yet), whose bytes are `text`; `new` is changed where others are stored.
 * DENIED, STALE: `status` and `condition` say why. */
CHECKED result scheduling_put(struct scheduling *, const struct collection *c,
    const struct item *old, view text, struct item_new *new);

/* The same, and it is to be removed, or to be copied (`to`) to another
 * calendar. */
CHECKED result scheduling_remove(struct scheduling *,
    const struct collection *c, const struct item *old);
CHECKED result scheduling_remove_all(
    struct scheduling *, const struct collection *c);
CHECKED result scheduling_copy(struct scheduling *,
    const struct collection *from, const struct item *);

/* The same, and `by` takes the place of `there`, in `c`. */
CHECKED result scheduling_replace(struct scheduling *,
    const struct collection *c, const struct item *there,
    const struct item *by);

/* The answer, when `status` says that it was refused; false: it was not. */
bool scheduling_answer(struct scheduling *);

/* "Schedule-Tag" of the answer, when the text has one. */
void scheduling_tag(struct dav *, view text);

/* One's own inbox is there before anybody looks for it. */
CHECKED result scheduling_ready(struct dav *);

/* Setting schedule-default-calendar-URL (RFC 6638 9.2). */
bool scheduling_is_default(const struct change *);
bool scheduling_judge_default(struct dav *, const struct change *);
CHECKED result scheduling_apply_default(
    struct dav *, int64_t inbox, const struct change *);

/* Is this POST for the outbox (RFC 6638 5)?  Old clients know another one. */
bool scheduling_is_outbox(const struct dav *);
void scheduling_post(struct dav *);

/* What a URL names that lies in a collection of that kind, and it itself. */
enum dav_what dav_member(enum collection_kind);
enum dav_what dav_container(enum collection_kind);

#endif
