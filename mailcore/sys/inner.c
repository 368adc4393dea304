#include "mailcore/sys/inner.h"

#include "mailcore/base/result.h"

#include <arpa/inet.h>
#include <string.h>

/* RFC 6890 and what followed it. */
static const struct {
	uint32_t net, mask;
} private_four[] = {
	{ 0x00000000, 0xff000000 }, { 0x0a000000, 0xff000000 },
	{ 0x64400000, 0xffc00000 }, { 0x7f000000, 0xff000000 },
	{ 0xa9fe0000, 0xffff0000 }, { 0xac100000, 0xfff00000 },
	{ 0xc0000000, 0xffffff00 }, { 0xc0a80000, 0xffff0000 },
	{ 0xc6120000, 0xfffe0000 }, { 0xe0000000, 0xe0000000 },
};

static bool
four_is_private(uint32_t address)
{
	for (size_t i = 0; i < COUNT(private_four); i++)
		if ((address & private_four[i].mask) == private_four[i].net)
			return true;
	return false;
}

static uint32_t
four_at(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16
	    | (uint32_t)p[2] << 8 | p[3];
}

static bool
six_is_private(const unsigned char *p)
{
	static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0xff, 0xff };
	static const unsigned char nat64[12] = { 0, 0x64, 0xff, 0x9b };

	if (memcmp(p, mapped, sizeof mapped) == 0
	    || memcmp(p, nat64, sizeof nat64) == 0)
		return four_is_private(four_at(p + 12));
	if (p[0] == 0x20 && p[1] == 0x02) /* 6to4 */
		return four_is_private(four_at(p + 2));
	/* Only 2000::/3 is public unicast (RFC 4291 2.4). */
	return (p[0] & 0xe0) != 0x20;
}

bool
inner_address(view address)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (!view_copy(address, text, sizeof text))
		return true;
	if (inet_pton(AF_INET, text, bytes) == 1)
		return four_is_private(four_at(bytes));
	if (inet_pton(AF_INET6, text, bytes) == 1)
		return six_is_private(bytes);
	return true;
}
