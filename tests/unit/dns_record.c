/* record.h: data of DNS records, whole and cut anywhere. */
#include "mailcore/base/buf.h"
#include "mailcore/dns/record.h"
#include "tests/tap.h"

enum { ROOM = 1 << 20 };

static const struct row {
	enum record_type type;
	view rdata;
	const char *text; /* NULL: refused */
} rows[] = {
	{ RECORD_A, VIEW_INIT("\300\0\2\1"), "192.0.2.1" },
	{ RECORD_A, VIEW_INIT("\300\0\2\1\1"), NULL },
	{ RECORD_AAAA, VIEW_INIT("\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1"),
	    "2001:db8::1" },
	{ RECORD_MX, VIEW_INIT("\0\12\4MAIL\4test\0"), "10 mail.test" },
	{ RECORD_MX, VIEW_INIT("\0\0\0"), "0 ." },
	{ RECORD_MX, VIEW_INIT("\0\12\4mail\4test\0x"), NULL },
	{ RECORD_SRV, VIEW_INIT("\0\0\0\1\3\341\4mail\4test\0"),
	    "0 1 993 mail.test" },
	{ RECORD_SRV, VIEW_INIT("\0\0\0\0\0\0\0"), "0 0 0 ." },
	{ RECORD_CNAME, VIEW_INIT("\3a.b\2\1\"\4test\0"),
	    "a\\.b.\\001\".test" },
	{ RECORD_CNAME, VIEW_INIT("\100xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxx\0"), NULL },
	{ RECORD_NS, VIEW_INIT("\0"), "." },
	{ RECORD_TXT, VIEW_INIT("\3v=s\4pf1 \0\4-all"), "v=spf1 -all" },
	{ RECORD_TXT, VIEW_INIT("\3a\\\377"), "a\\\\\\255" },
	{ RECORD_TLSA, VIEW_INIT("\3\1\1\253\315"), "3 1 1 abcd" },
	{ RECORD_CAA, VIEW_INIT("\0\5issueca.test"), "0 issue \"ca.test\"" },
	{ RECORD_DS, VIEW_INIT("\1\2"), "0102" },
};

static void
test_row(struct arena *arena, const struct row *row)
{
	struct record r;
	result outcome = record_read(row->type, row->rdata, arena, &r);

	if (row->text == NULL) {
		is_number(outcome.is, MALFORMED, "refused");
		return;
	}
	ok(outcome.is == OK, "%s is read", row->text);
	same(record_text(&r, arena), view_of(row->text), "its text");
	ok(record_same(&r, &r), "the same as itself");
}

/* Cut off data is refused, unless what is left is whole by its rules. */
static void
test_prefixes(struct arena *arena, const struct row *row)
{
	struct record r;
	bool kept = true;

	if (row->type == RECORD_TXT || row->type == RECORD_CAA
	    || row->type == RECORD_TLSA || row->type == RECORD_DS)
		return;
	for (size_t n = 0; n < row->rdata.n; n++)
		kept = kept && record_read(row->type,
		    view_first(row->rdata, n), arena, &r).is == MALFORMED;
	ok(row->text == NULL || kept, "no part of %s counts",
	    row->text == NULL ? "" : row->text);
}

/* A name of 255 octets is one, of 256 none (RFC 1035 2.3.4). */
static void
test_long_name(struct arena *arena)
{
	struct buf name = buf_new(300);
	struct record r;

	for (int i = 0; i < 127; i++)
		buf_add(&name, VIEW("\1x"));
	buf_add(&name, (view){ "", 1 });
	ok(record_read(RECORD_NS, buf_view(&name), arena, &r).is == OK,
	    "255 octets");
	buf_cut(&name, name.n - 1);
	buf_cut(&name, name.n - 2);
	buf_add(&name, VIEW("\2xx"));
	buf_add(&name, (view){ "", 1 });
	ok(record_read(RECORD_NS, buf_view(&name), arena, &r).is == MALFORMED,
	    "256 octets");
	buf_free(&name);
}

int
main(void)
{
	struct arena *arena = arena_new(ROOM);

	for (size_t i = 0; i < COUNT(rows); i++) {
		test_row(arena, &rows[i]);
		test_prefixes(arena, &rows[i]);
	}
	test_long_name(arena);
	same(view_of(record_type_name(RECORD_TLSA)), VIEW("TLSA"), "TLSA");
	arena_free(&arena);
	return tap_done();
}
