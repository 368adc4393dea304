#include "davd/http/patience.h"

#include "mailcore/sys/clock.h"
#include "mailcore/sys/count.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { LOOK_MS = 1000 };

struct visitor {
	struct visitor *next, **at; /* where it hangs */
	int64_t due;                /* steady ms; INT64_MAX: no hurry */
	int fd;
};

struct patience {
	int64_t first_ms, next_ms;
	pthread_t thread;
	pthread_mutex_t lock; /* of all below, and of each visitor */
	pthread_cond_t changed;
	struct visitor *visitors;
	bool stop;
};

/* The lock is held, so none of them is closed meanwhile. */
static void
shut_late(struct patience *p)
{
	int64_t now = clock_steady_ms();

	for (struct visitor *v = p->visitors; v != NULL; v = v->next) {
		if (v->due > now)
			continue;
		v->due = INT64_MAX;
		(void)shutdown(v->fd, SHUT_RDWR);
		count_event("http.late");
	}
}

static void
doze(struct patience *p)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LOOK_MS / 1000;
	if (p->visitors == NULL)
		(void)pthread_cond_wait(&p->changed, &p->lock);
	else
		(void)pthread_cond_timedwait(&p->changed, &p->lock, &until);
}

static void *
look(void *context)
{
	struct patience *p = context;

	(void)pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		shut_late(p);
		doze(p);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct patience *
patience_new(int64_t first_ms, int64_t next_ms)
{
	struct patience *p = calloc(1, sizeof *p);
	pthread_condattr_t steady;

	if (p == NULL)
		abort();
	p->first_ms = first_ms;
	p->next_ms = next_ms;
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_condattr_init(&steady);
	(void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&p->changed, &steady);
	(void)pthread_condattr_destroy(&steady);
	if (pthread_create(&p->thread, NULL, look, p) != 0)
		abort();
	return p;
}

void
patience_free(struct patience **patience)
{
	struct patience *p = *patience;

	*patience = NULL;
	if (p == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	p->stop = true;
	(void)pthread_cond_signal(&p->changed);
	(void)pthread_mutex_unlock(&p->lock);
	(void)pthread_join(p->thread, NULL);
	(void)pthread_cond_destroy(&p->changed);
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}

struct visitor *
patience_enter(struct patience *p, int fd)
{
	struct visitor *v = calloc(1, sizeof *v);

	if (v == NULL)
		abort();
	v->fd = fd;
	v->due = clock_steady_ms() + p->first_ms;
	(void)pthread_mutex_lock(&p->lock);
	if (p->visitors == NULL)
		(void)pthread_cond_signal(&p->changed);
	else
		p->visitors->at = &v->next;
	v->next = p->visitors;
	v->at = &p->visitors;
	p->visitors = v;
	(void)pthread_mutex_unlock(&p->lock);
	return v;
}

void
patience_leave(struct patience *p, struct visitor **visitor)
{
	struct visitor *v = *visitor;

	*visitor = NULL;
	if (v == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	*v->at = v->next;
	if (v->next != NULL)
		v->next->at = v->at;
	(void)pthread_mutex_unlock(&p->lock);
	free(v);
}

static void
set_due(struct patience *p, struct visitor *v, int64_t due)
{
	(void)pthread_mutex_lock(&p->lock);
	v->due = due;
	(void)pthread_mutex_unlock(&p->lock);
}

void
patience_begun(struct patience *p, struct visitor *v)
{
	set_due(p, v, INT64_MAX);
}

void
patience_answered(struct patience *p, struct visitor *v)
{
	set_due(p, v, clock_steady_ms() + p->next_ms);
}
