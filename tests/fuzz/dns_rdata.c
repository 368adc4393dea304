/* The data of MX records, as any zone may hold it. */
#include "mailcore/base/ascii.h"
#include "mailcore/base/limits.h"
#include "mailcore/dns/rdata.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	view rdata = { (const char *)bytes, size };
	struct arena *arena = arena_new(4096);
	struct mx mx;
	view address;

	if (rdata_mx(rdata, arena, &mx).is == OK) {
		if (mx.host.n > LIMIT_DOMAIN || mx.preference > 65535)
			abort();
		for (size_t i = 0; i < mx.host.n; i++)
			if (!ascii_is_graph(mx.host.p[i]))
				abort();
	}
	if (rdata_address(rdata, arena, &address).is == OK && address.n == 0)
		abort();
	arena_free(&arena);
	return 0;
}
