/* Somebody who administers a domain: what they may, and that it is of that
 * domain alone, within its limits, and never above themselves. */
#include "mailcore/admin/domain_admin.h"

#include "mailcore/admin/admin.h"
#include "tests/unit/store_help.h"

#include <pthread.h>

enum { MB = 1 << 20 };

/* `boss` administers example.org, `rival` other.example, and `chief`, whose
 * mailbox is in example.org, both. */
struct scene {
	struct home home;
	int64_t own, foreign; /* domains */
	int64_t boss, chief, mate, rival, victim;
	struct domain_admin by, of_rival;
};

static int64_t
add_person(struct scene *s, const char *address)
{
	int64_t id;

	must(account_add(s->home.store, view_of(address), VIEW("Somebody"),
		 VIEW("{X}x"), &id),
	    address);
	return id;
}

static void
open_scene(struct scene *s)
{
	struct domain d;

	memset(s, 0, sizeof *s);
	home_begin(&s->home);
	must(domain_find(s->home.store, s->home.arena, VIEW("example.org"),
		 &d),
	    "domain_find");
	s->own = d.id;
	must(domain_add(s->home.store, VIEW("other.example"), VIEW(""),
		 &s->foreign),
	    "domain_add");
	s->boss = add_person(s, "boss@example.org");
	s->chief = add_person(s, "chief@example.org");
	s->mate = add_person(s, "mate@example.org");
	s->rival = add_person(s, "rival@other.example");
	s->victim = add_person(s, "victim@other.example");
	must(domain_admin_add(s->home.store, VIEW("example.org"),
		 VIEW("boss@example.org")),
	    "boss");
	must(domain_admin_add(s->home.store, VIEW("example.org"),
		 VIEW("chief@example.org")),
	    "chief");
	must(domain_admin_add(s->home.store, VIEW("other.example"),
		 VIEW("chief@example.org")),
	    "chief");
	must(domain_admin_add(s->home.store, VIEW("other.example"),
		 VIEW("rival@other.example")),
	    "rival");
	s->by = (struct domain_admin){ .store = s->home.store,
		.account = s->boss };
	s->of_rival = (struct domain_admin){ .store = s->home.store,
		.account = s->rival };
}

static void
limit(struct scene *s, int64_t mailboxes, int64_t quota)
{
	const struct domain_share most = { mailboxes, quota };

	must(domain_admin_limit(s->home.store, VIEW("example.org"), &most),
	    "domain_admin_limit");
}

static struct domain_share
used(struct scene *s)
{
	struct domain_share most, now;

	must(domain_admin_share(s->home.store, VIEW("example.org"), &most,
		 &now),
	    "domain_admin_share");
	return now;
}

static result
add_text(struct scene *s, view local, int64_t quota, int64_t *id)
{
	const struct mailbox_wanted wanted = { .local_part = local,
		.password = VIEW("secret"), .quota = quota };
	bool weak;

	return domain_admin_mailbox_add(&s->by, s->own, &wanted, id, &weak);
}

static result
add(struct scene *s, const char *local, int64_t quota)
{
	int64_t id;

	return add_text(s, view_of(local), quota, &id);
}

static bool
is_there(struct scene *s, const char *address)
{
	struct account_info info;

	return account_find(s->home.store, s->home.arena, view_of(address),
		   &info).is == OK;
}

/* --- limits ------------------------------------------------------------- */

static void
test_mailboxes(struct scene *s)
{
	limit(s, 4, 0);
	is_result(add(s, "m4", 0), OK, "the last that there may be");
	is_result(add(s, "m5", 0), OVER_LIMIT, "one more");
	ok(!is_there(s, "m5@example.org"), "which is not there");
	is_result(add(s, "m4", 0), EXISTS, "a taken one says so all the same");
	is_number(used(s).mailboxes, 4, "four");
	must(admin_mailbox_add(s->home.store, VIEW("m5@example.org"),
		 VIEW(""), VIEW("x")),
	    "the operator is not held to it");
	is_number(used(s).mailboxes, 5, "five");
	is_result(add(s, "m6", 0), OVER_LIMIT, "none, over the limit");
	limit(s, 0, 0);
	is_result(add(s, "m6", 0), OK, "no limit");
	must(admin_mailbox_remove(s->home.store, VIEW("m4@example.org")), "4");
	must(admin_mailbox_remove(s->home.store, VIEW("m5@example.org")), "5");
	must(admin_mailbox_remove(s->home.store, VIEW("m6@example.org")), "6");
}

static int64_t
quota_of(struct scene *s, int64_t id)
{
	struct account_info info;

	must(account_get(s->home.store, s->home.arena, id, &info), "get");
	return info.quota;
}

