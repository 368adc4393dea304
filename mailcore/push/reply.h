/*
 * reply.h - what a push service answers (RFC 8030 5), line by line.
 */
#ifndef PUSH_REPLY_H
#define PUSH_REPLY_H

#include "mailcore/base/result.h"
#include "mailcore/base/view.h"

struct push_reply {
	unsigned status;     /* 0: not seen yet */
	int64_t retry_after; /* seconds from now; 0: not said */
	bool whole;          /* the empty line was seen */
	size_t lines;
};

/* Take one line, without its end.  After an interim answer it begins again.
 * MALFORMED: not HTTP.  OVER_LIMIT: LIMIT_PUSH_LINES. */
CHECKED result push_reply_take(struct push_reply *, view line, int64_t now);

/* What to do then. */
enum push_verdict {
	PUSH_TAKEN,
	PUSH_GONE, /* RFC 8030 7.3: the client does not want it any more */
	PUSH_LATER
};
enum push_verdict push_reply_verdict(const struct push_reply *);

/* Seconds until the next attempt, after `failures` of them, this one too. */
int64_t push_reply_wait(const struct push_reply *, int64_t failures);

#endif
