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

int
main(void)
{
	test_when();
	test_suspects();
	test_single();
	test_crowd(AUTH_NEW, false, 0, "in a calm everybody may wait");
	test_crowd(AUTH_NEW, true, CROWD - 1, "in a storm one may wait");
	test_crowd(AUTH_KNOWN, true, CROWD - 4, "of the known ones, four");
	return tap_done();
}
