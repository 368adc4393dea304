/* dns_judge.h, dns_spf.h, dns_tags.h without a name server: each text of a
 * record gets its state. */
#include "autoconfig/doctor/dns_judge.h"
#include "autoconfig/doctor/dns_tags.h"
#include "tests/tap.h"

enum { ROOM = 1 << 20 };

#define KEY                                                                \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDG81CNNVOlWwfhENOZEnJKNlik" \
	"TB3Dnb5kUC8/zvht/S8SQnx+YgZ/KG7KOus0By8cIDDvwn3ElVRVQ6Jhz/HcvPU5" \
	"DXCAC5owLBf/gX5tvAnjF1vSL8ZBetxquVHyJQpMFH3VW37m/mxPTGmDL+zJVW+C" \
	"KpUcI8BJD03iW2l1CwIDAQAB"

static const struct row {
	enum dns_role role;
	const char *wanted;
	const char *found[3];
	enum dns_state state;
} rows[] = {
	{ DNS_SPF, "v=spf1 mx ~all", { "v=spf1 mx ~all" }, DNS_OK },
	{ DNS_SPF, "v=spf1 mx ~all", { "v=spf10 mx", "other" }, DNS_MISSING },
	{ DNS_SPF, "v=spf1 mx ~all", { "V=SPF1 ip4:192.0.2.1 -all" },
	    DNS_FINE },
	{ DNS_SPF, "v=spf1 mx ~all", { "v=spf1 ip4:192.0.2.0/31 -all" },
	    DNS_FINE },
	{ DNS_SPF, "v=spf1 mx ~all", { "v=spf1 ip4:192.0.2.2/31 -all" },
	    DNS_WRONG },
	{ DNS_SPF, "v=spf1 mx ~all", { "v=spf1 -ip4:192.0.2.1 ~all" },
	    DNS_WRONG },
	{ DNS_SPF, "v=spf1 mx ~all", { "v=spf1" }, DNS_INSECURE },
	{ DNS_SPF, "v=spf1 mx ~all", { "v=spf1 all" }, DNS_INSECURE },
	{ DNS_SPF, "v=spf1 mx ~all", { "v=spf1 ip4:192.0.2.0/33 -all" },
	    DNS_BROKEN },
	{ DNS_SPF, "v=spf1 mx ~all", { "v=spf1 ip4 -all" }, DNS_BROKEN },
	{ DNS_SPF, "v=spf1 mx ~all", { "v=spf1 include: -all" },
	    DNS_BROKEN },
	{ DNS_SPF, "v=spf1 mx ~all", { "v=spf1 =x -all" }, DNS_BROKEN },
	{ DNS_SPF, "v=spf1 mx ~all", { "v=spf1 exp=e.test -all" },
	    DNS_WRONG },
	{ DNS_SPF, "v=spf1 mx ~all", { "v=spf1 a ~all" }, DNS_SILENT },
	{ DNS_SPF, "v=spf1 mx ~all",
	    { "v=spf1 ptr ptr ptr ptr ptr ptr ptr ptr ptr ptr"
	      " ip4:192.0.2.1 -all" }, DNS_FINE },
	{ DNS_SPF, "v=spf1 mx ~all",
	    { "v=spf1 ptr ptr ptr ptr ptr ptr ptr ptr ptr ptr ptr"
	      " ip4:192.0.2.1 -all" }, DNS_BROKEN },
	{ DNS_DKIM, "v=DKIM1; k=rsa; p=" KEY, { "v=DKIM1; k=rsa; p=" KEY },
	    DNS_OK },
	{ DNS_DKIM, "v=DKIM1; k=rsa; p=" KEY, { "p=" KEY }, DNS_FINE },
	{ DNS_DKIM, "v=DKIM1; k=rsa; p=AAAA", { "v=DKIM1;p=" KEY },
	    DNS_WRONG },
	{ DNS_DKIM, "v=DKIM1; k=rsa; p=" KEY, { "v=DKIM1; p=AAAA" },
	    DNS_BROKEN },
	{ DNS_DKIM, "v=DKIM1; k=rsa; p=" KEY, { "v=DKIM1; t=y; p=" KEY },
	    DNS_INSECURE },
	{ DNS_DKIM, "v=DKIM1; k=rsa; p=" KEY,
	    { "v=DKIM1; p=" KEY "; p=" KEY }, DNS_BROKEN },
	{ DNS_DKIM, "v=DKIM1; k=rsa; p=" KEY,
	    { "v=DKIM1; p=" KEY, "v=DKIM1; p=AAAA" }, DNS_DUPLICATE },
	{ DNS_DMARC, "v=DMARC1; p=quarantine", { "v=DMARC1;p=REJECT;" },
	    DNS_FINE },
	{ DNS_DMARC, "v=DMARC1; p=quarantine", { "v=DMARC1; p=maybe" },
	    DNS_BROKEN },
	{ DNS_DMARC, "v=DMARC1; p=quarantine", { "v=DMARC1; nonsense" },
	    DNS_BROKEN },
	{ DNS_DMARC, "v=DMARC1; p=quarantine", { "v=spf1 -all" }, DNS_WRONG },
	{ DNS_DMARC, "v=DMARC1; p=quarantine", { NULL }, DNS_MISSING },
	{ DNS_DAV_PATH, "path=/SOGo/dav/", { " PATH=/SOGo/dav " },
	    DNS_FINE },
	{ DNS_DAV_PATH, "path=/SOGo/dav/", { "path=/sogo/dav/" },
	    DNS_WRONG },
	{ DNS_MTA_STS, "v=STSv1; id=ab", { "v=STSv1;id=ab;" }, DNS_FINE },
	{ DNS_MTA_STS, "v=STSv1; id=ab", { "v=STSv1; id=a-b" }, DNS_BROKEN },
	{ DNS_MTA_STS, "v=STSv1; id=ab",
	    { "v=STSv1; id=123456789012345678901234567890123" }, DNS_BROKEN },
	{ DNS_TLS_RPT, "v=TLSRPTv1; rua=mailto:a@b",
	    { "v=TLSRPTv1; rua=https://b/" }, DNS_FINE },
	{ DNS_TLS_RPT, "v=TLSRPTv1; rua=mailto:a@b", { "v=TLSRPTv1" },
	    DNS_BROKEN },
	{ DNS_PACC, "v=UAAC1; a=sha256; d=xx=", { "d=xx= ;a=sha256;v=UAAC1" },
	    DNS_FINE },
	{ DNS_PACC, "v=UAAC1; a=sha256; d=xx=",
	    { "v=UAAC1; a=sha256; d=yy=", "v=UAAC1;a=sha256;d=xx=",
	      "v=UAAC1; a=sha256; d=zz=" }, DNS_FINE },
	{ DNS_PACC, "v=UAAC1; a=sha256; d=xx=",
	    { "v=UAAC1; a=sha512; d=xx=" }, DNS_WRONG },
};

