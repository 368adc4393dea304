/*
 * parse_ask.h - what else a sender asks for with MAIL and RCPT: notices (RFC
 * 3461), a later time (RFC 4865), TLS all the way (RFC 8689).  Offered to who
 * submits; parse.c takes the parameters apart.
 */
#ifndef SMTP_PARSE_ASK_H
#define SMTP_PARSE_ASK_H

#include "mailcore/base/arena.h"
#include "mailcore/store/queue.h"

struct smtp_ask {
	bool any;         /* something was asked for */
	enum queue_ret ret;
	view envelope_id; /* ENVID, in xtext; empty: not said */
	bool requiretls;
	bool holds;
	int64_t hold_for; /* seconds; 0: `hold_until` stands */
	int64_t hold_until;
};

/* NOT_FOUND: another parameter.  MALFORMED. */
CHECKED result ask_mail(struct smtp_ask *, struct arena *, view name,
    view value);
CHECKED result ask_rcpt(struct queue_want *, struct arena *, view name,
    view value);

/* When it may go: after `now`, or 0: at once.  OVER_LIMIT: later than
 * LIMIT_FUTURE_RELEASE. */
CHECKED result ask_release(const struct smtp_ask *, int64_t now,
    int64_t *release);

/* xtext (RFC 3461 4): printable, with +2B for what is not. */
bool ask_is_xtext(view);

/* "2003-12-13T18:30:02.25+01:00" (RFC 3339 5.6).  MALFORMED. */
CHECKED result ask_moment(view, int64_t *seconds);

#endif
