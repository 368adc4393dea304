/* Mailboxes, calendars and address books. */
#include "tests/unit/store_help.h"

#include "mailcore/base/limits.h"
#include "mailcore/db/db.h"

static result
make(struct home *h, struct account *a, const char *name, int64_t *id)
{
	struct change c = { .kind = MAKE, .of = COLLECTION_MAILBOX,
		.name = view_of(name) };
	result r = change_run_as(h, a, &c, DURABLE_LAZY);

	*id = c.to;
	return r;
}

static result
rename_to(struct home *h, struct account *a, int64_t id, const char *name)
{
	struct change c = { .kind = RENAME, .collection = id,
		.name = view_of(name) };

	return change_run_as(h, a, &c, DURABLE_LAZY);
}

static bool
is_there(struct home *h, struct account *a, const char *name)
{
	struct collection c;

	return collection_find(a, h->arena, COLLECTION_MAILBOX,
		   view_of(name), &c)
		   .is
	    == OK;
}

static void
test_first(struct home *h, struct account *a)
{
	static const char *const names[] = { "INBOX", "Archive", "Drafts",
		"Junk", "Sent", "Trash" };
	static const enum special_use uses[] = { USE_NONE, USE_ARCHIVE,
		USE_DRAFTS, USE_JUNK, USE_SENT, USE_TRASH };
	struct collection *all;
	size_t count;

	must(collection_list(a, h->arena, COLLECTION_MAILBOX, &all, &count),
	    "list");
	is_number((int64_t)count, COUNT(names), "mailboxes of a new account");
	for (size_t i = 0; i < count && i < COUNT(names); i++) {
		same(all[i].name, view_of(names[i]), "in this order");
		ok(all[i].use == uses[i] && all[i].subscribed
			&& all[i].uid_next == 1,
		    "special use, subscribed, empty");
	}
	must(collection_list(a, h->arena, COLLECTION_CALENDAR, &all, &count),
	    "list");
	ok(count == 1, "one calendar");
	same(all[0].display_name, VIEW("Personal Calendar"), "its name");
	must(collection_list(a, h->arena, COLLECTION_ADDRESSBOOK, &all,
		 &count),
	    "list");
	same(all[0].display_name, VIEW("Personal Address Book"), "the other");
}

static void
test_names(struct home *h, struct account *a)
{
	int64_t one, child, deep, near, id;
	struct collection before, after;

	is_result(make(h, a, "one", &one), OK, "make");
	must(collection_get(a, h->arena, one, &before), "get");
	is_result(make(h, a, "one", &id), EXISTS, "make it again");
	is_result(make(h, a, "iNBoX", &id), EXISTS, "INBOX in any case");
	is_result(make(h, a, "", &id), MALFORMED, "no name");
	must(make(h, a, "one/child", &child), "child");
	must(make(h, a, "one/child/deep", &deep), "deep");
	must(make(h, a, "one-more", &near), "near");
	is_result(rename_to(h, a, one, "two"), OK, "rename");
	ok(is_there(h, a, "two") && is_there(h, a, "two/child")
		&& is_there(h, a, "two/child/deep")
		&& is_there(h, a, "one-more") && !is_there(h, a, "one")
		&& !is_there(h, a, "one/child"),
	    "what is below goes along");
	is_result(rename_to(h, a, one, "two/child/x"), DENIED,
	    "not below itself");
	is_result(rename_to(h, a, one, "Trash"), EXISTS, "a taken name");
	is_result(rename_to(h, a, 999, "x"), NOT_FOUND, "no mailbox");
	must(make(h, a, "one", &id), "the old name again");
	must(collection_get(a, h->arena, id, &after), "get");
	ok(after.uid_validity > before.uid_validity && after.id > before.id,
	    "is another mailbox: RFC 9051 2.3.1.1");
}

/* "e" and an acute accent, in two code points and in one. */
#define APART "e\xcc\x81"
#define WHOLE "\xc3\xa9"

