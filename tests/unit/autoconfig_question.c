/* Whose configuration is asked for: by address, by Host, and by nonsense. */
#include "autoconfig/question.h"

#include "tests/tap.h"

#include <string.h>

static const struct {
	const char *address;
	const char *host;
	enum status is;
	const char *first; /* NULL: nothing to look for */
	const char *second;
} cases[] = {
	{ "fred@example.test", "autoconfig.other.test", OK, "example.test",
	    NULL },
	{ "fred+tag@example.test", "", OK, "example.test", NULL },
	{ " fred@EXAMPLE.Test. ", "", OK, "example.test", NULL },
	{ "fred@m\xc3\xbcller.test", "", OK, "xn--mller-kva.test", NULL },
	{ "\"a@b\"@example.test", "", OK, "example.test", NULL },
	{ "\xe3\x82\xb8@example.test", "", OK, "example.test", NULL },
	{ "EVOLUTIONUSER@example.test", "", OK, "example.test", NULL },
	{ "fred@[127.0.0.1]", "example.test", OK, NULL, NULL },
	{ "fred", "example.test", MALFORMED, NULL, NULL },
	{ "@example.test", "", MALFORMED, NULL, NULL },
	{ "fred@", "", MALFORMED, NULL, NULL },
	{ "a@b@c", "", MALFORMED, NULL, NULL },
	{ "<script>@example.test", "", MALFORMED, NULL, NULL },
	{ "a@b.test\r\nSet-Cookie: x", "", MALFORMED, NULL, NULL },
	{ "", "autoconfig.example.test", OK, "autoconfig.example.test",
	    "example.test" },
	{ " ", "AutoConfig.Example.test", OK, "autoconfig.example.test",
	    "example.test" },
	{ "", "mail.example.test.", OK, "mail.example.test", "example.test" },
	{ "", "ua-auto-config.example.test", OK,
	    "ua-auto-config.example.test", "example.test" },
	{ "", "example.test", OK, "example.test", NULL },
	{ "", "autoconfig.autoconfig.example.test", OK,
	    "autoconfig.autoconfig.example.test",
	    "autoconfig.example.test" },
	{ "", "evil.autoconfig.example.test", OK,
	    "evil.autoconfig.example.test", NULL },
	{ "", "", OK, NULL, NULL },
};

static void
check(const struct autoconfig_question *q, size_t i, const char *wanted,
    const char *what)
{
	ok((wanted == NULL) == (i >= q->count), "%s: domain %zu", what, i);
	if (wanted != NULL && i < q->count)
		same(q->domains[i], view_of(wanted), what);
}

static void
test_limits(struct arena *arena)
{
	char address[400];
	struct autoconfig_question q;
	result r;

	memset(address, 'a', sizeof address);
	memcpy(address + 64, "@b.test", 7);
	r = autoconfig_ask((view){ address, 71 }, VIEW(""), arena, &q);
	ok(r.is == OK && q.count == 1, "a local part of 64 bytes");
	memset(address, 'a', sizeof address);
	memcpy(address + 65, "@b.test", 7);
	r = autoconfig_ask((view){ address, 72 }, VIEW(""), arena, &q);
	ok(r.is == MALFORMED, "of 65: %s", r.why);
}

int
main(void)
{
	struct arena *arena = arena_new(1 << 20);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct autoconfig_question q;
		char what[80] = "'";
		result r = autoconfig_ask(view_of(cases[i].address),
		    view_of(cases[i].host), arena, &q);

		(void)strncat(what, cases[i].address[0] != '\0'
		    ? cases[i].address : cases[i].host, 60);
		for (char *c = what; *c != '\0'; c++)
			*c = *c < ' ' ? '?' : *c;
		ok(r.is == cases[i].is, "%s: %s", what, r.why);
		check(&q, 0, cases[i].first, what);
		check(&q, 1, cases[i].second, what);
	}
	test_limits(arena);
	arena_free(&arena);
	return tap_done();
}