static void
test_quotas(struct scene *s)
{
	int64_t id;

	limit(s, 0, 10 * MB);
	is_result(add_text(s, VIEW("q"), 0, &id), OVER_LIMIT,
	    "any amount, where there is a bound");
	is_result(add_text(s, VIEW("q"), 10 * MB + 1, &id), OVER_LIMIT,
	    "a byte more than all");
	is_result(add_text(s, VIEW("q"), -1, &id), MALFORMED, "less than any");
	ok(!is_there(s, "q@example.org"), "nothing is there of it");
	is_result(add_text(s, VIEW("q"), 10 * MB, &id), OK, "all");
	is_result(domain_admin_quota(&s->by, s->mate, 1), OVER_LIMIT,
	    "a byte more");
	is_result(domain_admin_quota(&s->by, s->mate, 0), OVER_LIMIT,
	    "any amount, for one who has it already");
	is_result(domain_admin_quota(&s->by, s->mate, -1), MALFORMED,
	    "what would give others more");
	is_result(domain_admin_quota(&s->by, id, INT64_MIN), MALFORMED,
	    "the least number");
	is_result(domain_admin_quota(&s->by, id, INT64_MAX), OVER_LIMIT,
	    "the greatest");
	is_number(quota_of(s, id), 10 * MB, "all are as they were");
	is_result(domain_admin_quota(&s->by, id, 6 * MB), OK, "less");
	is_result(domain_admin_quota(&s->by, s->mate, 4 * MB), OK,
	    "what is left");
	is_result(domain_admin_quota(&s->by, s->mate, 4 * MB + 1), OVER_LIMIT,
	    "and no byte more");
	is_number(used(s).quota, 10 * MB, "all is given");
	must(admin_quota_set(s->home.store, VIEW("q@example.org"), 60 * MB),
	    "the operator is not held to it");
	is_result(domain_admin_quota(&s->by, id, 60 * MB + 1), OVER_LIMIT,
	    "not more, over the limit");
	is_result(domain_admin_quota(&s->by, id, 50 * MB), OK,
	    "but less, though it is too much still");
	is_result(domain_admin_quota(&s->by, s->chief, 1), OVER_LIMIT,
	    "and nothing for others");
	is_result(domain_admin_quota(&s->by, id, 0), OVER_LIMIT, "nor all");
	limit(s, 0, 0);
	is_result(domain_admin_quota(&s->by, id, 0), OK, "no bound");
	is_result(domain_admin_quota(&s->by, s->mate, 0), OK, "for nobody");
	must(admin_mailbox_remove(s->home.store, VIEW("q@example.org")), "q");
}

/* Whether a mailbox may log in and how much it may hold go together. */
static void
test_both(struct scene *s)
{
	struct account_info info;

	limit(s, 0, 10 * MB);
	is_result(domain_admin_state(&s->by, s->mate, false, 11 * MB),
	    OVER_LIMIT, "too much");
	must(account_get(s->home.store, s->home.arena, s->mate, &info), "get");
	ok(info.enabled && info.quota == 0, "neither of both");
	is_result(domain_admin_state(&s->by, s->boss, false, MB), DENIED,
	    "oneself");
	is_result(domain_admin_state(&s->by, s->chief, false, MB), DENIED,
	    "one above");
	is_number(quota_of(s, s->boss) + quota_of(s, s->chief), 0,
	    "neither of both");
	is_result(domain_admin_state(&s->by, s->boss, true, MB), OK,
	    "one's own quota");
	is_result(domain_admin_state(&s->by, s->chief, true, MB), OK,
	    "that of one above");
	is_result(domain_admin_state(&s->by, s->mate, false, 8 * MB), OK,
	    "both");
	must(account_get(s->home.store, s->home.arena, s->mate, &info), "get");
	ok(!info.enabled && info.quota == 8 * MB, "and they are so");
	is_result(domain_admin_state(&s->by, s->victim, true, MB), NOT_FOUND,
	    "of another domain");
	limit(s, 0, 0);
	is_result(domain_admin_state(&s->by, s->mate, true, 0), OK, "back");
	is_result(domain_admin_state(&s->by, s->boss, true, 0), OK, "back");
	is_result(domain_admin_state(&s->by, s->chief, true, 0), OK, "back");
}

struct racer {
	struct scene *s;
	const char *name;
	result r;
};

static void *
race_mailbox(void *context)
{
	struct racer *me = context;

	me->r = add(me->s, me->name, 3 * MB);
	return NULL;
}

