#include "mailcore/smtp/data.h"

#include "mailcore/base/limits.h"

enum token { CR, LF, DOT, OTHER, TOKENS };

/* The automaton of the pattern CR LF . CR LF. */
static const enum data_state next_state[DATA_STATES][TOKENS] = {
	/*                CR           LF         DOT        OTHER */
	[DATA_TEXT] = { DATA_CR, DATA_TEXT, DATA_TEXT, DATA_TEXT },
	[DATA_CR] = { DATA_CR, DATA_LINE, DATA_TEXT, DATA_TEXT },
	[DATA_LINE] = { DATA_CR, DATA_TEXT, DATA_DOT, DATA_TEXT },
	[DATA_DOT] = { DATA_DOT_CR, DATA_TEXT, DATA_TEXT, DATA_TEXT },
	[DATA_DOT_CR] = { DATA_CR, DATA_END, DATA_TEXT, DATA_TEXT },
	[DATA_END] = { DATA_END, DATA_END, DATA_END, DATA_END },
};

struct data
data_start(bool framed)
{
	return (struct data){
		.state = DATA_LINE, .framed = framed, .r = done()
	};
}

static enum token
token_of(const struct data *d, char byte)
{
	switch (byte) {
	case '\r':
		return CR;
	case '\n':
		return LF;
	case '.':
		return d->framed ? OTHER : DOT;
	default:
		return OTHER;
	}
}

static void
spoil(struct data *d, enum status is, const char *why)
{
	if (d->r.is == OK)
		d->r = fail(is, why);
}

static bool
after_cr(const struct data *d)
{
	return d->state == DATA_CR || d->state == DATA_DOT_CR;
}

static void
step(struct data *d, char byte)
{
	enum token token = token_of(d, byte);

	if (after_cr(d) && token != LF)
		spoil(d, MALFORMED, "RFC 5321 2.3.8: bare CR in the message");
	if (!after_cr(d) && token == LF)
		spoil(d, MALFORMED, "RFC 5321 2.3.8: bare LF in the message");
	if (byte == '\0')
		spoil(d, MALFORMED, "RFC 5322 4: NUL in the message");
	d->state = next_state[d->state][token];
	d->line = d->state == DATA_LINE ? 0 : d->line + 1;
	if (d->line > LIMIT_SMTP_DATA_LINE + 1) /* the 1: its CR */
		spoil(d, OVER_LIMIT, "RFC 5321 4.5.3.1.6: line too long");
}

/* Bytes that belong to the transport: the stuffed dot, and the end. */
static bool
is_hidden(const struct data *d, char byte)
{
	if (d->state == DATA_LINE)
		return byte == '.' && !d->framed;
	return (d->state == DATA_DOT && byte == '\r')
	    || (d->state == DATA_DOT_CR && byte == '\n');
}

/* Bytes before the next CR, LF or NUL, where a line's rest may be skipped. */
static size_t
plain_run(view in)
{
	in = view_first(in, LIMIT_SMTP_DATA_LINE);
	in = view_first(in, view_find_byte(in, '\n'));
	in = view_first(in, view_find_byte(in, '\r'));
	return view_first(in, view_find_byte(in, '\0')).n;
}

size_t
data_span(const struct data *d, view in)
{
	view end = VIEW("\r\n.\r\n");
	size_t at;

	/* The state is how much of the end has come. */
	if (!d->framed && d->state != DATA_END
	    && view_starts(in, view_from(end, (size_t)d->state)))
		return end.n - (size_t)d->state;
	at = d->framed ? SIZE_MAX : view_find(in, end);
	return at == SIZE_MAX ? in.n : at + end.n;
}

view
data_next(struct data *d, view *in)
{
	size_t n = 0;
	view piece;

	while (in->n > 0 && d->state != DATA_END && is_hidden(d, in->p[0])) {
		step(d, in->p[0]);
		*in = view_from(*in, 1);
	}
	while (n < in->n && d->state != DATA_END && !is_hidden(d, in->p[n])) {
		size_t plain = 0;

		if (d->state == DATA_TEXT && d->r.is == OK)
			plain = plain_run(view_from(*in, n));
		d->line += plain;
		n += plain;
		if (plain == 0)
			step(d, in->p[n++]);
	}
	piece = view_first(*in, n);
	*in = view_from(*in, n);
	return piece;
}

void
data_finish(struct data *d)
{
	if (after_cr(d))
		spoil(d, MALFORMED, "RFC 5321 2.3.8: bare CR in the message");
}
