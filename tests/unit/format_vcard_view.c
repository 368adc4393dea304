/* vCards in the other version, and back. */
#include "mailcore/format/vcard_view.h"
#include "tests/tap.h"

static view
convert(struct arena *arena, view text, enum vcard_version version)
{
	struct vcard_view v = { .version = version };
	struct buf b = buf_new(1 << 24);
	view out;

	if (!ok(vcard_view_write(&v, text, arena, &b).is == OK, "converted"))
		note("%.*s", (int)text.n, text.p);
	out = arena_copy(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

#define CARD_3(lines)                                                     \
	VIEW("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A B\r\n" lines "END:VCARD" \
	     "\r\n")
#define CARD_4(lines)                                                     \
	VIEW("BEGIN:VCARD\r\nVERSION:4.0\r\nFN:A B\r\n" lines "END:VCARD" \
	     "\r\n")

/* Each is the other, both ways. */
static void
test_pairs(struct arena *arena)
{
	static const struct {
		view in_3, in_4;
		const char *what;
	} pairs[] = {
#define PAIR(what, lines_3, lines_4)                                      \
	{ VIEW_INIT("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A B"                \
		    "\r\nN:B;A;;;\r\n" lines_3 "END:VCARD"                \
		    "\r\n"),                                              \
		VIEW_INIT("BEGIN:VCARD\r\nVERSION:4.0\r\nFN:"             \
			  "A B\r\nN:B;A;;;\r\n" lines_4 "END:VCARD\r\n"), \
		what }
		PAIR("preferred", "TEL;TYPE=HOME;TYPE=PREF:+1 555\r\n",
		    "TEL;TYPE=HOME;PREF=1:+1 555\r\n"),
		PAIR(
		    "less preferred", "TEL;X-PREF=2:1\r\n", "TEL;PREF=2:1\r\n"),
		PAIR("a photo", "PHOTO;ENCODING=b;TYPE=JPEG:AAAA\r\n",
		    "PHOTO:data:image/jpeg;base64,AAAA\r\n"),
		PAIR("a photo elsewhere",
		    "PHOTO;VALUE=uri;TYPE=PNG:http://example.com/a.png\r\n",
		    "PHOTO;MEDIATYPE=image/png:http://example.com/a.png\r\n"),
		PAIR("a key", "KEY;ENCODING=b;TYPE=PGP:AAAA\r\n",
		    "KEY:data:application/pgp-keys;base64,AAAA\r\n"),
		PAIR("a group of Apple",
		    "X-ADDRESSBOOKSERVER-KIND:group\r\n"
		    "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1\r\n",
		    "KIND:group\r\nMEMBER:urn:uuid:1\r\n"),
		PAIR("a place", "GEO:37.386013;-122.082932\r\n",
		    "GEO:geo:37.386013,-122.082932\r\n"),
		PAIR("a birthday", "BDAY:1996-04-15\r\n", "BDAY:19960415\r\n"),
		PAIR("of no year", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15\r\n",
		    "BDAY:--0415\r\n"),
		PAIR("of a time", "REV:1995-10-31T22:27:10Z\r\n",
		    "REV:19951031T222710Z\r\n"),
		PAIR("anniversary and gender",
		    "X-ANNIVERSARY:2009-08-08\r\nX-GENDER:F\r\n",
		    "ANNIVERSARY:20090808\r\nGENDER:F\r\n"),
		PAIR("a label", "LABEL;TYPE=HOME:One\\nTwo \"x\"\\, y\r\n",
		    "ADR;TYPE=HOME;LABEL=\"One^nTwo ^'x^', y\":;;;;;;\r\n"),
		PAIR("what 4.0 does not know",
		    "CLASS:PRIVATE\r\nMAILER:ccMail\r\n",
		    "X-CLASS:PRIVATE\r\nX-MAILER:ccMail\r\n"),
		PAIR("what 3.0 does not know",
		    "X-RELATED;TYPE=friend:urn:uuid:2\r\n",
		    "RELATED;TYPE=friend:urn:uuid:2\r\n"),
		PAIR("labels of Apple",
		    "item1.TEL:5\r\nitem1.X-ABLabel:_$!<Other>!$_\r\n",
		    "item1.TEL:5\r\nitem1.X-ABLabel:_$!<Other>!$_\r\n"),
		PAIR("anything else",
		    "NOTE;LANGUAGE=de:a\\;b\\nc\r\nX-FOO;BAR=\"a;b\":c:d\r\n",
		    "NOTE;LANGUAGE=de:a\\;b\\nc\r\nX-FOO;BAR=\"a;b\":c:d\r\n"),
	};

	for (size_t i = 0; i < COUNT(pairs); i++) {
		same(convert(arena, pairs[i].in_3, VCARD_4), pairs[i].in_4,
		    pairs[i].what);
		same(convert(arena, pairs[i].in_4, VCARD_3), pairs[i].in_3,
		    pairs[i].what);
		same(convert(arena, pairs[i].in_3, VCARD_3), pairs[i].in_3,
		    "is left alone");
	}
}

static void
test_one_way(struct arena *arena)
{
	same(convert(arena,
		 CARD_3("N:Harten;Rene;;;\r\nSORT-STRING:Harten\r\n"), VCARD_4),
	    CARD_4("N;SORT-AS=\"Harten\":Harten;Rene;;;\r\n"),
	    "SORT-STRING is a parameter of N");
	same(convert(arena, CARD_4("N;SORT-AS=\"Harten\":Harten;Rene;;;\r\n"),
		 VCARD_3),
	    CARD_3("N:Harten;Rene;;;\r\nSORT-STRING:Harten\r\n"), "and back");
	same(convert(arena, CARD_4(""), VCARD_3), CARD_3("N:;;;;\r\n"),
	    "3.0 must have a name");
	same(convert(arena, CARD_3("N:;;;;\r\n"), VCARD_4), CARD_4(""),
	    "4.0 need not");
	same(convert(arena,
		 CARD_4("N:A;;;;\r\nTEL;VALUE=uri;TYPE=cell:tel:+1-5\r\n"),
		 VCARD_3),
	    CARD_3("N:A;;;;\r\nTEL;TYPE=cell:+1-5\r\n"), "a tel: number");
	same(convert(arena, CARD_3("N:A;;;;\r\nTEL;HOME;VOICE:5\r\n"), VCARD_4),
	    CARD_4("N:A;;;;\r\nTEL;TYPE=HOME;TYPE=VOICE:5\r\n"),
	    "types without TYPE");
	same(
	    convert(arena,
		CARD_4("N:A;;;;\r\nADR;LABEL=\"L\":;;Street;;;;\r\n"), VCARD_3),
	    CARD_3("N:A;;;;\r\nADR:;;Street;;;;\r\nLABEL:L\r\n"),
	    "an address with a label");
}

/* Nothing that can be sent breaks it: every prefix of a full card. */
static void
test_prefixes(struct arena *arena)
{
	view all = CARD_3("PHOTO;ENCODING=b;TYPE=JPEG:AAAA\r\nGEO:1;2\r\n"
			  "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15\r\n"
			  "LABEL;TYPE=\"a;b\":x\\,y\r\nTEL;PREF:1\r\n");
	bool good = true;

	for (size_t n = 0; n <= all.n; n++) {
		struct vcard_view v = { .version = VCARD_4 };
		struct buf b = buf_new(1 << 20);
		result r = vcard_view_write(&v, view_first(all, n), arena, &b);

		good = good && (r.is == OK || r.is == MALFORMED);
		buf_free(&b);
	}
	ok(good, "every prefix");
}

int
main(void)
{
	struct arena *arena = arena_new(1 << 26);

	test_pairs(arena);
	test_one_way(arena);
	test_prefixes(arena);
	arena_free(&arena);
	return tap_done();
}