/* As it was named before names were composed. */
static void
spell_apart(const struct home *h, const struct account *a, int64_t id,
    const char *name)
{
	const struct db_arg args[] = { db_int(id), db_text(view_of(name)) };
	char path[512];
	struct db *db;

	(void)snprintf(path, sizeof path, "%s/accounts/%02x/%lld/account.db",
	    h->data, (unsigned)(account_id(a) & 255),
	    (long long)account_id(a));
	must(db_open(&db, path), path);
	must(db_do(db, "UPDATE collection SET name = $2 WHERE id = $1", args,
		 COUNT(args)),
	    "spell a name");
	db_close(&db);
}

static void
test_composed(struct home *h, struct account *a)
{
	struct collection c;
	int64_t id, child, far;

	must(make(h, a, "caf" APART, &id), "make");
	must(collection_get(a, h->arena, id, &c), "get");
	same(c.name, VIEW("caf" WHOLE), "a name is composed");
	is_result(make(h, a, "caf" WHOLE, &far), EXISTS, "and is one");
	must(make(h, a, "caf" WHOLE "/" APART, &child), "child");
	must(make(h, a, "cafe", &far), "near");
	spell_apart(h, a, id, "caf" APART);
	spell_apart(h, a, child, "caf" APART "/" APART);
	must(collection_get(a, h->arena, child, &c), "get");
	same(c.name, VIEW("caf" WHOLE "/" WHOLE), "an old one is told so");
	ok(is_there(h, a, "caf" WHOLE) && is_there(h, a, "caf" APART)
		&& is_there(h, a, "caf" WHOLE "/" WHOLE),
	    "and found by either spelling");
	is_result(make(h, a, "caf" WHOLE, &far), EXISTS, "it is taken");
	is_result(rename_to(h, a, id, "tea"), OK, "rename an old one");
	ok(is_there(h, a, "tea") && is_there(h, a, "tea/" WHOLE)
		&& !is_there(h, a, "caf" WHOLE) && is_there(h, a, "cafe"),
	    "what is below goes along");
}

/* One code point of three bytes that is composed to two of six. */
static void
test_growing(struct home *h, struct account *a)
{
	enum { FIT = LIMIT_IMAP_MAILBOX_NAME / 6 };
	char name[3 * (FIT + 1) + 1];
	int64_t id;

	for (size_t i = 0; i <= FIT; i++)
		memcpy(name + 3 * i, "\xe0\xa5\x98", 4);
	is_result(make(h, a, name, &id), OVER_LIMIT,
	    "a name that is too long once it is composed");
	name[3 * FIT] = '\0';
	is_result(make(h, a, name, &id), OK, "a shorter one");
	is_result(rename_to(h, a, id, "slim"), OK, "rename");
}

static void
test_inbox(struct home *h, struct account *a)
{
	int64_t inbox = home_collection(h, a, COLLECTION_MAILBOX, "INBOX");
	struct change c = { .kind = ADD, .collection = inbox,
		.bytes = VIEW("x") };
	struct collection from, to;

	must(change_run(h, a, &c), "add");
	must(change_run(h, a, &c), "add");
	is_result(rename_to(h, a, inbox, "old-mail"), OK,
	    "RFC 3501 6.3.5: rename INBOX");
	must(collection_get(a, h->arena, inbox, &from), "INBOX");
	must(collection_find(a, h->arena, COLLECTION_MAILBOX,
		 VIEW("old-mail"), &to),
	    "old-mail");
	ok(from.items == 0 && from.bytes == 0 && from.unseen == 0,
	    "INBOX is empty");
	ok(from.uid_next == 3, "and goes on where it was");
	ok(to.items == 2 && to.bytes == 2 && to.unseen == 2
		&& to.uid_next == 3,
	    "its messages are there");
	c.kind = DROP;
	is_result(change_run(h, a, &c), DENIED, "INBOX cannot be removed");
	c.collection = home_collection(h, a, COLLECTION_CALENDAR, "personal");
	is_result(change_run(h, a, &c), DENIED, "nor the calendar");
	c.collection = to.id;
	is_result(change_run(h, a, &c), OK, "another can");
	is_result(change_run(h, a, &c), NOT_FOUND, "once");
	must(collection_get(a, h->arena, inbox, &from), "INBOX");
}

