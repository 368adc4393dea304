/*
 * RFC 3986 5.4: references in the light of where they were read.
 */
#include "mailcore/format/uri.h"
#include "tests/tap.h"

static const struct {
	const char *base, *reference, *joined;
} cases[] = {
	{ "http://a/b/c/d;p?q", "g", "http://a/b/c/g" },
	{ "http://a/b/c/d;p?q", "./g/", "http://a/b/c/g/" },
	{ "http://a/b/c/d;p?q", "/g", "http://a/g" },
	{ "http://a/b/c/d;p?q", "//g", "http://g" },
	{ "http://a/b/c/d;p?q", "?y", "http://a/b/c/d;p?y" },
	{ "http://a/b/c/d;p?q", "g?y#s", "http://a/b/c/g?y" },
	{ "http://a/b/c/d;p?q", "../../g", "http://a/g" },
	{ "http://a/b/c/d;p?q", "https://x.example:8443/y?z#t",
	    "https://x.example:8443/y?z" },
	{ "https://a.example", "/dav/", "https://a.example/dav/" },
	{ "https://a.example:8443/x", "/dav/",
	    "https://a.example:8443/dav/" },
	{ "https://a.example/x", "HTTP://b.example/Y", "http://b.example/Y" },
	{ "https://a.example/x", "/a b%20\xc3\xa4|",
	    "https://a.example/a%20b%20%C3%A4%7C" },
	{ "https://a.example/a%2Fb/c?d", "./e:f@g%2Fh%25%00?i=%2F",
	    "https://a.example/a%2Fb/e:f@g%2Fh%25%00?i=%2F" },
	{ "https://a.example/x", "//[::1]:8443/y", "https://[::1]:8443/y" },
	{ "https://a.example/x", "//b\x1b\n.example/", "" },
	{ "https://a.example/x", "http://[", "" },
};

int
main(void)
{
	struct arena *arena = arena_new(65536);

	for (size_t i = 0; i < COUNT(cases); i++)
		same(uri_join(arena, view_of(cases[i].base),
		    view_of(cases[i].reference)), view_of(cases[i].joined),
		    cases[i].reference);
	ok(uri_is_reference(arena, VIEW("http://calendarserver.org/ns/"))
	    && uri_is_reference(arena, VIEW("DAV:"))
	    && uri_is_reference(arena, VIEW("urn:x:y")), "references");
	ok(!uri_is_reference(arena, VIEW(".http://a/"))
	    && !uri_is_reference(arena, VIEW("http://a/ b")), "and none");
	arena_free(&arena);
	return tap_done();
}
