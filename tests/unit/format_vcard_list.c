/* SOGo's lists become groups. */
#include "mailcore/base/limits.h"
#include "mailcore/format/vcard.h"
#include "mailcore/format/vcard_list.h"
#include "tests/tap.h"

enum { MEMORY = 1 << 20 };

static const char list[] =
    "BEGIN:VLIST\r\nUID:2A-5F.vlf\r\nVERSION:1.0\r\nFN:The club\\, all\r\n"
    "NICKNAME:club\r\nDESCRIPTION:of ours\r\n"
    "CARD;EMAIL=\"a@example.org\";FN=Ann:10AF9A80.vcf\r\n"
    "CARD;EMAIL=b@example.org:b.vcf\r\nEND:VLIST\r\n";

static view
uid_of(void *context, view name)
{
	(void)context;
	return view_eq(name, VIEW("b.vcf")) ? VIEW("uid-of-b") : name;
}

static result
convert(view text, struct buf *out)
{
	struct arena *arena = arena_new(MEMORY);
	result r;

	buf_reset(out);
	r = vcard_list_convert(text, arena, uid_of, NULL, out);
	arena_free(&arena);
	return r;
}

static void
test_list(struct buf *out)
{
	struct arena *arena = arena_new(MEMORY);
	struct vcard_facts facts;

	ok(vcard_list_is(view_of(list)), "it is one");
	ok(!vcard_list_is(VIEW("BEGIN:VCARD\r\n")), "a vCard is none");
	ok(convert(view_of(list), out).is == OK, "converted");
	same(buf_view(out), VIEW("BEGIN:VCARD\r\nVERSION:3.0\r\n"
	    "UID:2A-5F.vlf\r\nFN:The club\\, all\r\nNICKNAME:club\r\n"
	    "DESCRIPTION:of ours\r\n"
	    "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:10AF9A80.vcf\r\n"
	    "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:uid-of-b\r\n"
	    "N:The club\\, all;;;;\r\nX-ADDRESSBOOKSERVER-KIND:group\r\n"
	    "END:VCARD\r\n"), "the group");
	ok(vcard_examine(buf_view(out), arena, &facts).is == OK, "a vCard");
	same(facts.uid, VIEW("2A-5F.vlf"), "of the same UID");
	arena_free(&arena);
}

static void
test_bad(struct buf *out)
{
	static const char *const bad[] = { "", "BEGIN:VLIST\r\n",
		"BEGIN:VLIST\r\nEND:VLIST\r\n",
		"BEGIN:VLIST\r\nUID:a\r\nEND:VCARD\r\n",
		"BEGIN:VCARD\r\nUID:a\r\nEND:VCARD\r\n",
		"UID:a\r\nBEGIN:VLIST\r\nEND:VLIST\r\n",
		"BEGIN:VLIST\r\nBEGIN:VLIST\r\nUID:a\r\nEND:VLIST\r\n",
		"BEGIN:VLIST\r\nUID:a\r\nEND:VLIST\r\nUID:b\r\n",
		"BEGIN:VLIST\r\nUID:a\r\nCARD\r\nEND:VLIST\r\n" };
	view whole = view_of(list);

	for (size_t i = 0; i < COUNT(bad); i++)
		ok(convert(view_of(bad[i]), out).is == MALFORMED, "bad %zu",
		    i);
	for (size_t n = 0; n + 2 < whole.n; n++)
		if (convert(view_first(whole, n), out).is == OK)
			ok(false, "cut at %zu", n);
	ok(true, "no beginning of a list is one");
}

int
main(void)
{
	struct buf out = buf_new(LIMIT_VCARD);

	test_list(&out);
	test_bad(&out);
	buf_free(&out);
	return tap_done();
}
