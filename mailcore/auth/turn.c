#include "mailcore/auth/turn.h"

#include <pthread.h>
#include <stdlib.h>

struct auth_turns {
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t given;
	size_t processors;
	size_t free;
	size_t suspects; /* of those that run */
	size_t waiting[AUTH_SUSPECT];
	int64_t window;  /* when the present window began */
	size_t wrong[2]; /* in the present one and the one before */
};

/* Who may wait in a storm: far fewer than there are threads in any role. */
static const size_t waiting_most[AUTH_SUSPECT] = {
	[AUTH_KNOWN] = 4, [AUTH_NEW] = 1
};

struct auth_turns *
auth_turns_new(size_t processors)
{
	struct auth_turns *t = calloc(1, sizeof *t);

	if (t == NULL || pthread_mutex_init(&t->lock, NULL) != 0
	    || pthread_cond_init(&t->given, NULL) != 0)
		abort();
	t->processors = t->free = processors < 1 ? 1 : processors;
	return t;
}

void
auth_turns_free(struct auth_turns **turns)
{
	struct auth_turns *t = *turns;

	*turns = NULL;
	if (t == NULL)
		return;
	(void)pthread_cond_destroy(&t->given);
	(void)pthread_mutex_destroy(&t->lock);
	free(t);
}

/* The lock is held. */
static bool
is_storm(struct auth_turns *t, int64_t now)
{
	if (now - t->window >= 2 * AUTH_STORM_MS)
		t->wrong[0] = t->wrong[1] = 0;
	if (now - t->window >= AUTH_STORM_MS) {
		t->window = now;
		t->wrong[1] = t->wrong[0];
		t->wrong[0] = 0;
	}
	return t->wrong[0] + t->wrong[1] >= AUTH_STORM;
}

bool
auth_turns_storm(struct auth_turns *t, int64_t now)
{
	bool storm;

	(void)pthread_mutex_lock(&t->lock);
	storm = is_storm(t, now);
	(void)pthread_mutex_unlock(&t->lock);
	return storm;
}

/* What is free is for those who wait, the known ones first. */
static bool
may_run(const struct auth_turns *t, enum auth_standing standing)
{
	return t->free > 0
	    && (standing == AUTH_KNOWN || t->waiting[AUTH_KNOWN] == 0);
}

static bool
suspect_may_run(const struct auth_turns *t)
{
	return may_run(t, AUTH_SUSPECT) && t->waiting[AUTH_NEW] == 0
	    && (t->suspects + 1) * 2 <= t->processors + 1;
}

/* false: a storm has come up meanwhile, and too many wait. */
static bool
wait_for_turn(struct auth_turns *t, enum auth_standing as, int64_t now)
{
	bool stays = true;

	t->waiting[as]++;
	while (stays && !may_run(t, as)) {
		(void)pthread_cond_wait(&t->given, &t->lock);
		stays = !is_storm(t, now)
		    || t->waiting[as] <= waiting_most[as];
	}
	t->waiting[as]--;
	/* That nobody known waits any more may be what others wait for. */
	if (t->waiting[AUTH_KNOWN] + t->waiting[AUTH_NEW] > 0)
		(void)pthread_cond_broadcast(&t->given);
	return stays;
}

/* The lock is held, and let go of to wait. */
static bool
take(struct auth_turns *t, enum auth_standing standing, int64_t now)
{
	bool storm = is_storm(t, now);

	if (storm && standing == AUTH_SUSPECT) {
		if (!suspect_may_run(t))
			return false;
	} else {
		enum auth_standing as = standing == AUTH_KNOWN ? AUTH_KNOWN
							       : AUTH_NEW;

		if (storm && !may_run(t, as)
		    && t->waiting[as] >= waiting_most[as])
			return false;
		if (!wait_for_turn(t, as, now))
			return false;
	}
	if (standing == AUTH_SUSPECT)
		t->suspects++;
	t->free--;
	return true;
}

result
auth_turns_take(struct auth_turns *t, enum auth_standing standing, int64_t now)
{
	bool taken;

	(void)pthread_mutex_lock(&t->lock);
	taken = take(t, standing, now);
	(void)pthread_mutex_unlock(&t->lock);
	return taken ? done()
		     : fail(BUSY, "many wrong passwords are being tried,"
			   " please try again");
}

void
auth_turns_give(struct auth_turns *t, enum auth_standing standing, bool right,
    int64_t now)
{
	(void)pthread_mutex_lock(&t->lock);
	(void)is_storm(t, now);
	if (!right)
		t->wrong[0]++;
	if (standing == AUTH_SUSPECT)
		t->suspects--;
	t->free++;
	(void)pthread_cond_broadcast(&t->given);
	(void)pthread_mutex_unlock(&t->lock);
}