/* Two at once, where there is room for one. */
static void
race(struct racer racers[2], const char *what)
{
	pthread_t threads[2];
	int won = 0, lost = 0;

	for (int i = 0; i < 2; i++)
		if (pthread_create(
			&threads[i], NULL, race_mailbox, &racers[i]) != 0)
			must(fail(FAILED, "pthread_create"), what);
	for (int i = 0; i < 2; i++) {
		(void)pthread_join(threads[i], NULL);
		won += racers[i].r.is == OK;
		lost += racers[i].r.is == OVER_LIMIT;
	}
	ok(won == 1 && lost == 1, "%s: %s, %s", what, racers[0].r.why,
	    racers[1].r.why);
}

/* Whichever of them came. */
static void
forget(struct scene *s, const struct racer racers[2])
{
	const struct racer *one = &racers[racers[0].r.is == OK ? 0 : 1];

	must(admin_mailbox_remove(s->home.store,
		 arena_print(s->home.arena, "%s@example.org", one->name)),
	    one->name);
}

static void
test_races(struct scene *s)
{
	struct racer a[2] = { { .s = s, .name = "r1" },
		{ .s = s, .name = "r2" } };

	limit(s, 4, 0);
	race(a, "one mailbox is free");
	is_number(used(s).mailboxes, 4, "one came");
	forget(s, a);
	limit(s, 0, 5 * MB);
	race(a, "there is quota for one");
	is_number(used(s).quota, 3 * MB, "one came");
	forget(s, a);
	limit(s, 0, 0);
}

/* --- rights ------------------------------------------------------------- */

enum act { LIST, LOOK, ADD_MAILBOX, QUOTA, STATE, ENABLE, PASSWORD, REMOVE_IT,
	ALIASES, ALIAS_ADD, ALIAS_REMOVE, ACTS };

static result
try(struct scene *s, int64_t who, enum act what, int64_t domain, int64_t id)
{
	const struct domain_admin by = { .store = s->home.store,
		.account = who };
	const struct mailbox_wanted wanted = { .local_part = VIEW("new"),
		.password = VIEW("secret") };
	struct account_info info, *infos;
	struct alias *aliases;
	int64_t made;
	size_t n;
	bool weak;

	switch (what) {
	case LIST:
		return domain_admin_mailboxes(&by, s->home.arena, domain,
		    VIEW(""), 9, &infos, &n);
	case LOOK:
		return domain_admin_mailbox(&by, s->home.arena, id, &info);
	case ADD_MAILBOX:
		return domain_admin_mailbox_add(&by, domain, &wanted, &made,
		    &weak);
	case QUOTA:
		return domain_admin_quota(&by, id, 0);
	case STATE:
		return domain_admin_state(&by, id, true, 0);
	case ENABLE:
		return domain_admin_enable(&by, id, true);
	case PASSWORD:
		return domain_admin_password(&by, id, VIEW("x"), &weak);
	case REMOVE_IT:
		return domain_admin_mailbox_remove(&by, id);
	case ALIASES:
		return domain_admin_aliases(&by, s->home.arena, domain,
		    &aliases, &n);
	case ALIAS_ADD:
		return domain_admin_alias_add(&by, domain,
		    VIEW("new@example.org"), VIEW("discard"));
	case ALIAS_REMOVE:
		return domain_admin_alias_remove(&by, domain,
		    VIEW("new@example.org"));
	case ACTS:
		break;
	}
	return fail(FAILED, "no such act");
}

/* NOT_FOUND by everything, and in the words for what is not there. */
static void
all_closed(struct scene *s, int64_t who, int64_t domain, int64_t id,
    const char *what)
{
	for (enum act a = LIST; a < ACTS; a++) {
		result r = try(s, who, a, domain, id);
		result none = try(s, who, a, 999999, 999999);

		if (r.is != NOT_FOUND || !view_eq(view_of(r.why),
		        view_of(none.why)))
			ok(false, "%s: act %d: %d %s", what, (int)a,
			    (int)r.is, r.why);
	}
	ok(true, "%s", what);
}

