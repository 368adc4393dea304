#include "mailcore/dns/record.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/encode.h"
#include "mailcore/base/limits.h"
#include "mailcore/base/scan.h"

#include <arpa/inet.h>

enum {
	LABEL_MOST = 63,
	RDATA_MOST = 65535,
	/* Each octet as \DDD and a dot: what a name can grow to. */
	NAME_TEXT = 4 * LIMIT_DOMAIN + 128
};

static const struct {
	enum record_type type;
	const char *name;
} names[] = {
	{ RECORD_A, "A" }, { RECORD_NS, "NS" }, { RECORD_CNAME, "CNAME" },
	{ RECORD_MX, "MX" }, { RECORD_TXT, "TXT" }, { RECORD_AAAA, "AAAA" },
	{ RECORD_SRV, "SRV" }, { RECORD_DS, "DS" }, { RECORD_TLSA, "TLSA" },
	{ RECORD_CAA, "CAA" },
};

const char *
record_type_name(enum record_type type)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i].type == type)
			return names[i].name;
	return "";
}

static unsigned
octet(struct scan *s)
{
	view one = scan_bytes(s, 1, "RFC 1035 3.3: cut off");

	return one.n == 0 ? 0 : (unsigned char)one.p[0];
}

static unsigned
two_octets(struct scan *s)
{
	unsigned high = octet(s);

	return high << 8 | octet(s);
}

static void
add_escaped(struct buf *out, char c, const char *escaped)
{
	if (c == '\\' || view_find_byte(view_of(escaped), c) != SIZE_MAX) {
		buf_add_byte(out, '\\');
		buf_add_byte(out, c);
	} else if (c != ' ' && !ascii_is_graph(c)) {
		buf_print(out, "\\%03u", (unsigned)(unsigned char)c);
	} else {
		buf_add_byte(out, c);
	}
}

/* RFC 1035 3.1 to the end, as text. */
static void
read_name(struct scan *s, struct buf *out)
{
	size_t octets = 0;
	unsigned n;

	while ((n = octet(s)) > 0 && scan_ok(s)) {
		view label = scan_bytes(s, n, "RFC 1035 3.1: name cut off");

		octets += n + 1;
		if (n > LABEL_MOST || octets >= LIMIT_DOMAIN)
			scan_fail(s, MALFORMED, "RFC 1035 3.1: too long");
		if (out->n > 0)
			buf_add_byte(out, '.');
		for (size_t i = 0; i < label.n; i++)
			add_escaped(out, ascii_lower(label.p[i]), ".");
	}
}

/* RFC 1035 3.3.14: one or more strings. */
static void
read_strings(struct scan *s, struct buf *out)
{
	while (!scan_at_end(s) && scan_ok(s))
		buf_add(out, scan_bytes(s, octet(s),
		    "RFC 1035 3.3: string cut off"));
}

/* RFC 8659 4.1. */
static void
read_caa(struct scan *s, struct buf *out)
{
	unsigned flags = octet(s);
	view tag = scan_bytes(s, octet(s), "RFC 8659 4.1: tag cut off");

	buf_print(out, "%u ", flags);
	for (size_t i = 0; i < tag.n; i++)
		add_escaped(out, ascii_lower(tag.p[i]), " \"");
	buf_add(out, VIEW(" \""));
	while (!scan_at_end(s) && scan_ok(s))
		add_escaped(out, (char)octet(s), "\"");
	buf_add_byte(out, '"');
}

/* RFC 6698 2.1; a DS is told apart by being there alone. */
static void
read_tlsa(struct scan *s, struct buf *out)
{
	unsigned usage = octet(s), selector = octet(s), match = octet(s);
	view rest = s->rest;

	buf_print(out, "%u %u %u ", usage, selector, match);
	encode_hex(out, scan_bytes(s, rest.n, "RFC 6698 2.1: cut off"));
}

static void
read_address(struct scan *s, size_t n, struct buf *out)
{
	char text[INET6_ADDRSTRLEN] = "";
	view bytes = scan_bytes(s, n, "RFC 1035 3.4.1: not an address");

	if (bytes.n == n)
		(void)inet_ntop(n == 4 ? AF_INET : AF_INET6, bytes.p, text,
		    sizeof text);
	buf_add_text(out, text);
}

static void
read_value(struct scan *s, struct record *out, struct buf *value)
{
	switch (out->type) {
	case RECORD_A:
		read_address(s, 4, value);
		break;
	case RECORD_AAAA:
		read_address(s, 16, value);
		break;
	case RECORD_MX:
		out->priority = two_octets(s);
		read_name(s, value);
		break;
	case RECORD_SRV:
		out->priority = two_octets(s);
		out->weight = two_octets(s);
		out->port = two_octets(s);
		read_name(s, value);
		break;
	case RECORD_NS:
	case RECORD_CNAME:
		read_name(s, value);
		break;
	case RECORD_TXT:
		read_strings(s, value);
		break;
	case RECORD_CAA:
		read_caa(s, value);
		break;
	case RECORD_TLSA:
		read_tlsa(s, value);
		break;
	case RECORD_DS:
		encode_hex(value, s->rest);
		s->rest = VIEW("");
		break;
	}
}

result
record_read(enum record_type type, view rdata, struct arena *arena,
    struct record *out)
{
	struct scan s = scan_over(rdata);
	struct buf value = buf_new(4 * RDATA_MOST + NAME_TEXT);

	*out = (struct record){ .type = type };
	read_value(&s, out, &value);
	scan_end(&s, "RFC 1035 3.3: junk behind the data");
	out->value = arena_copy(arena, buf_view(&value));
	buf_free(&value);
	TRY(scan_result(&s));
	return arena_result(arena);
}

bool
record_same(const struct record *a, const struct record *b)
{
	return a->type == b->type && a->priority == b->priority
	    && a->weight == b->weight && a->port == b->port
	    && view_eq(a->value, b->value);
}

view
record_text(const struct record *r, struct arena *arena)
{
	struct buf out = buf_new(4 * RDATA_MOST + NAME_TEXT);
	view text;

	if (r->type == RECORD_MX)
		buf_print(&out, "%u ", r->priority);
	if (r->type == RECORD_SRV)
		buf_print(&out, "%u %u %u ", r->priority, r->weight, r->port);
	if (r->type == RECORD_TXT)
		for (size_t i = 0; i < r->value.n; i++)
			add_escaped(&out, r->value.p[i], "");
	else
		buf_add(&out, r->value.n > 0 ? r->value : VIEW("."));
	text = arena_copy(arena, buf_view(&out));
	buf_free(&out);
	return text;
}
