#include "mailcore/smtp/header.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/base/view.h"
#include "mailcore/format/mime.h"

/* EHLO names come from the network: only what cannot be mistaken for the
 * rest of a Received field goes into it. */
static void
add_hello(struct buf *out, view hello)
{
	for (size_t i = 0; i < hello.n; i++) {
		char c = hello.p[i];
		bool plain = ascii_is_alnum(c)
		    || view_find_byte(VIEW(".-_:[]"), c) != SIZE_MAX;

		buf_add_byte(out, plain ? c : '?');
	}
}

/* RFC 5321 4.1.3: "[192.0.2.1]", "[IPv6:2001:db8::1]". */
static void
add_literal(struct buf *out, view address)
{
	buf_add(out, VIEW("["));
	if (view_find_byte(address, ':') != SIZE_MAX)
		buf_add(out, VIEW("IPv6:"));
	buf_add(out, address);
	buf_add(out, VIEW("]"));
}

/* RFC 3848, RFC 6531 4.3. */
static void
add_protocol(struct buf *out, const struct header_trace *t)
{
	if (t->lmtp)
		buf_add(out, VIEW("LMTP"));
	else if (t->utf8)
		buf_add(out, VIEW("UTF8SMTP"));
	else
		buf_add_text(out, t->extended ? "ESMTP" : "SMTP");
	if (t->extended && t->tls)
		buf_add(out, VIEW("S"));
	if (t->extended && t->authenticated)
		buf_add(out, VIEW("A"));
}

void
header_received(struct buf *out, const struct header_trace *t)
{
	buf_add(out, VIEW("Received: from "));
	add_hello(out, t->hello);
	buf_add(out, VIEW(" ("));
	add_literal(out, t->peer);
	buf_add(out, VIEW(")\r\n\tby "));
	buf_add(out, t->hostname);
	buf_add(out, VIEW(" with "));
	add_protocol(out, t);
	buf_add(out, VIEW(" id "));
	buf_add(out, t->id);
	if (t->recipient.n > 0) {
		buf_add(out, VIEW("\r\n\tfor <"));
		buf_add(out, t->recipient);
		buf_add(out, VIEW(">"));
	}
	buf_add(out, VIEW(";\r\n\t"));
	date_add_rfc5322(out, t->now);
	buf_add(out, VIEW("\r\n"));
}

void
header_delivery(struct buf *out, view sender, view recipient)
{
	buf_add(out, VIEW("Return-Path: <"));
	buf_add(out, sender);
	buf_add(out, VIEW(">\r\nDelivered-To: "));
	buf_add(out, recipient);
	buf_add(out, VIEW("\r\n"));
}

/* Take the next line off; false at the blank line, which is left. */
static bool
take_line(view *header, view *line)
{
	size_t n = view_find_byte(*header, '\n');

	if (header->n == 0 || view_at(*header, 0) == '\n'
	    || view_starts(*header, VIEW("\r\n")))
		return false;
	*line = n == SIZE_MAX ? *header : view_first(*header, n + 1);
	*header = view_from(*header, line->n);
	return true;
}

static view
field_name(view line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] != ':' && ascii_is_graph(line.p[n]))
		n++;
	if (n == 0 || view_find_byte(view_first(line, n + 80), ':') == SIZE_MAX)
		return VIEW("");
	/* RFC 5322 4.5: blanks may stand before the colon. */
	if (view_at(view_trim(view_from(line, n)), 0) != ':')
		return VIEW("");
	return view_first(line, n);
}

/* What a submitted header has, by row of `fields`. */
static const struct {
	view name;
	bool dropped;
} fields[] = {
	{ VIEW_INIT("Date"), false },
	{ VIEW_INIT("From"), false },
	{ VIEW_INIT("Message-ID"), false },
	{ VIEW_INIT("Bcc"), true },
	/* RFC 5321 4.4: only the delivering server's is right. */
	{ VIEW_INIT("Return-Path"), true },
	{ VIEW_INIT("Resent-Bcc"), true }, /* RFC 5322 3.6.6: as Bcc */
};
enum { HAS_DATE = 1, HAS_FROM = 2, HAS_MESSAGE_ID = 4 };

static void
add_missing(struct buf *out, unsigned seen, const struct header_repair *r)
{
	if ((seen & HAS_DATE) == 0) {
		buf_add(out, VIEW("Date: "));
		date_add_rfc5322(out, r->now);
		buf_add(out, VIEW("\r\n"));
	}
	if ((seen & HAS_FROM) == 0) {
		buf_add(out, VIEW("From: "));
		buf_add(out, r->account);
		buf_add(out, VIEW("\r\n"));
	}
	if ((seen & HAS_MESSAGE_ID) == 0) {
		buf_add(out, VIEW("Message-ID: <"));
		buf_add(out, r->id);
		buf_add(out, VIEW("@"));
		buf_add(out, r->hostname);
		buf_add(out, VIEW(">\r\n"));
	}
}

void
header_repaired(struct buf *out, view header, const struct header_repair *r)
{
	unsigned seen = 0;
	bool dropping = false;
	view line;

	while (take_line(&header, &line)) {
		view name = field_name(line);
		bool folded = ascii_is_space(line.p[0]);

		if (!folded)
			dropping = false;
		for (size_t i = 0; i < COUNT(fields) && !folded; i++) {
			if (!view_same(name, fields[i].name))
				continue;
			seen |= 1U << i;
			dropping = fields[i].dropped;
		}
		if (!dropping)
			buf_add(out, line);
	}
	add_missing(out, seen, r);
	buf_add(out, header.n > 0 ? header : VIEW("\r\n"));
}

size_t
header_hops(view header)
{
	size_t hops = 0;
	view line;

	while (take_line(&header, &line))
		if (view_same(field_name(line), VIEW("Received")))
			hops++;
	return hops;
}

bool
header_is_there(view message)
{
	return message.n == 0 || view_starts(message, VIEW("\r\n"))
	    || field_name(message).n > 0;
}
