#include "mailcore/auth/network.h"

#include <arpa/inet.h>
#include <string.h>

static const char malformed[] =
    "a network is like 192.0.2.0/24 or 2001:db8::/32";

enum { ALL_BITS = 128, MAPPED_BITS = 96 };

/* How many of the 128 bits lie before the address's own; -1: no address. */
static int
read_address(view text, unsigned char to[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff,
		[11] = 0xff };
	char copy[INET6_ADDRSTRLEN];

	if (!view_copy(text, copy, sizeof copy))
		return -1;
	if (inet_pton(AF_INET6, copy, to) == 1)
		return 0;
	memcpy(to, mapped, sizeof mapped);
	return inet_pton(AF_INET, copy, to + sizeof mapped) == 1 ? MAPPED_BITS
								 : -1;
}

/* Bits from `from` on. */
static bool
is_clear(const unsigned char bytes[16], unsigned from)
{
	for (unsigned i = from; i < ALL_BITS; i++)
		if ((bytes[i / 8] & (0x80u >> i % 8)) != 0)
			return false;
	return true;
}

result
network_read(view text, struct network *out)
{
	bool ranged = view_find_byte(text, '/') < text.n;
	view address = view_cut(&text, '/');
	int before = read_address(address, out->bytes);
	uint64_t length;

	if (before < 0)
		return fail(MALFORMED, malformed);
	length = ALL_BITS - (unsigned)before;
	if (ranged && !view_number(text, length, &length))
		return fail(MALFORMED, malformed);
	out->bits = (unsigned)before + (unsigned)length;
	if (!is_clear(out->bytes, out->bits))
		return fail(MALFORMED,
		    "a network has no bits set behind its length");
	return done();
}

bool
network_has(const struct network *n, view address)
{
	unsigned char bytes[16];
	unsigned whole = n->bits / 8, rest = n->bits % 8;
	unsigned mask = 0xff00u >> rest & 0xff;

	if (read_address(address, bytes) < 0
	    || memcmp(bytes, n->bytes, whole) != 0)
		return false;
	return rest == 0 || ((bytes[whole] ^ n->bytes[whole]) & mask) == 0;
}