static struct dns_context
context_of(struct arena *arena)
{
	static const struct record ours[] = { { .type = RECORD_A,
	    .value = VIEW_INIT("192.0.2.1") } };
	static struct spf_look look; /* no panel: no answers */

	return (struct dns_context){ .arena = arena, .addresses = ours,
		.address_count = COUNT(ours), .look = &look };
}

static void
test_text(struct arena *arena, const struct row *row)
{
	struct dns_context context = context_of(arena);
	struct dns_plan plan = { .count = 1, .lines = { { .role = row->role,
		.owner = VIEW("example.test"),
		.data = { .type = RECORD_TXT,
		    .value = view_of(row->wanted) } } } };
	struct record found[COUNT(row->found)];
	struct dns_answer data = { .kind = ANSWER_DATA, .records = found };
	struct dns_answer none = { .kind = ANSWER_EMPTY };
	struct dns_evidence e = { &data, &none, &none, &none, &none };
	struct dns_verdict v;

	for (size_t i = 0; i < COUNT(row->found) && row->found[i] != NULL; i++)
		found[data.count++] = (struct record){ .type = RECORD_TXT,
			.value = view_of(row->found[i]) };
	context.plan = &plan;
	dns_judge(&context, &plan.lines[0], &e, &v);
	ok(v.state == row->state, "\"%s\" is %s, found %s",
	    row->found[0] == NULL ? "" : row->found[0],
	    dns_state_name(row->state), dns_state_name(v.state));
}

/* Two digests while the document changes; each is missed by itself, and what
 * is stale is told by the first line alone. */
static const struct roll_row {
	const char *found[2];
	enum dns_state first, second;
} roll_rows[] = {
	{ { "v=UAAC1; a=sha256; d=xx=", "v=UAAC1; a=sha256; d=yy=" }, DNS_OK,
	    DNS_OK },
	{ { "v=UAAC1; a=sha256; d=xx=", NULL }, DNS_OK, DNS_MISSING },
	{ { "v=UAAC1; a=sha256; d=yy=", NULL }, DNS_MISSING, DNS_OK },
	{ { "v=UAAC1; a=sha256; d=zz=", NULL }, DNS_WRONG, DNS_MISSING },
	{ { "v=UAAC1; a=sha256; d=zz=", "v=UAAC1; a=sha256; d=yy=" },
	    DNS_WRONG, DNS_OK },
	{ { NULL, NULL }, DNS_MISSING, DNS_MISSING },
};

