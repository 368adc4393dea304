/*
 * message.h - what a mailbox shows of a message, made once at delivery:
 * ENVELOPE, BODY, BODYSTRUCTURE (RFC 9051 7.5.2), ready to send in ASCII
 * (RFC 2047 words stay as they are, raw 8-bit bytes are made into them).
 */
#ifndef FORMAT_MESSAGE_H
#define FORMAT_MESSAGE_H

#include "mailcore/base/arena.h"
#include "mailcore/base/buf.h"
#include "mailcore/format/mime.h"

struct message_summary {
	view envelope;
	view body;
	view bodystructure;
	view header;  /* empty when over LIMIT_HEADER */
	int64_t sent; /* Date: field, seconds; 0 without */
};

/* Views live in `arena` (header: in `message`).  Never fails on bad mail;
 * OVER_LIMIT only by the arena's budget; the three together take at most
 * LIMIT_ENVELOPE + 2 * LIMIT_BODYSTRUCTURE bytes. */
CHECKED result message_summarise(view message, struct arena *,
    struct message_summary *out);

/* The ENVELOPE of a header block. */
void message_envelope(struct buf *, view header, struct arena *);

/* The BODY of a message, `extended`: its BODYSTRUCTURE. */
void message_structure(struct buf *, const struct mime_part *, bool extended,
    struct arena *);

#endif
