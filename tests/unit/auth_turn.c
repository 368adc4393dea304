/* Slow checks in a calm, and in a storm of wrong passwords. */
#include "mailcore/auth/turn.h"
#include "tests/tap.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static void
wrong_ones(struct auth_turns *t, int count, int64_t now)
{
	for (int i = 0; i < count; i++) {
		result r = auth_turns_take(t, AUTH_NEW, now);

		if (r.is == OK)
			auth_turns_give(t, AUTH_NEW, false, now);
	}
}

static void
test_when(void)
{
	struct auth_turns *t = auth_turns_new(2);

	ok(!auth_turns_storm(t, 1000), "calm at first");
	wrong_ones(t, AUTH_STORM - 1, 1000);
	ok(!auth_turns_storm(t, 1000), "one less is no storm");
	wrong_ones(t, 1, AUTH_STORM_MS + 500);
	ok(auth_turns_storm(t, AUTH_STORM_MS + 500),
	    "a storm counts over two windows");
	ok(!auth_turns_storm(t, 3 * AUTH_STORM_MS + 500), "it ends");
	auth_turns_free(&t);
	ok(t == NULL, "freed");
}

static bool
takes(struct auth_turns *t, enum auth_standing as, int64_t now)
{
	return auth_turns_take(t, as, now).is == OK;
}

static void
test_suspects(void)
{
	struct auth_turns *t = auth_turns_new(2);

	ok(takes(t, AUTH_SUSPECT, 1) && takes(t, AUTH_SUSPECT, 1),
	    "in a calm nobody is treated in another way");
	auth_turns_give(t, AUTH_SUSPECT, true, 1);
	auth_turns_give(t, AUTH_SUSPECT, true, 1);
	wrong_ones(t, AUTH_STORM, 1);
	ok(takes(t, AUTH_SUSPECT, 1), "in a storm one gets what is free");
	is_number(auth_turns_take(t, AUTH_SUSPECT, 1).is, BUSY,
	    "but suspects never get all");
	ok(takes(t, AUTH_NEW, 1), "the rest is for others");
	auth_turns_give(t, AUTH_SUSPECT, false, 1);
	ok(takes(t, AUTH_KNOWN, 1), "who is known");
	is_number(auth_turns_take(t, AUTH_SUSPECT, 1).is, BUSY,
	    "nothing is free: a suspect does not wait");
	auth_turns_give(t, AUTH_KNOWN, true, 1);
	auth_turns_give(t, AUTH_NEW, true, 1);
	ok(takes(t, AUTH_SUSPECT, 1), "free again");
	auth_turns_give(t, AUTH_SUSPECT, true, 1);
	auth_turns_free(&t);
}

static void
test_single(void)
{
	struct auth_turns *t = auth_turns_new(0);

	wrong_ones(t, AUTH_STORM, 1);
	ok(takes(t, AUTH_SUSPECT, 1), "one processor serves them too");
	auth_turns_give(t, AUTH_SUSPECT, true, 1);
	auth_turns_free(&t);
}

struct crowd {
	struct auth_turns *turns;
	enum auth_standing as;
	atomic_int busy, served;
};

static void *
come(void *context)
{
	struct crowd *c = context;

	if (!takes(c->turns, c->as, 1)) {
		atomic_fetch_add(&c->busy, 1);
		return NULL;
	}
	atomic_fetch_add(&c->served, 1);
	auth_turns_give(c->turns, c->as, true, 1);
	return NULL;
}

enum { CROWD = 8 };

/* All processors are taken; so many of a crowd are sent away, others wait. */
static void
test_crowd(enum auth_standing as, bool storm, int busy, const char *what)
{
	struct crowd c = { .turns = auth_turns_new(1), .as = as };
	pthread_t threads[CROWD];

	if (storm)
		wrong_ones(c.turns, AUTH_STORM, 1);
	ok(takes(c.turns, AUTH_NEW, 1), "the processor is taken");
	for (int i = 0; i < CROWD; i++)
		(void)pthread_create(&threads[i], NULL, come, &c);
	while (atomic_load(&c.busy) < busy)
		(void)sched_yield();
	is_number(atomic_load(&c.served), 0, "nobody passes");
	auth_turns_give(c.turns, AUTH_NEW, true, 1);
	for (int i = 0; i < CROWD; i++)
		(void)pthread_join(threads[i], NULL);
	is_number(atomic_load(&c.busy), busy, what);
	is_number(atomic_load(&c.served), CROWD - busy,
	    "all others are served");
	auth_turns_free(&c.turns);
}

struct pair {
	struct auth_turns *turns;
	pthread_barrier_t both;
};

static void *
come_together(struct pair *p, enum auth_standing as)
{
	bool taken = takes(p->turns, as, 1);

	(void)pthread_barrier_wait(&p->both);
	if (taken)
		auth_turns_give(p->turns, as, true, 1);
	return NULL;
}

static void *
come_known(void *context)
{
	return come_together(context, AUTH_KNOWN);
}

static void *
come_new(void *context)
{
	return come_together(context, AUTH_NEW);
}

/* Two processors become free at once: whoever waits behind somebody known
 * need not wait until that one is done. */
static void
test_both(void)
{
	struct pair p = { .turns = auth_turns_new(2) };
	pthread_t threads[2];

	(void)pthread_barrier_init(&p.both, NULL, 2);
	for (int i = 0; i < 200; i++) {
		bool taken = takes(p.turns, AUTH_NEW, 1)
		    && takes(p.turns, AUTH_NEW, 1);

		(void)pthread_create(&threads[0], NULL, come_new, &p);
		(void)pthread_create(&threads[1], NULL, come_known, &p);
		(void)sched_yield();
		if (taken) {
			auth_turns_give(p.turns, AUTH_NEW, true, 1);
			auth_turns_give(p.turns, AUTH_NEW, true, 1);
		}
		(void)pthread_join(threads[0], NULL);
		(void)pthread_join(threads[1], NULL);
	}
	ok(takes(p.turns, AUTH_NEW, 1) && takes(p.turns, AUTH_NEW, 1),
	    "both processors are used at once, and given back");
	(void)pthread_barrier_destroy(&p.both);
	auth_turns_free(&p.turns);
}

int
main(void)
{
	test_when();
	test_suspects();
	test_single();
	test_crowd(AUTH_NEW, false, 0, "in a calm everybody may wait");
	test_crowd(AUTH_NEW, true, CROWD - 1, "in a storm one may wait");
	test_crowd(AUTH_KNOWN, true, CROWD - 4, "of the known ones, four");
	test_both();
	return tap_done();
}
