/*
 * The built-in score: a few tests that hold for years, in tenths of a point.
 * It is meant for servers without rspamd, and does not learn.
 */
#include "mailcore/smtp/findings.h"

#include "mailcore/base/ascii.h"
#include "mailcore/base/date.h"
#include "mailcore/format/mime.h"

enum {
	DAY = 86400,
	SHOUTING = 12, /* letters of a subject, all of them capitals */
	FIELDS_COUNTED = 200
};

/* The words that every filter knows, so that people can try theirs. */
static const view test_words = VIEW_INIT(
    "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X");

struct scoring {
	const struct inspection *i;
	struct findings *f;
	/* Of the header: the first field of each kind, how often it is. */
	view date, subject;
	unsigned dates, message_ids, subjects;
};

static bool
has_proof(const struct findings *f)
{
	for (size_t n = 0; n < f->dkim.count; n++)
		if (f->dkim.check[n].result == DKIM_PASS)
			return true;
	return f->spf.result == SPF_PASS;
}

static bool
test_is_known(const struct scoring *s)
{
	view body = view_from(s->i->message, header_length(s->i->message));

	return view_find(body, test_words) != SIZE_MAX;
}

static bool
test_spf_fail(const struct scoring *s)
{
	return s->f->spf.result == SPF_FAIL && !s->f->proven;
}

static bool
test_spf_softfail(const struct scoring *s)
{
	return s->f->spf.result == SPF_SOFTFAIL && !s->f->proven;
}

static bool
test_spf_broken(const struct scoring *s)
{
	return s->f->spf.result == SPF_PERMERROR;
}

static bool
test_dkim_fail(const struct scoring *s)
{
	for (size_t n = 0; n < s->f->dkim.count; n++)
		if (s->f->dkim.check[n].result == DKIM_PASS)
			return false;
	return s->f->dkim.count > 0
	    && s->f->dkim.check[0].result == DKIM_FAIL;
}

static bool
test_dmarc_fail(const struct scoring *s)
{
	return s->f->dmarc.result == DMARC_FAIL;
}

static bool
test_no_proof(const struct scoring *s)
{
	return !has_proof(s->f) && s->f->dmarc.result != DMARC_TEMPERROR
	    && s->f->spf.result != SPF_TEMPERROR;
}

static bool
test_proven(const struct scoring *s)
{
	return s->f->dmarc.result == DMARC_PASS;
}

static bool
test_no_from(const struct scoring *s)
{
	return s->f->authors == 0;
}

static bool
test_many_from(const struct scoring *s)
{
	return s->f->authors > 1;
}

static bool
test_no_date(const struct scoring *s)
{
	return s->dates != 1;
}

/* Mail that sorts itself to the top. */
static bool
test_far_date(const struct scoring *s)
{
	int64_t sent;

	if (s->dates != 1 || date_parse_rfc5322(s->date, &sent).is != OK)
		return false;
	return sent > s->i->now + 2 * DAY || sent < s->i->now - 90 * DAY;
}

static bool
test_no_message_id(const struct scoring *s)
{
	return s->message_ids != 1;
}

static bool
test_subjects(const struct scoring *s)
{
	return s->subjects > 1;
}

static bool
test_shouting(const struct scoring *s)
{
	size_t letters = 0;

	for (size_t n = 0; n < s->subject.n; n++) {
		if (s->subject.p[n] >= 'a' && s->subject.p[n] <= 'z')
			return false;
		letters += ascii_is_alpha(s->subject.p[n]);
	}
	return letters >= SHOUTING && !view_starts(view_trim(s->subject),
	    VIEW("=?"));
}

/* Nobody else is called what we are called. */
static bool
test_hello_is_ours(const struct scoring *s)
{
	return view_same(s->i->hello, s->i->hostname);
}

static bool
test_hello_is_short(const struct scoring *s)
{
	return view_find_byte(s->i->hello, '.') == SIZE_MAX
	    && view_find_byte(s->i->hello, ':') == SIZE_MAX;
}

static bool
test_hello_is_address(const struct scoring *s)
{
	return view_at(s->i->hello, 0) == '[';
}

static const struct {
	const char *name;
	int score;
	bool (*holds)(const struct scoring *);
} tests[] = {
	{ "GTUBE", 1000, test_is_known },
	{ "SPF_FAIL", 30, test_spf_fail },
	{ "SPF_SOFTFAIL", 15, test_spf_softfail },
	{ "SPF_PERMERROR", 5, test_spf_broken },
	{ "DKIM_INVALID", 10, test_dkim_fail },
	{ "DMARC_FAIL", 40, test_dmarc_fail },
	{ "DMARC_PASS", -10, test_proven },
	{ "NOTHING_PROVEN", 15, test_no_proof },
	{ "MISSING_FROM", 40, test_no_from },
	{ "MANY_FROM", 30, test_many_from },
	{ "MISSING_DATE", 15, test_no_date },
	{ "DATE_FAR_AWAY", 15, test_far_date },
	{ "MISSING_MESSAGE_ID", 15, test_no_message_id },
	{ "MANY_SUBJECTS", 20, test_subjects },
	{ "SUBJECT_ALL_CAPITALS", 10, test_shouting },
	{ "HELO_IS_OUR_NAME", 50, test_hello_is_ours },
	{ "HELO_NO_FULL_NAME", 15, test_hello_is_short },
	{ "HELO_ADDRESS", 10, test_hello_is_address },
};

static void
look_at_header(struct scoring *s)
{
	view header = view_first(s->i->message, header_length(s->i->message));
	view field, name, value;

	for (size_t n = 0; n < FIELDS_COUNTED
	     && header_next(&header, &field, &name, &value);
	     n++) {
		if (view_same(name, VIEW("Date")) && s->dates++ == 0)
			s->date = view_trim(value);
		else if (view_same(name, VIEW("Subject"))
		    && s->subjects++ == 0)
			s->subject = value;
		else if (view_same(name, VIEW("Message-ID")))
			s->message_ids++;
	}
}

void
findings_score(const struct inspection *i, struct findings *f)
{
	struct scoring s = { .i = i, .f = f, .date = VIEW(""),
		.subject = VIEW("") };

	look_at_header(&s);
	f->score = 0;
	f->hit_count = 0;
	for (size_t n = 0; n < COUNT(tests); n++) {
		if (!tests[n].holds(&s))
			continue;
		f->score += tests[n].score;
		f->hits[f->hit_count].name = tests[n].name;
		f->hits[f->hit_count++].score = tests[n].score;
	}
}

_Static_assert(COUNT(tests) <= FINDINGS_HITS, "room for each test");