static void
test_roll(struct arena *arena)
{
	struct dns_context context = context_of(arena);
	struct dns_plan plan = { .count = 2, .lines = {
		{ .role = DNS_PACC, .data = { .type = RECORD_TXT,
		    .value = VIEW_INIT("v=UAAC1; a=sha256; d=xx=") } },
		{ .role = DNS_PACC, .data = { .type = RECORD_TXT,
		    .value = VIEW_INIT("v=UAAC1; a=sha256; d=yy=") } } } };
	struct dns_answer none = { .kind = ANSWER_EMPTY };

	context.plan = &plan;
	for (size_t i = 0; i < COUNT(roll_rows); i++) {
		struct record found[2];
		struct dns_answer data = { .kind = ANSWER_DATA,
			.records = found };
		struct dns_evidence e = { &data, &none, &none, &none, &none };
		struct dns_verdict one, two;

		for (size_t k = 0; k < 2 && roll_rows[i].found[k] != NULL; k++)
			found[data.count++] = (struct record){
				.type = RECORD_TXT,
				.value = view_of(roll_rows[i].found[k]) };
		dns_judge(&context, &plan.lines[0], &e, &one);
		dns_judge(&context, &plan.lines[1], &e, &two);
		ok(one.state == roll_rows[i].first
		    && two.state == roll_rows[i].second,
		    "roll %zu: %s and %s", i, dns_state_name(one.state),
		    dns_state_name(two.state));
	}
}

static void
test_tags(void)
{
	view value;

	ok(dns_tags_find(VIEW("v=1; a = x y ;b="), VIEW("A"), &value), "a tag");
	same(value, VIEW("x y"), "its value");
	ok(dns_tags_find(VIEW("v=1; b="), VIEW("b"), &value), "an empty one");
	ok(!dns_tags_find(VIEW("v=1"), VIEW("b"), &value), "none");
	ok(dns_tags_are_valid(VIEW("v=1; b=;;")), "a list");
	ok(!dns_tags_are_valid(VIEW("v=1; b")), "no list");
	ok(!dns_tags_are_valid(VIEW("v=1; V=1")), "twice the same");
	ok(!dns_tags_are_valid(VIEW("v=1; a b=1")), "a name with a space");
}

/* What stands in a zone cannot make the report any other bytes than text. */
static void
test_report(struct arena *arena)
{
	struct record found = { .type = RECORD_TXT,
		.value = VIEW("\033[31m\"\\\n") };
	struct dns_line line = { .role = DNS_DMARC, .core = true,
		.owner = VIEW("_dmarc.example.test"), .why = "because",
		.data = { .type = RECORD_TXT, .value = VIEW("v=DMARC1") } };
	struct dns_row row = { .line = &line, .state = DNS_WRONG,
		.found = &found, .found_count = 1, .note = VIEW(""),
		.advice = VIEW("") };
	struct dns_report report = { .rows = &row, .count = 1, .core = 1,
		.zone = VIEW(""), .trouble = VIEW("") };
	struct buf out = buf_new(ROOM);

	(void)arena;
	dns_report_text(&report, &out);
	ok(view_find(buf_view(&out), VIEW("\\027[31m\"\\\\\\010\n"))
	        != SIZE_MAX, "controls are escaped");
	ok(view_find_byte(buf_view(&out), '\033') == SIZE_MAX,
	    "none is left");
	ok(dns_row_lacks(&row) && !dns_report_is_good(&report), "it lacks");
	buf_reset(&out);
	dns_report_diff(&report, &out);
	same(buf_view(&out),
	    VIEW("del _dmarc.example.test. 3600 IN TXT"
	         " \"\\027[31m\\\"\\\\\\010\"\n"
	         "add _dmarc.example.test. 3600 IN TXT \"v=DMARC1\"\n"),
	    "the change");
	buf_free(&out);
}

int
main(void)
{
	struct arena *arena = arena_new(ROOM);

	for (size_t i = 0; i < COUNT(rows); i++)
		test_text(arena, &rows[i]);
	test_roll(arena);
	test_tags();
	test_report(arena);
	arena_free(&arena);
	return tap_done();
}
