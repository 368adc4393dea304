/* Sharing in the words of people. */
#include "mailcore/admin/share.h"
#include "tests/unit/store_help.h"

static const struct {
	const char *collection, *who, *rights;
	enum status is;
	const char *told; /* the rights, as they are listed */
} cases[] = {
	{ "Calendar/personal", "user2@example.org", "read", OK, "read" },
	{ "Calendar/personal", "user2@example.org", "write,private", OK,
	    "write,private" },
	{ "Calendar/personal", "domain", "busy", OK, "busy" },
	{ "Calendar/personal", "anyone", "times", OK, "times" },
	{ "Contacts", "user2@example.org", "read,admin", OK, "read,admin" },
	{ "Mail/INBOX", "user2@example.org", "lrs", OK, "lrs" },
	{ "Calendar/personal", "user2@example.org", "times,i", OK, "times,i" },
	{ "Calendar/personal", "user2@example.org", "times,?", MALFORMED,
	    NULL },
	{ "Mail/INBOX", "domain", "all", OK, "all" },
	{ "Mail/Inbox", "anyone", "lr", OK, "lr" },
	{ "Calendar/none", "domain", "read", NOT_FOUND, NULL },
	{ "Kalender/personal", "domain", "read", MALFORMED, NULL },
	{ "", "domain", "read", MALFORMED, NULL },
	{ "Calendar/personal", "user9@example.org", "read", NOT_FOUND, NULL },
	{ "Calendar/personal", "user1@example.org", "read", MALFORMED, NULL },
	{ "Calendar/personal", "domain", "fly", MALFORMED, NULL },
	{ "Calendar/personal", "domain", "", MALFORMED, NULL },
	{ "Calendar/personal", "domain", "read,fly", MALFORMED, NULL },
};

static bool
is_listed(struct home *h, size_t i)
{
	struct share *list;
	size_t count;

	must(admin_share_list(h->store, h->arena, VIEW("user1@example.org"),
		 &list, &count),
	    "list");
	for (size_t k = 0; k < count; k++)
		if (view_same(list[k].collection, view_of(cases[i].collection))
		    && view_eq(list[k].who, view_of(cases[i].who)))
			return view_eq(
			    list[k].rights, view_of(cases[i].told));
	return false;
}

int
main(void)
{
	view owner = VIEW("user1@example.org");
	struct home h;

	home_begin(&h);
	(void)home_person(&h, 1);
	(void)home_person(&h, 2);
	for (size_t i = 0; i < COUNT(cases); i++) {
		is_result(admin_share_add(h.store, owner,
			      view_of(cases[i].collection),
			      view_of(cases[i].who), view_of(cases[i].rights)),
		    cases[i].is, cases[i].rights);
		if (cases[i].is == OK)
			ok(is_listed(&h, i), "%s for %s is listed",
			    cases[i].collection, cases[i].who);
	}
	is_result(admin_share_remove(h.store, owner,
		      VIEW("Calendar/personal"), VIEW("domain")),
	    OK, "taken away");
	is_result(admin_share_remove(h.store, owner,
		      VIEW("Calendar/personal"), VIEW("domain")),
	    NOT_FOUND, "once");
	is_result(admin_share_add(h.store, VIEW("user9@example.org"),
		      VIEW("Calendar"), VIEW("domain"), VIEW("read")),
	    NOT_FOUND, "nobody's");
	home_end(&h);
	return tap_done();
}
