/* Power cuts, torn files, full disks and failing syncs. */
#include "mailcore/base/limits.h"
#include "mailcore/db/db.h"
#include "tests/unit/store_power.h"

#include <pthread.h>

enum {
	PEOPLE = 5,
	ROUNDS = 6,
	PER_THREAD = 15,
	SMALL = 500,
	EPOCH_LEAST = 1000 /* how far uids jump at least */
};

/* What was acknowledged. */
struct receipt {
	int64_t account;
	int64_t collection;
	uint32_t uid;
	int number;
};

static struct receipt receipts[100000];
static size_t receipt_count;
static pthread_mutex_t receipt_lock = PTHREAD_MUTEX_INITIALIZER;

static void
note_receipt(int64_t account, const struct item *i, int number)
{
	(void)pthread_mutex_lock(&receipt_lock);
	receipts[receipt_count++] = (struct receipt){ account, i->collection,
		i->uid, number };
	(void)pthread_mutex_unlock(&receipt_lock);
}

static view
text_of(int number, char *to, size_t room)
{
	int n = snprintf(to, room, "Subject: %d\r\n\r\n%0*d\r\n", number,
	    SMALL, number);

	return (view){ to, (size_t)n };
}

struct writer {
	struct home *home;
	const int64_t *people;
	int from;
};

static void
deliver(struct home *h, int64_t person, int number)
{
	struct account *a = home_open(h, person);
	struct arena *arena = arena_new(1 << 20);
	struct collection inbox;
	char text[2 * SMALL];
	struct change c = { .kind = ADD, .bytes = text_of(number, text,
		sizeof text) };

	must(collection_find(a, arena, COLLECTION_MAILBOX, VIEW("INBOX"),
		 &inbox),
	    "INBOX");
	c.collection = inbox.id;
	if (change_run(h, a, &c).is == OK)
		note_receipt(person, &c.out, number);
	arena_free(&arena);
	account_close(&a);
}

static void *
write_many(void *context)
{
	const struct writer *w = context;

	for (int i = 0; i < PER_THREAD; i++)
		deliver(w->home, w->people[(w->from + i) % PEOPLE],
		    w->from + i);
	return NULL;
}

static void
write_from_threads(struct home *h, const int64_t *people, int from)
{
	pthread_t threads[4];
	struct writer writers[4];

	for (int i = 0; i < 4; i++) {
		writers[i] = (struct writer){ h, people, from + 1000 * i };
		(void)pthread_create(&threads[i], NULL, write_many,
		    &writers[i]);
	}
	for (int i = 0; i < 4; i++)
		(void)pthread_join(threads[i], NULL);
}

static bool
is_there(struct home *h, const struct receipt *r)
{
	struct arena *arena = arena_new(1 << 20);
	char text[2 * SMALL];
	struct body body = { .inside = NULL };
	struct account *a;
	struct item item;
	bool same = false;

	/* An account whose making was lost goes as a whole. */
	if (account_open(h->store, r->account, &a).is == OK
	    && item_get(a, arena, r->collection, r->uid, &item).is == OK
	    && body_open(a, item.body, &body).is == OK)
		same = view_eq(body.bytes,
		    text_of(r->number, text, sizeof text));
	body_close(&body);
	arena_free(&arena);
	account_close(&a);
	return same;
}

static size_t
count_missing(struct home *h)
{
	size_t missing = 0;

	for (size_t i = 0; i < receipt_count; i++)
		missing += !is_there(h, &receipts[i]);
	return missing;
}

static uint32_t
highest_uid(int64_t account)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < receipt_count; i++)
		if (receipts[i].account == account
		    && receipts[i].uid > highest)
			highest = receipts[i].uid;
	return highest;
}

static size_t
count_segments(const char *data)
{
	char command[512];
	size_t count = 0;
	FILE *f;

	(void)snprintf(command, sizeof command,
	    "ls '%s/journal' | grep -c -- - || true", data);
	f = popen(command, "r");
	if (f == NULL || fscanf(f, "%zu", &count) != 1)
		exit(1);
	(void)pclose(f);
	return count;
}

static void
test_power_cut(void)
{
	struct home h, after;
	int64_t people[PEOPLE];

	home_begin(&h);
	for (int i = 0; i < PEOPLE; i++)
		people[i] = home_person(&h, i);
	for (int round = 0; round < ROUNDS; round++) {
		size_t before = receipt_count;

		write_from_threads(&h, people, 10000 * round);
		ok(receipt_count == before + 4 * PER_THREAD,
		    "round %d: all acknowledged", round);
		cut_power(&h, &after);
		/* Stopped in the middle of the recovery, and again. */
		must(store_recover(after.data), "store_recover");
		home_reopen(&after, "test");
		ok(count_missing(&after) == 0, "round %d: nothing is missing",
		    round);
		before = receipt_count;
		deliver(&after, people[0], 1);
		ok(receipts[before].uid > highest_uid(people[0]) - 1
			&& receipts[before].uid >= EPOCH_LEAST,
		    "round %d: uids jumped ahead", round);
		receipt_count = before;
		home_end(&after);
	}
	ok(count_segments(h.data) == 1, "one segment is in use");
	home_end(&h);
	receipt_count = 0;
}

