/* How much may be sent is not had anew by removing a mailbox and adding
 * another. */
#include "mailcore/admin/domain_admin.h"

#include "mailcore/admin/admin.h"
#include "mailcore/store/sending.h"
#include "tests/unit/store_help.h"

enum { HOURLY = 100, DAILY = 150 };

struct scene {
	struct home home;
	struct domain_admin by;
	int64_t domain, now;
};

static int64_t
add(struct scene *s, const char *local)
{
	const struct mailbox_wanted wanted = { .local_part = view_of(local),
		.password = VIEW("secret") };
	int64_t id;
	bool weak;

	must(domain_admin_mailbox_add(&s->by, s->domain, &wanted, &id, &weak),
	    local);
	return id;
}

static enum status
send(struct scene *s, int64_t id, int64_t recipients)
{
	struct sending x = { .account = id, .recipients = recipients,
		.now = s->now, .usual = { HOURLY, DAILY } };

	return sending_take(s->home.store, &x).is;
}

static struct sending_limit
sent(struct scene *s, int64_t id)
{
	struct sending_limit n;

	must(sending_count(s->home.store, id, s->now, &n), "sending_count");
	return n;
}

static void
test_again(struct scene *s)
{
	int64_t one = add(s, "one"), two;

	is_number(sent(s, one).day, 0, "the first begins with all of it");
	is_number(send(s, one, 80), OK, "eighty");
	is_result(domain_admin_mailbox_remove(&s->by, one), OK, "removed");
	is_number(sent(s, one).day, 0, "nothing is kept of it");
	two = add(s, "two");
	is_number(send(s, two, 21), BUSY, "no more for the next one");
	is_number(send(s, two, 20), OK, "than what was left");
	is_result(domain_admin_mailbox_remove(&s->by, two), OK, "removed");
	one = add(s, "one");
	is_number(send(s, one, 1), BUSY, "nor for a third");
	s->now += 3600;
	is_number(sent(s, one).hour, 0, "an hour later");
	is_number(send(s, one, 50), OK, "what is left of the day");
	is_number(send(s, one, 1), BUSY, "and no more");
	two = add(s, "three");
	is_result(domain_admin_mailbox_remove(&s->by, two), OK,
	    "one that has sent nothing");
	is_result(domain_admin_mailbox_remove(&s->by, one), OK, "removed");
	one = add(s, "four");
	is_number(send(s, one, 1), BUSY, "the most of all counts");
	s->now += 86400;
	is_number(send(s, one, HOURLY), OK, "a day later");
}

/* The operator's are not held to it; nor are those of other domains. */
static void
test_others(struct scene *s)
{
	struct account_info info;
	int64_t other, id;

	must(admin_mailbox_add(s->home.store, VIEW("op@example.org"),
		 VIEW(""), VIEW("x")),
	    "add");
	must(account_find(s->home.store, s->home.arena, VIEW("op@example.org"),
		 &info),
	    "find");
	is_number(sent(s, info.id).day, 0, "the operator's begins anew");
	must(domain_add(s->home.store, VIEW("other.example"), VIEW(""),
		 &other),
	    "domain_add");
	must(domain_admin_add(s->home.store, VIEW("other.example"),
		 VIEW("user1@example.org")),
	    "domain_admin_add");
	s->domain = other;
	id = add(s, "one");
	is_number(sent(s, id).day, 0, "of another domain");
}

int
main(void)
{
	struct scene s = { .now = 86400 * 20000 };
	struct domain d;

	home_begin(&s.home);
	must(domain_find(s.home.store, s.home.arena, VIEW("example.org"), &d),
	    "domain_find");
	s.domain = d.id;
	s.by = (struct domain_admin){ .store = s.home.store,
		.account = home_person(&s.home, 1) };
	must(domain_admin_add(s.home.store, VIEW("example.org"),
		 VIEW("user1@example.org")),
	    "domain_admin_add");
	test_again(&s);
	test_others(&s);
	home_end(&s.home);
	return tap_done();
}
