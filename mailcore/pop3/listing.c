/* STAT, LIST, UIDL, RETR, TOP, DELE (RFC 1939 5, 7). */
#include "mailcore/base/scan.h"
#include "mailcore/format/mime.h"
#include "mailcore/pop3/session.h"

enum {
	LINES_A_STEP = 2000,  /* of LIST and UIDL */
	OCTETS_A_STEP = 49152 /* of a message, before dots are doubled */
};

static struct step
refuse(struct buf *out, const char *why)
{
	buf_print(out, "-ERR %s\r\n", why);
	return pop3_next();
}

/* Take one message number; NULL: there is no such message (now). */
static struct message *
take_message(struct pop3 *s, struct scan *scan)
{
	uint64_t n = scan_number(scan, UINT32_MAX,
	    "RFC 1939 3: a message number");

	if (!scan_ok(scan) || n == 0 || n > s->drop.count
	    || s->drop.messages[n - 1].deleted)
		return NULL;
	return &s->drop.messages[n - 1];
}

/* The only argument is a message number. */
static struct message *
only_message(struct pop3 *s, view argument)
{
	struct scan scan = scan_over(view_trim(argument));
	struct message *m = take_message(s, &scan);

	return scan_ok(&scan) && scan_at_end(&scan) ? m : NULL;
}

static size_t
number_of(const struct pop3 *s, const struct message *m)
{
	return (size_t)(m - s->drop.messages) + 1;
}

static void
add_line(const struct pop3 *s, enum pop3_sending what,
    const struct message *m, struct buf *out)
{
	if (what == SEND_LIST)
		buf_print(out, "%zu %llu\r\n", number_of(s, m),
		    (unsigned long long)m->size);
	else
		/* RFC 1939 7: never the same for two messages. */
		buf_print(out, "%zu %u.%u\r\n", number_of(s, m),
		    s->drop.uid_validity, m->uid);
}

static struct step
send_lines(struct pop3 *s, struct buf *out)
{
	for (size_t i = 0; i < LINES_A_STEP && s->at < s->drop.count;
	     i++, s->at++)
		if (!s->drop.messages[s->at].deleted)
			add_line(s, s->sending, &s->drop.messages[s->at], out);
	if (s->at < s->drop.count)
		return (struct step){ .next = STEP_CONTINUE };
	s->sending = SEND_NOTHING;
	buf_add(out, VIEW(".\r\n"));
	return pop3_next();
}

/* LIST and UIDL: of one message, or of all. */
static struct step
list(struct pop3 *s, enum pop3_sending what, view argument, struct buf *out)
{
	const struct message *m;
	size_t count;
	uint64_t octets;

	if (view_trim(argument).n > 0) {
		m = only_message(s, argument);
		if (m == NULL)
			return refuse(out, "RFC 1939 5: no such message");
		buf_add(out, VIEW("+OK "));
		add_line(s, what, m, out);
		return pop3_next();
	}
	maildrop_total(&s->drop, &count, &octets);
	buf_print(out, "+OK %zu messages (%llu octets)\r\n", count,
	    (unsigned long long)octets);
	s->sending = what;
	s->at = 0;
	return send_lines(s, out);
}

struct step
pop3_list(struct pop3 *s, view argument, struct buf *out)
{
	return list(s, SEND_LIST, argument, out);
}

struct step
pop3_uidl(struct pop3 *s, view argument, struct buf *out)
{
	return list(s, SEND_UIDL, argument, out);
}

struct step
pop3_stat(struct pop3 *s, view argument, struct buf *out)
{
	size_t count;
	uint64_t octets;

	if (view_trim(argument).n > 0)
		return refuse(out, "RFC 1939 5: STAT takes no argument");
	maildrop_total(&s->drop, &count, &octets);
	buf_print(out, "+OK %zu %llu\r\n", count, (unsigned long long)octets);
	return pop3_next();
}

struct piece {
	struct pop3 *s;
	struct buf *out;
};

