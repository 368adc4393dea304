/* What sogo-tool 5.8 wrote of two people (tests/data/sogo, with a list and
 * some faults put in): in, again, and what clients find then. */
#include "mailcore/admin/share.h"
#include "mailcore/admin/transfer.h"
#include "mailcore/store/right_subscription.h"
#include "tests/unit/store_help.h"

struct heard {
	int taken, there, refused;
	bool says_where; /* of who is to have less than all others */
};

static void
hear(void *context, view what, result r)
{
	struct heard *h = context;

	if (r.is != OK && r.why[0] != '\0')
		printf("# %.*s: %s\n", (int)what.n, what.p, r.why);
	if (r.is == DENIED)
		h->says_where = view_eq(what, VIEW("/Users/user3/Calendar/"
		    "personal for <default>"));
	if (r.is == OK)
		h->taken++;
	else if (r.is == EXISTS && r.why[0] == '\0')
		h->there++;
	else
		h->refused++;
}

static bool
import(struct home *h, int64_t account, const char *path, int taken,
    int there, int refused)
{
	struct heard heard = { .taken = 0 };
	struct transfer t = { .store = h->store, .account = account,
		.told = hear, .context = &heard };

	must(transfer_import(&t, path, TRANSFER_SOGO), path);
	is_number(heard.taken, taken, "taken");
	is_number(heard.there, there, "there already");
	is_number(heard.refused, refused, "refused");
	return heard.says_where;
}

/* The text of an object by its name; "" without one. */
static view
text_of(struct home *h, struct account *a, enum collection_kind kind,
    const char *collection, const char *name)
{
	struct item item;
	struct body body;
	view text = VIEW("");

	if (item_by_name(a, h->arena, home_collection(h, a, kind, collection),
	        view_of(name), &item).is != OK
	    || body_open(a, item.body, &body).is != OK)
		return text;
	text = arena_copy(h->arena, body.bytes);
	body_close(&body);
	return text;
}

static bool
says(view text, const char *words)
{
	return view_find(text, view_of(words)) != SIZE_MAX;
}

static void
test_objects(struct home *h, int64_t account)
{
	struct account *a = home_open(h, account);
	view one = text_of(h, a, COLLECTION_CALENDAR, "personal", "one.ics");
	view card = text_of(h, a, COLLECTION_ADDRESSBOOK, "personal",
	    "c.vcf");
	view group = text_of(h, a, COLLECTION_ADDRESSBOOK, "personal",
	    "4A52-1.vlf");
	struct collection c;

	ok(says(one, "SUMMARY:Gr\xc3\xb6\xc3\x9f" "e \\, \"quoted\" \\\\ back "
	             "\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80\r\n"),
	    "an event under its name, in UTF-8");
	ok(says(card, "FN:J\xc3\xbcrgen \xc3\x96\r\n"), "a contact");
	ok(says(group, "KIND:group") && says(group, "urn:uuid:c\r\n"),
	    "a list is a group of that contact");
	ok(says(text_of(h, a, COLLECTION_CALENDAR, "second", "b.ics"),
	       "UID:b-in-second\r\n"), "a second calendar");
	must(collection_find(a, h->arena, COLLECTION_CALENDAR, VIEW("second"),
	    &c), "second");
	ok(view_eq(c.display_name, VIEW("Zweiter Kalender & <mehr>")),
	    "called as it was");
	account_close(&a);
}

static void
test_shares(struct home *h)
{
	static const struct {
		const char *collection, *who;
	} wanted[] = {
		{ "Calendar/personal", "user2@example.org" },
		{ "Calendar/second", "anyone" },
		{ "Calendar/second", "domain" },
		{ "Contacts/personal", "user2@example.org" },
	};
	struct share *list;
	size_t count;

	must(admin_share_list(h->store, h->arena, VIEW("user1@example.org"),
	    &list, &count), "shares");
	is_number((int64_t)count, COUNT(wanted), "shares");
	for (size_t i = 0; i < COUNT(wanted); i++) {
		bool found = false;

		for (size_t k = 0; k < count; k++)
			found = found
			    || (view_eq(list[k].collection,
			            view_of(wanted[i].collection))
			        && view_eq(list[k].who,
			            view_of(wanted[i].who)));
		ok(found, "%s is shared with %s", wanted[i].collection,
		    wanted[i].who);
	}
}

static void
test_subscriptions(struct home *h, int64_t account, int64_t owner)
{
	struct account *a = home_open(h, account);
	struct subscription *list;
	size_t count;
	view color;

	must(subscription_list(a, h->arena, COLLECTION_CALENDAR, &list,
	    &count), "subscriptions");
	ok(count == 1 && list[0].owner == owner
	    && view_eq(list[0].name,
	        VIEW("user1_A_example_D_org_personal")),
	    "the other's calendar, where SOGo had it");
	must(subscription_property_get(a, h->arena, list[0].id,
	    VIEW("http://apple.com/ns/ical/ calendar-color"), &color),
	    "colour");
	ok(view_eq(color, VIEW("#CC3300")), "in the colour of before");
	account_close(&a);
}

