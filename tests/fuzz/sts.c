/* What other domains say of TLS: the policy, the answer that has it, and the
 * records that lead to it, one a line. */
#include "mailcore/base/ascii.h"
#include "mailcore/smtp/https.h"
#include "mailcore/smtp/sts.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
match(const struct sts_policy *policy)
{
	static const char *const hosts[] = { "mx.a.example", "MX.A.EXAMPLE.",
		"x.mx.a.example", "a", ".", "" };

	for (size_t i = 0; i < COUNT(hosts); i++)
		if (sts_matches(policy, view_of(hosts[i]))
		    && policy->count == 0)
			abort();
}

/* An id is letters and digits, so it can be compared and kept. */
static void
read_records(view text)
{
	view records[8], id;
	size_t count = 0;

	while (count < COUNT(records) && view_line(&text, &records[count]))
		count++;
	if (!sts_find_id(records, count, &id))
		return;
	if (id.n == 0 || id.n > 32)
		abort();
	for (size_t i = 0; i < id.n; i++)
		if (!ascii_is_alnum(id.p[i]))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view text = { (const char *)data, size };
	struct arena *arena = arena_new(1 << 20);
	const struct https_request q = { .most = LIMIT_STS_POLICY };
	struct sts_policy policy;
	struct https_answer a;

	read_records(text);
	if (sts_parse(text, &policy).is == OK)
		match(&policy);
	if (https_parse(text, true, &q, arena, &a).is == OK
	    && sts_parse(a.body, &policy).is == OK)
		match(&policy);
	arena_free(&arena);
	return 0;
}
