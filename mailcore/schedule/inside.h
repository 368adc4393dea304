/*
 * inside.h - what the files of mailcore/schedule share.
 */
#ifndef SCHEDULE_INSIDE_H
#define SCHEDULE_INSIDE_H

#include "mailcore/schedule/schedule.h"
#include "mailcore/store/domain.h"

enum {
	SCHEDULE_ARENA = 134217728, /* two objects and what is made of them */
	SCHEDULE_HORIZON = 2 * 366  /* days that a resource looks ahead */
};

/* A message as it is taken in. */
struct taking {
	struct schedule_turn turn;
	const struct schedule_message *message;
	int64_t sender; /* its account; 0: came by mail */
	bool again;     /* was taken in before */
};

/* How an address is reached. */
enum schedule_reach { SCHEDULE_HERE, SCHEDULE_BY_MAIL, SCHEDULE_NOBODY };
struct schedule_way {
	enum schedule_reach reach;
	struct account_info account; /* id 0: no mailbox of ours */
	view mail;                   /* the address as mail has it */
};
CHECKED result schedule_reach(struct store *, struct arena *, view address,
    struct schedule_way *out);

/* account_work over a struct taking. */
result schedule_take_in(struct account *, void *taking);

/* One row of the outbox for each message. */
CHECKED result schedule_queue(struct account *, struct schedule_turn *,
    const struct itip_outcome *, view sender);

/* Is LIMIT_SCHEDULE_MAILED reached?  Nobody's calendar floods the world. */
CHECKED result schedule_mailed(
    struct store *, struct arena *, int64_t account, bool *enough);

void schedule_turn_reset(struct schedule_turn *);

/* The message as a mail (RFC 6047). */
struct schedule_mail {
	enum itip_method method;
	view sender;
	view name; /* of the sender's person; may be empty */
	const view *to;
	size_t count;
	view text;
	view id; /* for Message-ID */
	int64_t now;
};
CHECKED result schedule_mail_write(
    const struct schedule_mail *, struct arena *, struct buf *out);

#endif