static void
send_piece(void *context, view bytes)
{
	struct piece *p = context;
	struct pop3 *s = p->s;
	size_t before = s->surrogate.n;
	view rest = view_from(buf_view(&s->surrogate), (size_t)s->from);
	view now;

	if (s->from >= before)
		rest = view_from(view_first(view_from(bytes, s->header),
		                     (size_t)s->to - before),
		    (size_t)s->from - before);
	now = view_first(rest, OCTETS_A_STEP);
	wire_add(&s->wire, now, p->out);
	s->from += now.n;
	/* Somebody has made it shorter: there is nothing more. */
	if (now.n == 0)
		s->from = s->to;
}

static struct step
send_text(struct pop3 *s, struct buf *out)
{
	struct piece p = { s, out };
	result r = maildrop_read(s->services->store, &s->drop,
	    &s->drop.messages[s->at], send_piece, &p);

	/* In the middle of a text there is no way to say so. */
	if (r.is != OK)
		return (struct step){ .next = STEP_CLOSE };
	if (s->from < s->to)
		return (struct step){ .next = STEP_CONTINUE };
	wire_end(&s->wire, out);
	buf_add(out, VIEW(".\r\n"));
	s->sending = SEND_NOTHING;
	return pop3_next();
}

struct step
pop3_send(struct pop3 *s, struct buf *out)
{
	return s->sending == SEND_TEXT ? send_text(s, out)
				       : send_lines(s, out);
}

/* How far a TOP goes: UINT64_MAX lines are all of it. */
struct extent {
	struct pop3 *s;
	uint64_t lines;
	uint64_t octets;
};

static void
measure(void *context, view bytes)
{
	struct extent *e = context;
	struct pop3 *s = e->s;
	view header = view_first(bytes, header_length(bytes));
	size_t n = bytes.n;
	view rest, line;

	buf_reset(&s->surrogate);
	s->header = !s->utf8 && pop3_surrogate(header, &s->surrogate)
	    ? header.n : 0;
	if (e->lines != UINT64_MAX) {
		n = header.n;
		rest = view_from(bytes, n);
		while (e->lines-- > 0 && view_line(&rest, &line))
			n = bytes.n - rest.n;
	}
	e->octets = n - s->header + s->surrogate.n;
}

static struct step
send_message(struct pop3 *s, const struct message *m, uint64_t lines,
    struct buf *out)
{
	struct extent e = { .s = s, .lines = lines };
	result r = maildrop_read(s->services->store, &s->drop, m, measure, &e);

	if (r.is == NOT_FOUND)
		return refuse(out, "another program has removed this message");
	if (r.is != OK)
		return refuse(out, "[SYS/TEMP] cannot read this message now");
	s->sending = SEND_TEXT;
	s->at = number_of(s, m) - 1;
	s->from = 0;
	s->to = e.octets;
	s->wire = (struct wire){ .state = WIRE_LINE_START, .stuff = true };
	if (lines == UINT64_MAX)
		buf_print(out, "+OK %llu octets\r\n",
		    (unsigned long long)m->size - s->header
		        + s->surrogate.n);
	else
		buf_add(out, VIEW("+OK top of message follows\r\n"));
	return send_text(s, out);
}

struct step
pop3_retr(struct pop3 *s, view argument, struct buf *out)
{
	const struct message *m = only_message(s, argument);

	if (m == NULL)
		return refuse(out, "RFC 1939 5: no such message");
	return send_message(s, m, UINT64_MAX, out);
}

struct step
pop3_top(struct pop3 *s, view argument, struct buf *out)
{
	struct scan scan = scan_over(view_trim(argument));
	const struct message *m = take_message(s, &scan);
	uint64_t lines;

	scan_byte(&scan, ' ', "RFC 1939 7: TOP message lines");
	lines = scan_number(&scan, UINT32_MAX, "RFC 1939 7: TOP message lines");
	scan_end(&scan, "RFC 1939 7: TOP message lines");
	if (!scan_ok(&scan))
		return refuse(out, scan_result(&scan).why);
	if (m == NULL)
		return refuse(out, "RFC 1939 7: no such message");
	return send_message(s, m, lines, out);
}

struct step
pop3_dele(struct pop3 *s, view argument, struct buf *out)
{
	struct message *m = only_message(s, argument);

	if (m == NULL)
		return refuse(out, "RFC 1939 5: no such message");
	m->deleted = true;
	buf_print(out, "+OK message %zu marked\r\n", number_of(s, m));
	return pop3_next();
}
