/*
 * data.h - the text of DATA and BDAT as it comes, in any pieces.
 *
 * End of data is exactly CR LF . CR LF and nothing else (RFC 5321 4.1.1.4);
 * the command line's own CRLF counts as the first.  A bare CR, a bare LF, a
 * NUL or a line over LIMIT_SMTP_DATA_LINE spoils the message, which is refused
 * when its real end has come: two servers must never disagree about where a
 * message ends (SMTP smuggling).  BDAT text is framed by its length, so dots
 * mean nothing in it, but its lines obey the same rules (RFC 3030 4.2).
 */
#ifndef SMTP_DATA_H
#define SMTP_DATA_H

#include "mailcore/base/result.h"
#include "mailcore/base/view.h"

enum data_state {
	DATA_TEXT,
	DATA_CR,     /* CR */
	DATA_LINE,   /* CR LF: a line begins */
	DATA_DOT,    /* CR LF . */
	DATA_DOT_CR, /* CR LF . CR */
	DATA_END,
	DATA_STATES
};

struct data {
	enum data_state state;
	bool framed; /* BDAT */
	size_t line; /* octets of the present line */
	result r;    /* the first rule broken */
};

struct data data_start(bool framed);

/* How many bytes of `in` belong to the text, its end included; all of them
 * when the end is not among them.  Changes nothing. */
size_t data_span(const struct data *, view in);

/* Take text off `in`: the next piece with its dots unstuffed.  Empty when
 * `in` is used up or the end has come (then state is DATA_END). */
view data_next(struct data *, view *in);

/* The framed text is complete: is its last line?  A CR must not be last. */
void data_finish(struct data *);

#endif