/* Cut the journal itself at every length around its last records: what it
 * still holds whole comes back, the rest is no obstacle. */
static void
truncate_segments(const char *data, long cut)
{
	char command[1024];

	(void)snprintf(command, sizeof command,
	    "for f in '%s'/journal/*-*; do"
	    " printf '\\125' | dd of=\"$f\" bs=1 seek=%ld conv=notrunc"
	    " 2>/dev/null; done",
	    data, cut);
	if (system(command) != 0)
		exit(1);
}

static void
test_torn_tail(void)
{
	struct home h, after;
	int64_t person;
	size_t last = 0;

	home_begin(&h);
	person = home_person(&h, 1);
	for (int i = 0; i < 10; i++)
		deliver(&h, person, i);
	for (long cut = 30; cut < 40000; cut += 1777) {
		size_t there = 0;

		copy_random = 65536 * 3; /* no WAL at all */
		cut_power(&h, &after);
		truncate_segments(after.data, cut);
		must(store_recover(after.data), "torn: store_recover");
		home_reopen(&after, "test");
		for (size_t i = 0; i < receipt_count; i++)
			if (is_there(&after, &receipts[i]))
				there = i + 1;
		ok(there >= last, "cut at %ld: %zu messages", cut, there);
		last = there;
		home_end(&after);
	}
	ok(last == receipt_count, "cut behind the last: all");
	home_end(&h);
	receipt_count = 0;
}

/* A second recovery of the same files, as after one that was stopped before
 * it removed them. */
static void
test_twice(void)
{
	struct home h, once, twice;
	int64_t person;

	home_begin(&h);
	person = home_person(&h, 1);
	for (int i = 0; i < 10; i++)
		deliver(&h, person, i);
	cut_power(&h, &once);
	must(store_recover(once.data), "once");
	ok(count_segments(once.data) == 0, "no segment is left");
	/* The segments again, beside databases that have it all. */
	{
		char command[1024];

		(void)snprintf(command, sizeof command,
		    "cp '%s'/journal/*-* '%s/journal/'", h.data, once.data);
		if (system(command) != 0)
			exit(1);
	}
	is_result(store_recover(once.data), OK, "a second recovery");
	twice = once;
	home_reopen(&twice, "test");
	ok(count_missing(&twice) == 0, "the second changes nothing");
	home_end(&twice);
	home_end(&h);
	receipt_count = 0;
}

static result
add_lazily(struct home *h, int64_t person, int number, enum durable durable)
{
	struct account *a = home_open(h, person);
	char text[2 * SMALL];
	struct change c = { .kind = ADD, .bytes = text_of(number, text,
		sizeof text) };
	result r;

	c.collection = home_collection(h, a, COLLECTION_MAILBOX, "INBOX");
	r = change_run_as(h, a, &c, durable);
	if (r.is == OK)
		note_receipt(person, &c.out, number);
	account_close(&a);
	return r;
}

static void
test_later(void)
{
	struct home h, after;
	int64_t person;

	home_begin(&h);
	person = home_person(&h, 1);
	for (int i = 0; i < 5; i++)
		must(add_lazily(&h, person, i, DURABLE_LATER), "later");
	is_result(store_sync(h.store), OK, "store_sync");
	copy_random = 65536 * 3;
	cut_power(&h, &after);
	must(store_recover(after.data), "later: store_recover");
	home_reopen(&after, "test");
	ok(count_missing(&after) == 0, "after store_sync all is durable");
	home_end(&after);
	home_end(&h);
	receipt_count = 0;
}

/* Two processes' journals in turn on one account: the second must not stand
 * on what the first has not synced. */
static void
test_two_journals(void)
{
	struct home h, other, after;
	int64_t person;

	home_begin(&h);
	person = home_person(&h, 1);
	other = h;
	home_reopen(&other, "other");
	for (int i = 0; i < 20; i++) {
		must(add_lazily(&h, person, 2 * i, DURABLE_LATER), "first");
		receipt_count--; /* not acknowledged by itself ... */
		must(add_lazily(&other, person, 2 * i + 1, DURABLE), "second");
	}
	/* ... and of the first journal nothing has reached the disk. */
	cut_power(&h, &after);
	{
		char command[1024];

		(void)snprintf(command, sizeof command,
		    "rm -f '%s'/journal/test-*", after.data);
		if (system(command) != 0)
			exit(1);
	}
	must(store_recover(after.data), "two journals: store_recover");
	home_reopen(&after, "test");
	ok(receipt_count == 20 && count_missing(&after) == 0,
	    "what stood on another journal's writes is there");
	home_end(&after);
	store_close(&other.store);
	home_end(&h);
	receipt_count = 0;
}

