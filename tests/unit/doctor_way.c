/*
 * Where connections may go.
 */
#include "autoconfig/doctor/way.h"
#include "mailcore/sys/inner.h"
#include "tests/tap.h"

static const struct {
	const char *address;
	bool private;
} addresses[] = {
	{ "9.255.255.255", false }, { "10.0.0.0", true },
	{ "10.255.255.255", true }, { "11.0.0.0", false },
	{ "100.63.255.255", false }, { "100.64.0.1", true },
	{ "100.127.255.255", true }, { "100.128.0.0", false },
	{ "127.0.0.1", true }, { "169.254.169.254", true },
	{ "172.15.255.255", false }, { "172.16.0.1", true },
	{ "172.31.255.255", true }, { "172.32.0.0", false },
	{ "192.168.1.1", true }, { "192.169.0.0", false },
	{ "198.18.0.1", true }, { "198.20.0.0", false }, { "0.0.0.0", true },
	{ "224.0.0.1", true }, { "255.255.255.255", true },
	{ "::1", true }, { "::", true }, { "fe80::1", true },
	{ "fc00::1", true }, { "ff02::1", true },
	{ "::ffff:127.0.0.1", true }, { "::ffff:9.9.9.9", false },
	{ "64:ff9b::10.0.0.1", true }, { "64:ff9b::9.9.9.9", false },
	{ "2002:7f00:1::1", true }, { "2a00:1450::1", false },
	{ "localhost", true }, { "", true }, { "127.1", true },
};

static void
guards(void)
{
	for (size_t i = 0; i < COUNT(addresses); i++)
		ok(inner_address(view_of(addresses[i].address))
		    == addresses[i].private, "\"%s\" is %s",
		    addresses[i].address,
		    addresses[i].private ? "private" : "public");
}

static void
finds(void)
{
	struct way r = { .domain = VIEW("example.org"),
		.at = VIEW("192.0.2.7"), .base_port = 10000 };
	struct arena *arena = arena_new(4096);
	struct way_end end;

	ok(way_find(&r, arena, VIEW("Mail.Example.ORG"), 993, &end)
	    .is == OK && end.count == 1
	    && view_eq(end.addresses[0], VIEW("192.0.2.7"))
	    && end.port == 10993, "the domain's names are at the address");
	ok(way_find(&r, arena, VIEW("example.org"), 10993, &end).is
	    == OK && end.port == 10993, "a high port is the port itself");
	ok(way_find(&r, arena, VIEW("badexample.org"), 443, &end)
	    .is == NOT_FOUND, "another name is not");
	arena_free(&arena);
}

int
main(void)
{
	guards();
	finds();
	return tap_done();
}
