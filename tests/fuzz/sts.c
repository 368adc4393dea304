/* What other domains say of TLS: the policy, and the answer that has it. */
#include "mailcore/smtp/https.h"
#include "mailcore/smtp/sts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view text = { (const char *)data, size };
	struct arena *arena = arena_new(1 << 20);
	const struct https_request q = { .most = LIMIT_STS_POLICY };
	struct sts_policy policy;
	struct https_answer a;

	if (sts_parse(text, &policy).is == OK)
		(void)sts_matches(&policy, VIEW("mx.a.example"));
	if (https_parse(text, true, &q, arena, &a).is == OK
	    && sts_parse(a.body, &policy).is == OK)
		(void)sts_matches(&policy, VIEW("mx.a.example"));
	arena_free(&arena);
	return 0;
}
