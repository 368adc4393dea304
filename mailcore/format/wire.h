/*
 * wire.h - message text as it goes over the wire in SMTP and POP3: every
 * line ends in CRLF and, where the protocol ends a text with a lone dot, a
 * dot that begins a line is doubled (RFC 5321 4.5.2, RFC 1939 3).
 *
 * Bare CR and bare LF become CRLF, so whatever was stored, no peer can see
 * an end of data that we did not mean (SMTP smuggling).  Fed piecewise; the
 * output does not depend on where the pieces are cut.
 */
#ifndef FORMAT_WIRE_H
#define FORMAT_WIRE_H

#include "mailcore/base/buf.h"

enum wire_state { WIRE_LINE_START, WIRE_TEXT, WIRE_CR };

struct wire {
	enum wire_state state;
	bool stuff; /* double the dots */
};

void wire_add(struct wire *, view text, struct buf *out);

/* Completes the last line; nothing to do when it is complete. */
void wire_end(struct wire *, struct buf *out);

#endif
