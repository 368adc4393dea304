#include "mailcore/sys/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void
random_bytes(void *to, size_t n)
{
	char *p = to;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			abort();
		p += got;
		n -= (size_t)got;
	}
}

uint64_t
random_number(uint64_t below)
{
	uint64_t n;
	/* Values under this would make the small numbers likelier. */
	uint64_t least;

	if (below < 2)
		return 0;
	least = (UINT64_MAX - below + 1) % below;
	do
		random_bytes(&n, sizeof n);
	while (n < least);
	return n % below;
}