static void
test_remove_shared(struct home *h, struct account *a)
{
	int64_t inbox = home_collection(h, a, COLLECTION_MAILBOX, "INBOX");
	struct account_info info;
	struct change c = { .kind = ADD, .collection = inbox,
		.bytes = VIEW("shared") };
	struct body body;
	int64_t id, inbox_body;
	struct item kept;

	must(make(h, a, "copies", &id), "make");
	must(change_run(h, a, &c), "add");
	inbox_body = c.out.body;
	c = (struct change){ .kind = COPY, .collection = inbox,
		.uid = c.out.uid, .to = id };
	must(change_run(h, a, &c), "copy");
	must(change_run(h, a, &c), "copy");
	kept = c.out;
	c = (struct change){ .kind = ADD, .collection = id,
		.bytes = VIEW("alone") };
	must(change_run(h, a, &c), "add");
	kept.body = c.out.body;
	c = (struct change){ .kind = DROP, .collection = id };
	is_result(change_run(h, a, &c), OK, "remove with its items");
	is_result(body_open(a, inbox_body, &body), OK, "a shared body stays");
	body_close(&body);
	is_result(body_open(a, kept.body, &body), NOT_FOUND,
	    "one of its own goes");
	must(account_get(h->store, h->arena, account_id(a), &info), "info");
	is_number(info.used, 6, "only what is left is counted");
}

struct set {
	int64_t id;
	int what;
	result r;
};

static result
set_work(struct account *a, void *context)
{
	struct set *s = context;

	switch (s->what) {
	case 0:
		return collection_subscribe(a, s->id, false);
	case 1:
		return collection_set_display_name(a, s->id, VIEW("Dates"));
	case 2:
		return collection_set_use(a, s->id, USE_ARCHIVE);
	case 3:
		return property_set(a, s->id, VIEW("urn:x color"),
		    VIEW("red"));
	default:
		return property_set(a, s->id, VIEW("urn:x color"), VIEW(""));
	}
}

static void
test_columns(struct home *h, struct account *a)
{
	int64_t id = home_collection(h, a, COLLECTION_CALENDAR, "personal");
	struct collection c;
	view value;

	for (int i = 0; i < 4; i++) {
		struct set good = { .id = id, .what = i };
		struct set bad = { .id = 999, .what = i };

		is_result(account_write(a, set_work, &good, DURABLE), OK,
		    "set");
		is_result(account_write(a, set_work, &bad, DURABLE),
		    NOT_FOUND, "set on nothing");
	}
	must(collection_get(a, h->arena, id, &c), "get");
	ok(!c.subscribed && c.use == USE_ARCHIVE, "as set");
	same(c.display_name, VIEW("Dates"), "display name");
	must(property_get(a, h->arena, id, VIEW("urn:x color"), &value),
	    "property_get");
	same(value, VIEW("red"), "property");
	{
		struct set clear = { .id = id, .what = 4 };

		must(account_write(a, set_work, &clear, DURABLE), "clear");
	}
	is_result(property_get(a, h->arena, id, VIEW("urn:x color"), &value),
	    NOT_FOUND, "an empty value removes");
}

struct claim {
	int64_t id, up_to;
};

static result
claim_work(struct account *a, void *context)
{
	const struct claim *c = context;

	return collection_claim_recent(a, c->id, c->up_to);
}

/* It only rises, and is no change. */
static void
test_recent(struct home *h, struct account *a)
{
	int64_t id = home_collection(h, a, COLLECTION_MAILBOX, "INBOX"), n;
	struct collection before, c;

	must(collection_get(a, h->arena, id, &before), "get");
	is_number(before.recent_from, 1, "nobody was told");
	for (int64_t up_to = 5; up_to >= 4; up_to--) {
		struct claim x = { id, up_to };

		must(account_write(a, claim_work, &x, DURABLE), "claim");
		must(collection_get(a, h->arena, id, &c), "get");
		is_number(c.recent_from, 5, "told of four");
	}
	ok(c.modseq == before.modseq, "no modseq");
	must(collection_count_from(a, id, 1, &n), "count");
	ok(n == before.items, "all are counted");
	must(collection_count_from(a, id, c.uid_next, &n), "count");
	ok(n == 0, "none beyond");
}

