/*
 * vacation.h - automatic replies (RFC 3834, RFC 5230): who gets one, and what
 * it looks like.  How often is the caller's business.
 */
#ifndef SMTP_VACATION_H
#define SMTP_VACATION_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"

/* May this be answered at all?  Not bounces, lists, bulk mail, nor what was
 * sent by a program (RFC 3834 2, RFC 5230 4.6). */
bool vacation_may_answer(view sender, view header);

/* Called with each address of To, Cc, Bcc and their Resent- forms: true when
 * it is one of the person's own. */
typedef bool vacation_is_own(void *context, view address);

/* Was it sent to the person (RFC 5230 4.5)? */
bool vacation_is_addressed(view header, struct arena *, vacation_is_own *,
    void *context);

struct vacation_reply {
	const char *hostname;
	view id;        /* for Message-ID */
	view from;      /* the person's address */
	view from_name; /* UTF-8; may be empty */
	view to;        /* the sender's */
	view subject;   /* empty: "Auto: " and the original one */
	view text;
	bool mime;   /* `text` begins with header fields of its own */
	view header; /* of the original */
	int64_t now;
};

void vacation_write(const struct vacation_reply *, struct arena *,
    struct buf *out);

/* $SUBJECT, $FROM, $TO and $DATE of the plain setting, replaced. */
view vacation_fill(view text, const struct vacation_reply *, struct arena *);

#endif
