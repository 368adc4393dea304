/* Who may do what: every kind of person against every kind of grant. */
#include "mailcore/store/right.h"
#include "mailcore/store/right_subscription.h"
#include "tests/unit/store_help.h"

enum person { OWNER, FRIEND, COLLEAGUE, STRANGER, NOBODY, PEOPLE };
enum { ONE = 1, TWO = 2 }; /* collections */

static const char *const names[] = { "owner", "friend", "colleague",
	"stranger", "nobody" };

struct world {
	struct home h;
	int64_t id[PEOPLE];
	int64_t domain;
};

static void
world_begin(struct world *w)
{
	struct account_info info;
	int64_t id;

	home_begin(&w->h);
	must(domain_add(w->h.store, VIEW("other.example"), VIEW(""), &id),
	    "domain");
	w->id[OWNER] = home_person(&w->h, 1);
	w->id[FRIEND] = home_person(&w->h, 2);
	w->id[COLLEAGUE] = home_person(&w->h, 3);
	must(account_add(w->h.store, VIEW("user4@other.example"),
		 VIEW("Stranger"), VIEW("{X}x"), &w->id[STRANGER]),
	    "account");
	w->id[NOBODY] = 0;
	must(account_get(w->h.store, w->h.arena, w->id[OWNER], &info), "get");
	w->domain = info.domain;
}

static void
grant(struct world *w, enum right_whom whom, enum person friend,
    int64_t collection, unsigned rights)
{
	const struct right_grant g = { .whom = whom,
		.id = whom == RIGHT_ACCOUNT ? w->id[friend]
		    : whom == RIGHT_DOMAIN  ? w->domain
					    : 0,
		.kind = COLLECTION_CALENDAR,
		.collection = collection,
		.rights = rights };

	must(right_grant(w->h.store, w->id[OWNER], &g), "grant");
}

static unsigned
rights_of(struct world *w, enum person who, enum collection_kind kind,
    int64_t collection)
{
	struct right_set set;

	must(right_read(w->h.store, w->h.arena, w->id[who], w->id[OWNER], &set),
	    "right_read");
	return right_in(&set, kind, collection);
}

/* What each should have of calendar ONE, given what is granted. */
static unsigned
expected(enum person who, const unsigned granted[3], bool on, bool on_owner)
{
	unsigned rights = 0;

	if (who == OWNER)
		return RIGHT_ALL;
	if (!on_owner)
		return 0;
	rights |= granted[2];
	if (who == FRIEND && on)
		rights |= granted[0];
	if ((who == FRIEND && on) || who == COLLEAGUE)
		rights |= granted[1];
	return rights;
}

static void
check_may(struct world *w, enum person who, unsigned has)
{
	for (unsigned right = 1; right < RIGHT_ALL; right <<= 1) {
		result r = may(w->h.store, w->id[who], w->id[OWNER],
		    COLLECTION_CALENDAR, ONE, right);
		enum status wanted = (has & right) != 0 ? OK
		    : has == 0				? NOT_FOUND
							: DENIED;

		if (r.is != wanted)
			ok(false, "may: %s, right %u, has %u: %d", names[who],
			    right, has, (int)r.is);
	}
}

/* One row of the table: these are granted, friend and owner enabled or not,
 * for the calendar or for all of them. */
static int
check_row(struct world *w, const unsigned granted[3], int64_t place, int off)
{
	bool on = (off & 1) == 0, on_owner = (off & 2) == 0;
	int wrong = 0;

	grant(w, RIGHT_ACCOUNT, FRIEND, place, granted[0]);
	grant(w, RIGHT_DOMAIN, FRIEND, place, granted[1]);
	grant(w, RIGHT_ANYONE, FRIEND, place, granted[2]);
	must(account_set_enabled(w->h.store, w->id[FRIEND], on), "enable");
	must(account_set_enabled(w->h.store, w->id[OWNER], on_owner), "enable");
	for (int who = OWNER; who < PEOPLE; who++) {
		unsigned wanted = expected(
		    (enum person)who, granted, on, on_owner);
		unsigned elsewhere = who == OWNER || place == 0 ? wanted : 0;

		wrong += rights_of(w, (enum person)who, COLLECTION_CALENDAR,
			     ONE)
		    != wanted;
		wrong += rights_of(w, (enum person)who, COLLECTION_CALENDAR,
			     TWO)
		    != elsewhere;
		wrong += rights_of(w, (enum person)who, COLLECTION_ADDRESSBOOK,
			     ONE)
		    != (who == OWNER ? RIGHT_ALL : 0u);
		check_may(w, (enum person)who, wanted);
	}
	grant(w, RIGHT_ACCOUNT, FRIEND, place, 0);
	grant(w, RIGHT_DOMAIN, FRIEND, place, 0);
	grant(w, RIGHT_ANYONE, FRIEND, place, 0);
	return wrong;
}

