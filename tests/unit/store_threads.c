/* Many threads on one account and on many: numbers, counters, quota, rate. */
#include "mailcore/sys/clock.h"
#include "tests/unit/store_help.h"

#include <pthread.h>
#include <time.h>

enum { THREADS = 8, EACH = 40, RATE_PEOPLE = 100, RATE_MS = 300 };

struct job {
	struct home *home;
	const int64_t *people;
	size_t people_count;
	int number;
	size_t size;
	int64_t until_ms; /* or 0: EACH times */
	uint32_t uids[EACH];
	size_t done;
	size_t refused;
};

static void *
add_many(void *context)
{
	struct job *j = context;
	char *bytes = calloc(1, j->size + 1);
	struct change c = { .kind = ADD };

	memset(bytes, 'x', j->size);
	c.bytes = (view){ bytes, j->size };
	for (size_t i = 0; j->until_ms != 0 ? clock_steady_ms() < j->until_ms
					    : i < EACH;
	     i++) {
		struct account *a = home_open(j->home,
		    j->people[((size_t)j->number * 7 + i) % j->people_count]);
		result r;

		c.collection = 1; /* INBOX is the first one made */
		r = change_run(j->home, a, &c);
		account_close(&a);
		if (r.is == OK && j->until_ms == 0)
			j->uids[j->done] = c.out.uid;
		j->done += r.is == OK;
		j->refused += r.is == NO_SPACE;
	}
	free(bytes);
	return NULL;
}

static void
run_jobs(struct job *jobs, size_t n)
{
	pthread_t *threads = calloc(n, sizeof *threads);

	for (size_t i = 0; i < n; i++)
		(void)pthread_create(&threads[i], NULL, add_many, &jobs[i]);
	for (size_t i = 0; i < n; i++)
		(void)pthread_join(threads[i], NULL);
	free(threads);
}

static struct collection
inbox_of(struct home *h, int64_t person)
{
	struct account *a = home_open(h, person);
	struct collection c;

	must(collection_find(a, h->arena, COLLECTION_MAILBOX, VIEW("INBOX"),
		 &c),
	    "INBOX");
	account_close(&a);
	return c;
}

static void
test_one_account(struct home *h)
{
	int64_t person = home_person(h, 1);
	struct job jobs[THREADS];
	bool seen[THREADS * EACH + 1] = { false };
	bool ascending = true;
	size_t distinct = 0;
	struct collection c;

	for (int i = 0; i < THREADS; i++)
		jobs[i] = (struct job){ .home = h, .people = &person,
			.people_count = 1, .number = i, .size = 100 };
	run_jobs(jobs, THREADS);
	for (int i = 0; i < THREADS; i++)
		for (size_t k = 0; k < jobs[i].done; k++) {
			uint32_t uid = jobs[i].uids[k];

			ascending = ascending
			    && (k == 0 || uid > jobs[i].uids[k - 1]);
			if (uid <= THREADS * EACH && !seen[uid])
				distinct++;
			if (uid <= THREADS * EACH)
				seen[uid] = true;
		}
	ok(ascending, "each thread sees its uids ascend");
	is_number((int64_t)distinct, THREADS * EACH,
	    "uids are 1 to n, each once");
	c = inbox_of(h, person);
	is_number(c.items, THREADS * EACH, "items");
	is_number(c.unseen, THREADS * EACH, "unseen");
	is_number(c.bytes, THREADS * EACH * 100, "bytes");
	is_number(c.uid_next, THREADS * EACH + 1, "uid_next");
}

static void
test_many_accounts(struct home *h)
{
	int64_t people[5];
	struct job jobs[THREADS];
	int64_t items = 0;

	for (int i = 0; i < 5; i++)
		people[i] = home_person(h, 10 + i);
	for (int i = 0; i < THREADS; i++)
		jobs[i] = (struct job){ .home = h, .people = people,
			.people_count = 5, .number = i, .size = 100 };
	run_jobs(jobs, THREADS);
	for (int i = 0; i < 5; i++) {
		struct collection c = inbox_of(h, people[i]);

		items += c.items;
		is_number(c.uid_next, c.items + 1, "no uid is left out");
	}
	is_number(items, THREADS * EACH, "all are there");
}

static void
test_quota(struct home *h)
{
	int64_t person = home_person(h, 20);
	struct job jobs[THREADS];
	struct account_info info;
	size_t added = 0, refused = 0;

	must(account_set_quota(h->store, person, 100 * 100 + 99), "quota");
	for (int i = 0; i < THREADS; i++)
		jobs[i] = (struct job){ .home = h, .people = &person,
			.people_count = 1, .number = i, .size = 100 };
	run_jobs(jobs, THREADS);
	for (int i = 0; i < THREADS; i++) {
		added += jobs[i].done;
		refused += jobs[i].refused;
	}
	is_number((int64_t)added, 100, "as many as the quota holds");
	is_number((int64_t)refused, THREADS * EACH - 100, "not one more");
	must(account_get(h->store, h->arena, person, &info), "account_get");
	is_number(info.used, 100 * 100, "used");
}

static void
note_rates(struct home *h)
{
	static const size_t threads[] = { 1, 10, 50 };
	static struct job jobs[50];
	int64_t people[RATE_PEOPLE];

	for (int i = 0; i < RATE_PEOPLE; i++)
		people[i] = home_person(h, 1000 + i);
	for (size_t t = 0; t < COUNT(threads); t++) {
		int64_t begun = clock_steady_ms();
		clock_t cpu = clock();
		size_t done = 0;
		const char *ms = getenv("RATE_MS");

		for (size_t i = 0; i < threads[t]; i++)
			jobs[i] = (struct job){ .home = h, .people = people,
				.people_count = RATE_PEOPLE, .size = 4096,
				.number = (int)i,
				.until_ms = begun
				    + (ms == NULL ? RATE_MS : atol(ms)) };
		run_jobs(jobs, threads[t]);
		for (size_t i = 0; i < threads[t]; i++)
			done += jobs[i].done;
		note("%zu threads: %.0f deliveries of 4 KiB a second,"
		     " %.0f us CPU each",
		    threads[t],
		    (double)done * 1000 / (double)(clock_steady_ms() - begun),
		    (double)(clock() - cpu) * 1e6 / CLOCKS_PER_SEC
			/ (double)(done + 1));
	}
}

int
main(void)
{
	struct home h;

	home_begin(&h);
	test_one_account(&h);
	test_many_accounts(&h);
	test_quota(&h);
	note_rates(&h);
	home_end(&h);
	return tap_done();
}