static view
color_of(struct home *h, struct account *a, const char *calendar)
{
	view color;
	result r = property_get(a, h->arena,
	    home_collection(h, a, COLLECTION_CALENDAR, calendar),
	    VIEW("http://apple.com/ns/ical/ calendar-color"), &color);

	return r.is == OK ? color : VIEW("");
}

/* The first calendar and book have had their names before. */
static void
test_looks(struct home *h, int64_t account)
{
	struct account *a = home_open(h, account);
	struct collection c;

	must(collection_find(a, h->arena, COLLECTION_CALENDAR,
	    VIEW("personal"), &c), "personal");
	ok(view_eq(c.display_name, VIEW("Pers\xc3\xb6nlicher Kalender")),
	    "called as it was");
	must(collection_find(a, h->arena, COLLECTION_ADDRESSBOOK,
	    VIEW("personal"), &c), "personal");
	ok(view_eq(c.display_name, VIEW("Personal Address Book")),
	    "as here, where it had no name");
	ok(view_eq(color_of(h, a, "personal"), VIEW("#AA66CC")), "a colour");
	ok(color_of(h, a, "4A52-1").n == 0, "none that is none");
	account_close(&a);
}

static result
call_mine(struct account *a, void *context)
{
	return collection_set_display_name(a, *(int64_t *)context,
	    VIEW("Mine"));
}

static bool
is_mine(struct home *h, struct account *a)
{
	struct collection c;

	must(collection_find(a, h->arena, COLLECTION_CALENDAR,
	    VIEW("personal"), &c), "personal");
	return view_eq(c.display_name, VIEW("Mine"));
}

static unsigned
rights_of(struct home *h, int64_t who, int64_t owner, const char *calendar)
{
	struct account *a = home_open(h, owner);
	int64_t id = home_collection(h, a, COLLECTION_CALENDAR, calendar);
	struct right_set rights;

	account_close(&a);
	must(right_read(h->store, h->arena, who, owner, &rights), "rights");
	return right_in(&rights, COLLECTION_CALENDAR, id);
}

/* From a SOGo where people log in by a name alone. */
static void
test_names_alone(struct home *h, int64_t one, int64_t two)
{
	static const char file[] = "tests/data/sogo/user3@example.org";
	int64_t id = home_person(h, 3), personal;
	struct account *a;
	view text;

	ok(import(h, id, file, 6, 2, 2), "it says what was not shared");
	a = home_open(h, id);
	text = text_of(h, a, COLLECTION_ADDRESSBOOK, "personal", "l");
	ok(says(text, "MEMBER:urn:uuid:9\r\n")
	    && says(text, "MEMBER:urn:uuid:gone\r\n"),
	    "a list that is longer here");
	text = text_of(h, a, COLLECTION_CALENDAR, "personal", "invited");
	account_close(&a);
	ok(says(text, "SUMMARY:it's \x1bone\r\n")
	    && says(text, "VCALENDAR\r\nPRODID:-//t//EN\r\n"),
	    "an event without its METHOD");
	test_looks(h, id);
	ok((rights_of(h, one, id, "personal") & RIGHT_CHANGE) != 0,
	    "shared with whom it was");
	is_number(rights_of(h, two, id, "personal"), 0,
	    "not with who was to have nothing");
	is_number(rights_of(h, two, id, "4A52-1"), RIGHTS_TIMES,
	    "with everyone");
	a = home_open(h, id);
	personal = home_collection(h, a, COLLECTION_CALENDAR, "personal");
	must(account_write(a, call_mine, &personal, DURABLE), "call");
	account_close(&a);
	import(h, id, file, 0, 8, 2);
	a = home_open(h, id);
	ok(is_mine(h, a), "a name of here stays");
	account_close(&a);
}

static void
test_none(struct home *h, int64_t account)
{
	struct heard heard = { .taken = 0 };
	struct transfer t = { .store = h->store, .account = account,
		.told = hear, .context = &heard };

	is_number(transfer_import(&t, "tests/data/apple/schema.tsv",
	    TRANSFER_SOGO).is, MALFORMED, "another file");
	is_number(heard.taken + heard.refused, 0, "nothing is done");
}

int
main(void)
{
	static const char one[] = "tests/data/sogo/user1@example.org";
	static const char two[] = "tests/data/sogo/user2@example.org";
	int64_t first, second;
	struct home h;

	home_begin(&h);
	first = home_person(&h, 1);
	second = home_person(&h, 2);
	import(&h, second, two, 0, 0, 3);
	import(&h, first, one, 10, 0, 3);
	test_objects(&h, first);
	test_shares(&h);
	import(&h, first, one, 0, 10, 3);
	import(&h, second, two, 2, 0, 1);
	import(&h, second, two, 0, 2, 1);
	test_subscriptions(&h, second, first);
	test_names_alone(&h, first, second);
	test_none(&h, first);
	home_end(&h);
	return tap_done();
}
