#include "autoconfig/mta_sts.h"

/* RFC 8461 3.2 speaks of weeks or more; one is soon over after a mistake. */
enum { MAX_AGE = 604800 };

result
mta_sts_policy(const struct service_set *set, struct buf *out)
{
	if (!set->receives)
		return fail(NOT_FOUND, "no SMTP here");
	buf_add_text(out, "version: STSv1\r\nmode: testing\r\nmx: ");
	buf_add(out, set->host);
	buf_print(out, "\r\nmax_age: %d\r\n", MAX_AGE);
	return buf_result(out);
}
