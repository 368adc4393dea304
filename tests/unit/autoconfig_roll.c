/* PACC's document through changes: what is served and what is planned at each
 * moment, over reopened stores, since nothing of it lives in a process. */
#include "autoconfig/pacc_roll.h"
#include "tests/unit/store_help.h"

enum { NOW = 1000000 };

static struct service_set
services(struct home *h, const char *host)
{
	struct conf conf;
	struct service_set set;

	conf_defaults(&conf, 0);
	conf.hostname = host;
	must(service_set_make(&conf, VIEW("example.org"), VIEW("E"),
	    h->arena, &set), "service_set_make");
	return set;
}

static bool
speaks_of(view document, const char *host)
{
	return view_find(document, view_of(host)) != SIZE_MAX;
}

enum act { LOOK, ANNOUNCE, SWITCH };

/* What is done at NOW + `at`, and what is so then; other "": no second. */
static const struct moment {
	enum act act;
	const char *host; /* in the configuration */
	int64_t at;
	const char *served, *other;
	bool unannounced;
} moments[] = {
	{ LOOK, "one.test", 0, "one.test", "", false },
	{ LOOK, "two.test", 1, "two.test", "", false },
	{ ANNOUNCE, "one.test", 2, "one.test", "", false },
	{ LOOK, "two.test", 3, "one.test", "", true },
	{ LOOK, "two.test", 3 + 10 * PACC_DELAY, "one.test", "", true },
	{ ANNOUNCE, "two.test", 10, "one.test", "two.test", false },
	{ ANNOUNCE, "two.test", 20, "one.test", "two.test", false },
	{ LOOK, "two.test", 9 + PACC_DELAY, "one.test", "two.test", false },
	{ LOOK, "two.test", 10 + PACC_DELAY, "two.test", "one.test", false },
	{ LOOK, "two.test", 9 + PACC_DELAY + PACC_KEEP, "two.test",
	    "one.test", false },
	{ LOOK, "two.test", 10 + PACC_DELAY + PACC_KEEP, "two.test", "",
	    false },
	/* Changed again before the switch: the second never goes live. */
	{ LOOK, "three.test", 30, "one.test", "two.test", true },
	{ ANNOUNCE, "three.test", 40, "one.test", "three.test", false },
	/* And back: nothing is to come. */
	{ ANNOUNCE, "one.test", 50, "one.test", "", false },
	{ SWITCH, "one.test", 50, "one.test", "", false },
	{ ANNOUNCE, "two.test", 60, "one.test", "two.test", false },
	{ SWITCH, "two.test", 70, "two.test", "one.test", false },
	/* Another change after the switch. */
	{ ANNOUNCE, "three.test", 80, "two.test", "three.test", false },
	{ LOOK, "three.test", 80 + PACC_DELAY, "three.test", "two.test",
	    false },
};

static void
try_moment(struct home *h, const struct moment *m)
{
	struct service_set set = services(h, m->host);
	int64_t now = NOW + m->at;
	struct pacc_roll roll;

	if (m->act == ANNOUNCE)
		must(pacc_roll_announce(h->store, &set, now, h->arena,
		    &roll), "pacc_roll_announce");
	if (m->act == SWITCH)
		(void)pacc_roll_switch(h->store, &set, now, h->arena).is;
	store_close(&h->store);
	home_reopen(h, "test");
	must(pacc_roll_look(h->store, &set, now, h->arena, &roll), "look");
	ok(speaks_of(roll.served, m->served) && (m->other[0] == '\0'
	        ? roll.other.n == 0 : speaks_of(roll.other, m->other))
	    && roll.unannounced == m->unannounced
	    && (roll.switches != 0) == (m->other[0] != '\0'),
	    "%s at %lld: %s, \"%s\"", m->host, (long long)m->at, m->served,
	    m->other);
}

/* Whatever stands in the setting, there is a document. */
static void
test_garbage(struct home *h)
{
	static const char *const texts[] = { "", "x", "1", "1 ", "1 5\nab",
		"1 99999999\nab", "99999999999999999999 1\na", "-1 1\na" };
	struct service_set set = services(h, "one.test");
	struct pacc_roll roll;

	for (size_t i = 0; i < COUNT(texts); i++) {
		must(setting_set(h->store, VIEW("pacc/example.org"),
		    view_of(texts[i])), "setting_set");
		must(pacc_roll_look(h->store, &set, NOW, h->arena, &roll),
		    "look");
		ok(speaks_of(roll.served, "one.test") && roll.other.n == 0,
		    "\"%s\" is nothing", texts[i]);
	}
	is_result(pacc_roll_switch(h->store, &set, NOW, h->arena), NOT_FOUND,
	    "and nothing is announced");
}

static void
test_none(struct home *h)
{
	struct service_set set = services(h, "one.test");
	struct pacc_roll roll;

	set.incoming_count = 0;
	must(pacc_roll_announce(h->store, &set, NOW, h->arena, &roll),
	    "announce");
	ok(roll.served.n == 0 && roll.other.n == 0, "no document at all");
}

int
main(void)
{
	struct home h;

	home_begin(&h);
	for (size_t i = 0; i < COUNT(moments); i++)
		try_moment(&h, &moments[i]);
	test_garbage(&h);
	test_none(&h);
	home_end(&h);
	return tap_done();
}
