/* Handles that are closed to make room, and those that only lie idle. */
#include "tests/unit/store_help.h"

#include <pthread.h>
#include <time.h>

enum { PEOPLE = 5, THREADS = 3, EACH = 120, HANDLES = 200, BYTES = 4096 };

struct job {
	struct home *home;
	const int64_t *people;
	size_t number;
};

static void
deliver(struct home *h, int64_t person)
{
	static const char bytes[BYTES];
	struct account *a = home_open(h, person);
	struct change c = { .kind = ADD, .collection = 1,
		.bytes = { bytes, sizeof bytes } };

	must(change_run_as(h, a, &c, DURABLE_LAZY), "add");
	account_close(&a);
}

static void *
deliver_many(void *context)
{
	const struct job *j = context;

	for (size_t i = 0; i < EACH; i++)
		deliver(j->home, j->people[(j->number + i) % PEOPLE]);
	return NULL;
}

/* THREADS at once, by a store with these options; it stays open. */
static void
deliver_by(struct home *h, const int64_t *people,
    const struct store_options *options)
{
	pthread_t threads[THREADS];
	struct job jobs[THREADS];

	store_close(&h->store);
	must(store_open(&h->store, options), "store_open");
	for (size_t i = 0; i < THREADS; i++) {
		jobs[i] = (struct job){ h, people, i };
		(void)pthread_create(&threads[i], NULL, deliver_many,
		    &jobs[i]);
	}
	for (size_t i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
}

static int64_t
count_items(struct home *h, int64_t person)
{
	struct account *a = home_open(h, person);
	struct collection c;

	must(collection_find(a, h->arena, COLLECTION_MAILBOX, VIEW("INBOX"),
		 &c),
	    "INBOX");
	account_close(&a);
	return c.items;
}

static int64_t
count_all(struct home *h, const int64_t *people)
{
	int64_t items = 0;

	for (size_t i = 0; i < PEOPLE; i++)
		items += count_items(h, people[i]);
	return items;
}

/* With room for one idle handle each delivery closes another one; what they
 * have written is found again, also by the next process. */
static void
test_little_room(struct home *h, const int64_t *people)
{
	struct store_options options = { .data = h->data,
		.journal = "test", .idle_accounts = 1 };

	deliver_by(h, people, &options);
	store_close(&h->store);
	home_reopen(h, "test");
	is_number(count_all(h, people), THREADS * EACH,
	    "nothing is lost by closing");
}

/* Descriptors of people's databases. */
static int
count_open(const struct home *h)
{
	char name[64], path[512];
	int count = 0;

	for (int fd = 0; fd < 1024; fd++) {
		ssize_t n;

		(void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
		n = readlink(name, path, sizeof path);
		if (n > 0 && view_starts((view){ path, (size_t)n },
		    view_of(h->data))
		    && view_find((view){ path, (size_t)n },
		    VIEW("/accounts/")) != SIZE_MAX)
			count++;
	}
	return count;
}

/* What nobody uses is closed after a while, here almost at once and in the
 * midst of it; nothing is lost, and all is opened again. */
static void
test_rest(struct home *h, const int64_t *people)
{
	const struct store_options options = { .data = h->data,
		.journal = "test", .retire_ms = 1 };
	const struct timespec pause = { .tv_nsec = 10000000 };
	int64_t before = count_all(h, people);
	int left;

	deliver_by(h, people, &options);
	left = count_open(h);
	for (int i = 0; i < 6000 && left > 0; i++) {
		(void)nanosleep(&pause, NULL);
		left = count_open(h);
	}
	is_number(left, 0, "no database stays open");
	is_number(count_all(h, people), before + THREADS * EACH,
	    "nothing is lost by resting");
}

/* More handles than stay warm. */
static void
test_many_handles(struct home *h, int64_t person)
{
	struct account *handles[HANDLES];
	int64_t items = count_items(h, person);
	int64_t same = 0;

	for (size_t i = 0; i < HANDLES; i++)
		handles[i] = home_open(h, person);
	for (size_t i = 0; i < HANDLES; i++)
		account_close(&handles[i]);
	deliver(h, person);
	for (size_t i = 0; i < HANDLES; i++)
		handles[i] = home_open(h, person);
	for (size_t i = 0; i < HANDLES; i++) {
		struct collection c;

		must(collection_find(handles[i], h->arena,
			 COLLECTION_MAILBOX, VIEW("INBOX"), &c),
		    "INBOX");
		same += c.items == items + 1;
		account_close(&handles[i]);
	}
	is_number(same, HANDLES, "each handle sees what another one wrote");
}

int
main(void)
{
	struct home h;
	int64_t people[PEOPLE];

	home_begin(&h);
	for (int i = 0; i < PEOPLE; i++)
		people[i] = home_person(&h, i);
	test_little_room(&h, people);
	test_many_handles(&h, people[0]);
	test_rest(&h, people);
	home_end(&h);
	return tap_done();
}