static void
test_combinations(void)
{
	static const unsigned some[] = { 0, RIGHTS_BUSY, RIGHTS_TIMES,
		RIGHTS_WRITE };
	struct world w;
	int wrong = 0, rows = 0;

	world_begin(&w);
	for (size_t a = 0; a < COUNT(some); a++)
		for (size_t b = 0; b < COUNT(some); b++)
			for (size_t c = 0; c < COUNT(some); c++) {
				const unsigned granted[] = { some[a], some[b],
					some[c] };

				wrong += check_row(&w, granted, ONE, 0);
				wrong += check_row(&w, granted, 0, 0);
				rows += 2;
				arena_reset(w.h.arena);
			}
	for (int off = 1; off < 4; off++) {
		const unsigned granted[] = { RIGHTS_READ, RIGHTS_BUSY,
			RIGHTS_TIMES };

		wrong += check_row(&w, granted, ONE, off);
		rows++;
	}
	ok(wrong == 0, "%d rows of grants against everyone", rows);
	home_end(&w.h);
}

/* Each right by itself goes in and out. */
static void
test_each_right(void)
{
	struct world w;

	world_begin(&w);
	for (unsigned right = 1; right < RIGHT_ALL; right <<= 1) {
		grant(&w, RIGHT_ACCOUNT, FRIEND, ONE, right);
		ok(rights_of(&w, FRIEND, COLLECTION_CALENDAR, ONE) == right,
		    "right %u alone", right);
		check_may(&w, FRIEND, right);
	}
	home_end(&w.h);
}

static void
test_lists(void)
{
	struct world w;
	struct right_grant *list;
	struct right_grant both[2] = {
		{ .whom = RIGHT_ANYONE, .kind = COLLECTION_CALENDAR,
		    .collection = ONE, .rights = RIGHTS_READ },
		{ .whom = RIGHT_ACCOUNT, .id = 999, .collection = ONE,
		    .kind = COLLECTION_CALENDAR, .rights = RIGHTS_READ },
	};
	size_t count;

	world_begin(&w);
	grant(&w, RIGHT_ACCOUNT, FRIEND, ONE, RIGHTS_READ);
	grant(&w, RIGHT_ACCOUNT, STRANGER, ONE, RIGHTS_BUSY);
	grant(&w, RIGHT_DOMAIN, FRIEND, 0, RIGHTS_TIMES);
	grant(&w, RIGHT_ACCOUNT, OWNER, ONE, RIGHTS_BUSY);
	must(right_list(w.h.store, w.h.arena, w.id[OWNER], COLLECTION_CALENDAR,
		 ONE, &list, &count),
	    "list");
	ok(count == 2 && list[0].rights == RIGHTS_READ, "of one calendar");
	same(list[0].name, VIEW("user2@example.org"), "by name");
	must(right_list(w.h.store, w.h.arena, w.id[OWNER],
		 (enum collection_kind)0, 0, &list, &count),
	    "list");
	ok(count == 3, "of everything");
	same(list[0].name, VIEW("example.org"), "a domain has its name");
	must(right_given(w.h.store, w.h.arena, w.id[FRIEND],
		 COLLECTION_CALENDAR, &list, &count),
	    "given");
	ok(count == 1 && list[0].id == w.id[OWNER], "who gave me something");
	is_result(right_replace(w.h.store, w.id[OWNER], COLLECTION_CALENDAR,
		      ONE, both, 2),
	    NOT_FOUND, "nobody of that number");
	ok(rights_of(&w, FRIEND, COLLECTION_CALENDAR, ONE)
		== (RIGHTS_READ | RIGHTS_TIMES),
	    "and nothing has changed");
	must(right_replace(w.h.store, w.id[OWNER], COLLECTION_CALENDAR, ONE,
		 both, 1),
	    "replace");
	ok(rights_of(&w, STRANGER, COLLECTION_CALENDAR, ONE) == RIGHTS_READ,
	    "in place of what was there");
	must(account_remove(w.h.store, w.id[FRIEND]), "remove");
	must(account_remove(w.h.store, w.id[OWNER]), "remove");
	must(right_list(w.h.store, w.h.arena, w.id[OWNER],
		 (enum collection_kind)0, 0, &list, &count),
	    "list");
	ok(count == 0, "nothing outlives the account");
	home_end(&w.h);
}

