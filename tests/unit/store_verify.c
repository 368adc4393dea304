/* Books that are right, and each way in which they can be wrong. */
#include "mailcore/store/verify.h"

#include "mailcore/db/db.h"
#include "mailcore/store/history.h"
#include "tests/unit/store_help.h"

/* What damages the books, and what must be said of it. */
struct damage {
	const char *sql, *what;
};

static const struct damage damages[] = {
	{ "UPDATE state SET used = used + 1", "sum of sizes" },
	{ "UPDATE collection SET items = items + 1", "counts" },
	{ "UPDATE collection SET unseen = unseen + 1", "counts" },
	{ "UPDATE collection SET bytes = bytes + 1", "counts" },
	{ "UPDATE collection SET uid_next = 1", "given out is in use" },
	{ "UPDATE item_gone SET uid = 4000000000", "given out was in use" },
	{ "DELETE FROM collection", "in no collection" },
	{ "UPDATE item SET modseq = modseq + 1000", "an item has a change" },
	{ "UPDATE item_gone SET modseq = modseq + 1000",
	    "a tombstone has a change" },
	{ "UPDATE state SET modseq = 1", "above the account's" },
	{ "INSERT INTO item_gone SELECT account_id, collection, 1, uid, name"
	  " FROM item", "its own tombstone" },
	{ "UPDATE state SET next_collection = 1", "a collection has a number" },
	{ "UPDATE state SET next_uid_validity = 1",
	    "a collection has a number" },
	{ "UPDATE collection SET uid_validity = 7", "one UIDVALIDITY" },
	{ "DELETE FROM body", "body is gone" },
	{ "UPDATE body SET size = size + 1", "body is gone" },
	{ "DELETE FROM body_share", "number of holders" },
	{ "DELETE FROM history", "number of holders" },
	{ "UPDATE state SET next_body = 1", "a body has a number" },
	{ "UPDATE body SET data = data || 'x'", "length" },
	{ "INSERT INTO summary VALUES (9999, 1, 0, '', '', '', '')",
	    "of no body" },
	{ "UPDATE item SET properties = 3", "were counted" },
	{ "INSERT INTO item_property VALUES (1, 99, 1, 'x', '', 'y')",
	    "of no item" },
	{ "UPDATE body SET hash = 'no'", "not what was stored" },
};

struct scene {
	struct home home;
	int64_t id;
	size_t said;
	const char *wanted;
	bool told;
};

static void
take(void *context, const struct verify_finding *f)
{
	struct scene *s = context;

	s->said++;
	if (strstr(f->what, s->wanted) != NULL)
		s->told = true;
}

static size_t
verify(struct scene *s, const char *wanted)
{
	struct account *a = home_open(&s->home, s->id);
	size_t faults;

	s->said = 0;
	s->told = false;
	s->wanted = wanted;
	must(account_verify(a, true, take, s, &faults), "account_verify");
	account_close(&a);
	ok(faults == s->said, "each fault is reported");
	return faults;
}

static void
add(struct scene *s, struct account *a, struct change c, const char *bytes)
{
	c.bytes = view_of(bytes);
	c.item.keywords = c.item.etag = VIEW("");
	must(change_run(&s->home, a, &c), "a change");
}

/* Something of all that books are kept of. */
static void
fill(struct scene *s)
{
	struct account *a = home_open(&s->home, s->id);
	int64_t inbox
	    = home_collection(&s->home, a, COLLECTION_MAILBOX, "INBOX");
	int64_t sent
	    = home_collection(&s->home, a, COLLECTION_MAILBOX, "Sent");
	int64_t calendar
	    = home_collection(&s->home, a, COLLECTION_CALENDAR, "personal");
	const struct item_new event = { .name = VIEW("e.ics"),
		.key = VIEW("e"), .component = VIEW("VEVENT"), .span_to = 9 };
	char *large = calloc(1, 100001);

	memset(large, 'x', 100000);
	add(s, a, (struct change){ ADD, .collection = inbox }, "one\r\n");
	add(s, a, (struct change){ ADD, .collection = inbox }, "two\r\n");
	add(s, a, (struct change){ ADD, .collection = inbox }, large);
	add(s, a, (struct change){ COPY, .collection = inbox, .uid = 1,
	    .to = sent }, "");
	add(s, a, (struct change){ MOVE, .collection = inbox, .uid = 3,
	    .to = sent }, "");
	add(s, a, (struct change){ FLAGS, .collection = inbox, .uid = 2,
	    .flags = FLAG_SEEN, .unchanged_since = INT64_MAX }, "");
	add(s, a, (struct change){ ADD, .collection = calendar,
	    .item = event }, "event");
	add(s, a, (struct change){ REPLACE, .collection = calendar, .uid = 1,
	    .item = event, .expected = VIEW("") }, "event again");
	add(s, a, (struct change){ REMOVE, .collection = calendar, .uid = 1 },
	    "");
	account_close(&a);
	free(large);
}

/* In a house of its own, behind the store's back. */
static void
show(const struct damage *d)
{
	struct store_options keep = { .journal = "test",
		.idle_accounts = 16, .history_days = 30 };
	struct scene s = { 0 };
	struct db *db;
	char path[512];

	home_begin(&s.home);
	store_close(&s.home.store);
	keep.data = s.home.data;
	must(store_open(&s.home.store, &keep), "store_open");
	s.id = home_person(&s.home, 1);
	fill(&s);
	is_number((long)verify(&s, ""), 0, "books that are right");
	store_close(&s.home.store);
	must(store_recover(s.home.data), "store_recover");
	(void)snprintf(path, sizeof path, "%s/accounts/%02x/%lld/account.db",
	    s.home.data, (unsigned)(s.id & 0xff), (long long)s.id);
	must(db_open(&db, path), path);
	must(db_do(db, d->sql, NULL, 0), d->sql);
	db_close_tidy(&db);
	home_reopen(&s.home, "test");
	ok(verify(&s, d->what) > 0 && s.told, "%s", d->sql);
	home_end(&s.home);
}

int
main(void)
{
	for (size_t i = 0; i < COUNT(damages); i++)
		show(&damages[i]);
	return tap_done();
}
