/*
 * itip_plan.h - the organizer's work between itip_organize.c, which makes
 * plans, and itip_compose.c, which writes what they say.
 *
 * For each address a plan is made, a mask with a letter for every instance
 * that its message speaks of; addresses with the same plan share a message.
 */
#ifndef FORMAT_ITIP_PLAN_H
#define FORMAT_ITIP_PLAN_H

#include "mailcore/format/itip_inside.h"

enum itip_kind { CANCEL_ALL, CANCEL_SOME, ASK, ASK_QUIETLY };

struct itip_plan {
	struct itip_plan *next;
	enum itip_kind kind;
	view mask;
	view *to;
	size_t count, room;
};

/* What is at one of `ids`: an override, or an EXDATE of the master; a moment
 * among whole days is as if it were excluded. */
struct itip_off {
	const struct itip_instance *old, *new;
	bool old_excluded, new_excluded;
};

/* What an instance was, NULL: nothing, and whether it still is. */
struct itip_before {
	const struct itip_instance *base;
	bool touched;
};

struct itip_work {
	const struct itip *old;
	struct itip *new;
	const struct itip_people *people;
	struct arena *arena;
	int64_t now;
	struct itip_outcome *out;
	struct itip_before *before; /* of each instance of `new` */
	bool guests;      /* somebody was added, or is no longer there */
	bool reverted;    /* overrides or EXDATEs are no longer there */
	struct itip_named *ids; /* that something may be cancelled at */
	struct itip_off *offs;
	size_t id_count;
	struct itip_plan *plans, *last;
};

/* Is the address to come, as far as it is ours to tell it? */
bool itip_comes(const struct itip_instance *, view address);
struct itip_instance *itip_master_of(const struct itip *);
struct itip_instance *itip_find(const struct itip *, int64_t id);

/* The message of one plan; and the attendees' lines, by all of them. */
void itip_compose(struct itip_work *, const struct itip_plan *);
void itip_mark_all(struct itip_work *);

#endif
