/* SASL answers, one a line, of both mechanisms: the first byte chooses. */
#include "mailcore/auth/sasl.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	view rest = { (const char *)data, size };
	view name = view_at(rest, 0) == 'L' ? VIEW("LOGIN") : VIEW("PLAIN");
	struct buf challenge = buf_new(4096);
	struct sasl *s = NULL;
	bool complete = false;
	view line;

	if (sasl_start(&s, name).is != OK)
		abort();
	rest = view_from(rest, 1);
	while (!complete && view_line(&rest, &line))
		if (sasl_turn(s, line, &challenge, &complete).is != OK)
			break;
	if (complete && (sasl_user(s).n == 0 || sasl_password(s).n == 0))
		abort();
	sasl_free(&s);
	buf_free(&challenge);
	return 0;
}
