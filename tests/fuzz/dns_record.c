/* What strange name servers send: the data of a record, read, judged as if
 * it stood where each role looks, and told to people. */
#include "autoconfig/doctor/dns_judge.h"
#include "mailcore/base/ascii.h"

#include <stdlib.h>

enum { ROOM = 8 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const enum record_type types[] = { RECORD_A, RECORD_NS, RECORD_CNAME,
	RECORD_MX, RECORD_TXT, RECORD_AAAA, RECORD_SRV, RECORD_DS,
	RECORD_TLSA, RECORD_CAA };

static const struct {
	enum dns_role role;
	const char *wanted;
} roles[] = {
	{ DNS_SPF, "v=spf1 mx ~all" },
	{ DNS_DKIM, "v=DKIM1; k=rsa; p=AAAA" },
	{ DNS_DMARC, "v=DMARC1; p=quarantine" },
	{ DNS_DAV_PATH, "path=/dav/" },
	{ DNS_MTA_STS, "v=STSv1; id=1" },
	{ DNS_TLS_RPT, "v=TLSRPTv1; rua=mailto:a@b" },
	{ DNS_PACC, "v=UAAC1; a=sha256; d=AAAA" },
};

static void
judge(struct arena *arena, struct record *found)
{
	static const struct record ours[] = { { .type = RECORD_A,
	    .value = VIEW_INIT("192.0.2.1") } };
	struct spf_look look = { .panel = NULL };
	struct dns_plan plan = { .count = COUNT(roles) };
	struct dns_context context = { .arena = arena, .plan = &plan,
		.addresses = ours,
		.address_count = COUNT(ours), .look = &look };
	struct dns_answer data = { .kind = ANSWER_DATA, .records = found,
		.count = 1 };
	struct dns_answer none = { .kind = ANSWER_EMPTY };
	struct dns_evidence e = { &data, &none, &none, &none, &none };

	for (size_t i = 0; i < COUNT(roles); i++)
		plan.lines[i] = (struct dns_line){ .role = roles[i].role,
			.owner = VIEW("example.test"),
			.data = { .type = RECORD_TXT,
			    .value = view_of(roles[i].wanted) } };
	for (size_t i = 0; i < COUNT(roles); i++) {
		struct dns_verdict verdict;

		dns_judge(&context, &plan.lines[i], &e, &verdict);
		if (verdict.state >= DNS_STATES)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	view input = { (const char *)bytes, n };
	struct arena *arena = arena_new(ROOM);
	struct record record;
	view text;

	if (n > 0 && record_read(types[bytes[0] % COUNT(types)],
	        view_from(input, 1), arena, &record).is == OK) {
		if (!record_same(&record, &record))
			abort();
		text = record_text(&record, arena);
		for (size_t i = 0; i < text.n; i++)
			if (text.p[i] != ' ' && !ascii_is_graph(text.p[i]))
				abort();
		if (record.type == RECORD_TXT)
			judge(arena, &record);
	}
	arena_free(&arena);
	return 0;
}