static void
test_changes(struct home *h, struct account *a)
{
	struct collection_change *changes;
	struct change c = { .kind = DROP };
	int64_t since, id, again;
	size_t count;

	must(account_modseq(a, &since), "account_modseq");
	must(make(h, a, "new", &id), "make");
	must(make(h, a, "short", &c.collection), "make");
	must(change_run(h, a, &c), "remove");
	must(collection_changes(a, h->arena, COLLECTION_MAILBOX, since,
		 &changes, &count),
	    "changes");
	ok(count == 2, "two (%zu)", count);
	ok(changes[0].id == id && !changes[0].gone, "one is new");
	ok(changes[1].id == c.collection && changes[1].gone, "one is gone");
	same(changes[1].name, VIEW("short"), "its name");
	must(make(h, a, "short", &again), "the name again");
	must(collection_changes(a, h->arena, COLLECTION_MAILBOX, since,
		 &changes, &count),
	    "changes");
	ok(count == 2 && !changes[1].gone && changes[1].id == again,
	    "a name is told once");
}

static void
test_limit(struct home *h, struct account *a)
{
	struct change c = { .kind = MAKE, .of = COLLECTION_ADDRESSBOOK };
	char name[16];
	result r = done();
	int made = 1; /* "personal" */

	for (; r.is == OK && made <= LIMIT_COLLECTIONS; made++) {
		(void)snprintf(name, sizeof name, "book%d", made);
		c.name = view_of(name);
		r = change_run_as(h, a, &c, DURABLE_LAZY);
	}
	ok(r.is == OVER_LIMIT && made == LIMIT_COLLECTIONS + 1,
	    "%d collections and no more", LIMIT_COLLECTIONS);
}

/* Collections that have all the properties that one may have. */
struct filling {
	char *bytes;
	int made;
	int64_t first;
};

static result
fill(struct account *a, void *context)
{
	struct filling *f = context;
	const struct property p = { VIEW("x"), VIEW(""),
		{ f->bytes, LIMIT_DAV_DEAD - 1 } };
	char name[16];
	int64_t id;

	(void)snprintf(name, sizeof name, "full%d", f->made);
	TRY(collection_add(a, COLLECTION_ADDRESSBOOK, view_of(name), VIEW(""),
	    USE_NONE, &id));
	if (f->made == 0)
		f->first = id;
	return property_put(a, id, &p);
}

static result
copy_full(struct account *a, void *context)
{
	struct filling *f = context;
	int64_t id;

	TRY(collection_add(a, COLLECTION_ADDRESSBOOK, VIEW("copy"), VIEW(""),
	    USE_NONE, &id));
	TRY(property_check(a));
	TRY(property_copy(a, f->first, id));
	f->made++;
	return property_check(a);
}

static void
test_full(struct home *h)
{
	struct filling f = { .bytes = malloc(LIMIT_DAV_DEAD) };
	struct account *a = home_open(h, home_person(h, 2));
	result r;

	memset(f.bytes, 'x', LIMIT_DAV_DEAD);
	while ((r = account_write(a, fill, &f, DURABLE_LAZY)).is == OK
	    && f.made < LIMIT_COLLECTIONS)
		f.made++;
	is_result(r, OVER_LIMIT, "not all collections may be full");
	is_number(f.made, 32, "but so many");
	is_result(account_write(a, copy_full, &f, DURABLE_LAZY), OVER_LIMIT,
	    "nor by a copy");
	is_number(f.made, 33, "which was the cause");
	account_close(&a);
	free(f.bytes);
}

int
main(void)
{
	struct home h;
	struct account *a;

	home_begin(&h);
	a = home_open(&h, home_person(&h, 1));
	test_first(&h, a);
	test_names(&h, a);
	test_composed(&h, a);
	test_growing(&h, a);
	test_inbox(&h, a);
	test_remove_shared(&h, a);
	test_columns(&h, a);
	test_recent(&h, a);
	test_changes(&h, a);
	test_limit(&h, a);
	test_full(&h);
	account_close(&a);
	home_end(&h);
	return tap_done();
}
