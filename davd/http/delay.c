#include "davd/http/delay.h"

#include "mailcore/sys/clock.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct waiting {
	struct waiting *next;
	int64_t due;
	void *what;
};

struct delay {
	delay_call *call;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct waiting *first; /* by due */
	bool flush;
	bool stop;
};

static void
wait_for(struct delay *d, int64_t due)
{
	struct timespec until = { .tv_sec = due / 1000,
		.tv_nsec = due % 1000 * 1000000 };

	if (d->first == NULL)
		(void)pthread_cond_wait(&d->changed, &d->lock);
	else
		(void)pthread_cond_timedwait(&d->changed, &d->lock, &until);
}

static void *
run(void *context)
{
	struct delay *d = context;

	(void)pthread_mutex_lock(&d->lock);
	while (!d->stop || d->first != NULL) {
		struct waiting *w = d->first;

		if (w == NULL || (!d->flush && w->due > clock_steady_ms())) {
			wait_for(d, w == NULL ? 0 : w->due);
			continue;
		}
		d->first = w->next;
		(void)pthread_mutex_unlock(&d->lock);
		d->call(w->what);
		free(w);
		(void)pthread_mutex_lock(&d->lock);
	}
	(void)pthread_mutex_unlock(&d->lock);
	return NULL;
}

struct delay *
delay_new(delay_call *call)
{
	struct delay *d = calloc(1, sizeof *d);
	pthread_condattr_t steady;

	if (d == NULL)
		abort();
	d->call = call;
	(void)pthread_mutex_init(&d->lock, NULL);
	(void)pthread_condattr_init(&steady);
	(void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&d->changed, &steady);
	(void)pthread_condattr_destroy(&steady);
	if (pthread_create(&d->thread, NULL, run, d) != 0)
		abort();
	return d;
}

void
delay_add(struct delay *d, unsigned ms, void *what)
{
	struct waiting *w = calloc(1, sizeof *w), **at;

	if (w == NULL)
		abort();
	w->due = clock_steady_ms() + ms;
	w->what = what;
	(void)pthread_mutex_lock(&d->lock);
	for (at = &d->first; *at != NULL && (*at)->due <= w->due;)
		at = &(*at)->next;
	w->next = *at;
	*at = w;
	(void)pthread_cond_signal(&d->changed);
	(void)pthread_mutex_unlock(&d->lock);
}

void
delay_flush(struct delay *d)
{
	(void)pthread_mutex_lock(&d->lock);
	d->flush = true;
	(void)pthread_cond_signal(&d->changed);
	(void)pthread_mutex_unlock(&d->lock);
}

void
delay_free(struct delay **d)
{
	if (*d == NULL)
		return;
	(void)pthread_mutex_lock(&(*d)->lock);
	(*d)->stop = true;
	(void)pthread_cond_signal(&(*d)->changed);
	(void)pthread_mutex_unlock(&(*d)->lock);
	(void)pthread_join((*d)->thread, NULL);
	(void)pthread_cond_destroy(&(*d)->changed);
	(void)pthread_mutex_destroy(&(*d)->lock);
	free(*d);
	*d = NULL;
}