static void
test_failing_sync(int error, enum status wanted)
{
	struct home h, after;
	int64_t person;
	size_t before;

	home_begin(&h);
	person = home_person(&h, 1);
	for (int i = 0; i < 5; i++)
		deliver(&h, person, i);
	sync_error = error;
	for (int i = 5; i < 8; i++) {
		result r = add_lazily(&h, person, i, DURABLE);

		ok(r.is == wanted, "%s: refused (%s)", strerror(error),
		    r.why);
		is_result(store_sync(h.store), wanted, "store_sync too");
	}
	before = receipt_count;
	ok(before == 5, "nothing was acknowledged");
	sync_error = 0;
	is_result(store_sync(h.store), OK, "it works again");
	is_result(add_lazily(&h, person, 100, DURABLE), OK, "a new message");
	cut_power(&h, &after);
	must(store_recover(after.data), "failing: store_recover");
	home_reopen(&after, "test");
	ok(count_missing(&after) == 0, "what was acknowledged is there");
	home_end(&after);
	home_end(&h);
	receipt_count = 0;
}

/* Files that a sudden stop left go, those that are named stay. */
/* As if account_remove had been stopped before the folder was removed. */
static void
stop_removal(const char *data, int64_t id)
{
	const struct db_arg args[] = { db_int(id) };
	char path[512];
	struct db *db;

	(void)snprintf(path, sizeof path, "%s/house/posthaste.db", data);
	must(db_open(&db, path), path);
	must(db_do(db, "INSERT INTO account_leaving (id) VALUES ($1)", args,
		 COUNT(args)),
	    "account_leaving");
	db_close(&db);
}

static void
test_sweep(void)
{
	static char bytes[LIMIT_BODY_INLINE + 1];
	char command[4096], path[512];
	struct change c = { .kind = ADD, .collection = 1 };
	struct home h, after;
	struct account *a;
	struct body body;
	int64_t person;

	home_begin(&h);
	person = home_person(&h, 1);
	a = home_open(&h, person);
	c.bytes = (view){ bytes, sizeof bytes };
	must(change_run(&h, a, &c), "large");
	account_close(&a);
	cut_power(&h, &after);
	stop_removal(after.data, 2);
	(void)snprintf(path, sizeof path, "%s/accounts/%02x/%lld/bodies/00",
	    after.data, (unsigned)person & 255, (long long)person);
	(void)snprintf(command, sizeof command,
	    "mkdir -p '%s' && touch '%s/left' '%s/tmp/left'"
	    " '%s/queue/left' '%s/journal/test.left'"
	    " && mkdir -p '%s/accounts/02/2/bodies/left'"
	    " '%s/accounts/03/3/bodies/ab'",
	    path, path, after.data, after.data, after.data, after.data,
	    after.data);
	if (system(command) != 0)
		exit(1);
	must(store_recover(after.data), "sweep: store_recover");
	(void)snprintf(command, sizeof command,
	    "test -z \"$(find '%s' -name '*left')\"", after.data);
	ok(system(command) == 0, "what nothing names is removed");
	(void)snprintf(command, sizeof command,
	    "test ! -e '%s/accounts/02/2' && test -e '%s/accounts/03/3'",
	    after.data, after.data);
	ok(system(command) == 0, "so is an account that was being removed,"
	    " but none that is merely unknown");
	home_reopen(&after, "test");
	a = home_open(&after, person);
	is_result(body_open(a, c.out.body, &body), OK, "a body stays");
	body_close(&body);
	account_close(&a);
	home_end(&after);
	home_end(&h);
}

/* No room for anything, then room again. */
static void
test_full_disk(void)
{
	struct home h, after;
	int64_t person;

	home_begin(&h);
	person = home_person(&h, 1);
	deliver(&h, person, 1);
	for (int i = 0; i < 5; i++) {
		write_error = ENOSPC;
		is_result(add_lazily(&h, person, 2, DURABLE), NO_SPACE,
		    "a full disk");
		write_error = 0;
		is_result(add_lazily(&h, person, 10 + i, DURABLE), OK,
		    "room again");
	}
	is_number((int64_t)receipt_count, 6, "acknowledged");
	ok(count_missing(&h) == 0, "and there");
	cut_power(&h, &after);
	must(store_recover(after.data), "full: store_recover");
	home_reopen(&after, "test");
	ok(count_missing(&after) == 0, "after a power cut, too");
	home_end(&after);
	home_end(&h);
	receipt_count = 0;
}

int
main(void)
{
	test_power_cut();
	test_torn_tail();
	test_twice();
	test_later();
	test_two_journals();
	test_sweep();
	test_full_disk();
	test_failing_sync(EIO, FAILED);
	test_failing_sync(ENOSPC, NO_SPACE);
	return tap_done();
}