static void
test_letters(void)
{
	static const struct {
		const char *in, *out;
		enum status is;
	} cases[] = {
		{ "lrswipkxtea", "lrswipkxtea", OK },
		{ "", "", OK },
		{ "tel", "lte", OK },
		{ "c", "kx", OK },
		{ "d", "te", OK },
		{ "lrq", "", MALFORMED },
		{ "L", "", MALFORMED },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b = buf_new(64);
		unsigned rights;
		result r = right_of_letters(view_of(cases[i].in), &rights);

		is_result(r, cases[i].is, cases[i].in);
		if (r.is == OK) {
			right_letters(rights, &b);
			same(buf_view(&b), view_of(cases[i].out), "letters");
		}
		buf_free(&b);
	}
}

struct follow {
	struct subscription s;
	bool remove;
	view property;
};

static result
follow_work(struct account *a, void *context)
{
	struct follow *f = context;

	if (f->property.n > 0)
		return subscription_property_set(
		    a, f->s.id, VIEW("x y"), f->property);
	return f->remove ? subscription_remove(a, f->s.owner, f->s.collection)
			 : subscription_add(a, &f->s);
}

static void
test_subscriptions(void)
{
	struct world w;
	struct follow f = { .s = { .kind = COLLECTION_CALENDAR,
				.name = VIEW("theirs"), .collection = ONE } };
	struct collection_change *changes;
	struct subscription *list, again;
	struct account *a;
	int64_t before;
	size_t count;
	view value;

	world_begin(&w);
	f.s.owner = w.id[OWNER];
	a = home_open(&w.h, w.id[FRIEND]);
	must(account_write(a, follow_work, &f, DURABLE), "add");
	f.s.name = VIEW("again");
	must(account_write(a, follow_work, &f, DURABLE), "again");
	must(subscription_list(a, w.h.arena, COLLECTION_CALENDAR, &list,
		 &count),
	    "list");
	ok(count == 1, "twice is once");
	same(list[0].name, VIEW("theirs"), "and keeps its name");
	f.s.collection = TWO;
	f.s.name = VIEW("personal");
	is_result(account_write(a, follow_work, &f, DURABLE), EXISTS,
	    "not the name of an own one");
	f.s.name = VIEW("theirs");
	is_result(account_write(a, follow_work, &f, DURABLE), EXISTS,
	    "nor of another subscription");
	f.s = list[0];
	f.property = VIEW("#123456");
	must(account_write(a, follow_work, &f, DURABLE), "property");
	f.property = VIEW("");
	must(subscription_property_get(
		 a, w.h.arena, f.s.id, VIEW("x y"), &value),
	    "property");
	same(value, VIEW("#123456"), "a property of one's own");
	must(account_modseq(a, &before), "modseq");
	f.remove = true;
	must(account_write(a, follow_work, &f, DURABLE), "remove");
	is_result(account_write(a, follow_work, &f, DURABLE), NOT_FOUND,
	    "once");
	is_result(subscription_find(a, w.h.arena, COLLECTION_CALENDAR,
		      VIEW("theirs"), &again),
	    NOT_FOUND, "gone");
	must(collection_changes(a, w.h.arena, COLLECTION_CALENDAR, before,
		 &changes, &count),
	    "changes");
	ok(count == 1 && changes[0].gone, "and told as gone");
	account_close(&a);
	home_end(&w.h);
}

int
main(void)
{
	test_combinations();
	test_each_right();
	test_lists();
	test_letters();
	test_subscriptions();
	return tap_done();
}