static void
test_rights(struct scene *s)
{
	int64_t gone, lapsed = add_person(s, "lapsed@example.org");
	const struct domain_admin by_gone = { .store = s->home.store,
		.account = lapsed };
	view *list;
	size_t n;

	all_closed(s, s->mate, s->own, s->mate, "a user of the domain");
	all_closed(s, s->rival, s->own, s->mate, "of another domain");
	all_closed(s, s->boss, s->foreign, s->victim, "of this one, there");
	all_closed(s, s->boss, 0, 0, "the house itself");
	all_closed(s, s->boss, -1, -1, "numbers that nothing has");
	all_closed(s, 0, s->own, s->mate, "nobody");
	must(domain_admin_add(s->home.store, VIEW("example.org"),
		 VIEW("lapsed@example.org")),
	    "add");
	is_result(domain_admin_enable(&by_gone, s->mate, true), OK, "one more");
	is_result(domain_admin_add(s->home.store, VIEW("example.org"),
	    VIEW("lapsed@example.org")), OK, "again");
	must(domain_admin_remove(s->home.store, VIEW("example.org"),
		 VIEW("lapsed@example.org")),
	    "remove");
	all_closed(s, lapsed, s->own, s->mate, "one who did before");
	is_result(domain_admin_remove(s->home.store, VIEW("example.org"),
	    VIEW("lapsed@example.org")), NOT_FOUND, "once");
	must(domain_admin_add(s->home.store, VIEW("example.org"),
		 VIEW("lapsed@example.org")),
	    "add");
	gone = add_person(s, "gone@example.org");
	is_result(domain_admin_mailbox_remove(&s->by, gone), OK, "removed");
	all_closed(s, s->boss, s->foreign, gone, "a removed mailbox");
	is_result(domain_admin_mailbox_remove(&s->by, lapsed), OK,
	    "who administers no more than oneself");
	(void)add_person(s, "lapsed@example.org");
	must(domain_admin_list(s->home.store, s->home.arena,
		 VIEW("example.org"), &list, &n),
	    "list");
	is_number((int64_t)n, 2, "one of that name again has not his office");
	all_closed(s, lapsed, s->own, s->mate, "nor has the old number");
}

/* The office goes with the domain, also when one of that name comes again. */
static void
test_domain_gone(struct scene *s)
{
	int64_t id, again;

	must(domain_add(s->home.store, VIEW("third.example"), VIEW(""), &id),
	    "domain_add");
	must(domain_admin_add(s->home.store, VIEW("third.example"),
		 VIEW("boss@example.org")),
	    "domain_admin_add");
	is_result(try(s, s->boss, LIST, id, 0), OK, "there");
	must(domain_remove(s->home.store, VIEW("third.example")), "remove");
	all_closed(s, s->boss, id, s->victim, "a removed domain");
	must(domain_add(s->home.store, VIEW("third.example"), VIEW(""),
		 &again),
	    "domain_add");
	all_closed(s, s->boss, again, s->victim, "another of its name");
	is_result(domain_admin_add(s->home.store, VIEW("no.example"),
	    VIEW("boss@example.org")), NOT_FOUND, "no such domain");
	is_result(domain_admin_add(s->home.store, VIEW("example.org"),
	    VIEW("nobody@example.org")), NOT_FOUND, "no such mailbox");
	must(alias_add(s->home.store, VIEW("too@example.org"), s->mate), "t");
	is_result(domain_admin_add(s->home.store, VIEW("example.org"),
	    VIEW("too@example.org")), NOT_FOUND, "an alias is nobody");
	must(alias_remove(s->home.store, VIEW("too@example.org")), "t");
}

static void
test_above(struct scene *s)
{
	const struct domain_admin chief = { .store = s->home.store,
		.account = s->chief };
	bool weak;

	is_result(domain_admin_password(&s->by, s->chief, VIEW("x"), &weak),
	    DENIED, "a password of one above");
	ok(!weak, "which is no matter of strength");
	is_result(domain_admin_enable(&s->by, s->chief, false), DENIED,
	    "nor shut out");
	is_result(domain_admin_enable(&s->by, s->chief, true), DENIED,
	    "nor let in again");
	is_result(domain_admin_mailbox_remove(&s->by, s->chief), DENIED,
	    "nor removed");
	is_result(domain_admin_quota(&s->by, s->chief, 0), OK, "but a quota");
	is_result(domain_admin_password(&chief, s->boss, VIEW("x"), &weak),
	    OK, "one above may");
	is_result(domain_admin_password(&chief, s->rival, VIEW("x"), &weak),
	    OK, "in both");
	is_result(domain_admin_enable(&s->by, s->boss, false), DENIED,
	    "one's own is not disabled");
	is_result(domain_admin_mailbox_remove(&s->by, s->boss), DENIED,
	    "nor removed");
	is_result(domain_admin_password(&s->by, s->boss, VIEW("x"), &weak),
	    DENIED, "nor is the old password not asked for");
	ok(!weak, "whatever the new one");
}

int
main(void)
{
	struct scene s;

	open_scene(&s);
	test_mailboxes(&s);
	test_quotas(&s);
	test_both(&s);
	test_races(&s);
	test_rights(&s);
	test_domain_gone(&s);
	test_above(&s);
	home_end(&s.home);
	return tap_done();
}
