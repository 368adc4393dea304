/* The crew of a load: sessions, tickets, samples, the report. */
#include "tests/bench/load/load.h"
#include "tests/bench/load/wire.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SESSIONS_MAX = 256,
	FAILURES_MAX = 20, /* then the run ends */
	FAILURES_SHOWN = 5
};

struct crew {
	pthread_barrier_t prepared;
	pthread_barrier_t go;
	struct hand hands[SESSIONS_MAX];
};

struct place {
	struct crew *crew;
	struct hand *hand;
};

double
load_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool
load_wrong(struct load *l, const char *format, ...)
{
	va_list arguments;

	if (atomic_fetch_add(&l->failures, 1) >= FAILURES_SHOWN)
		return false;
	va_start(arguments, format);
	flockfile(stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	funlockfile(stderr);
	va_end(arguments);
	return false;
}

void
load_count(struct load *l, uint64_t bytes, uint64_t elements)
{
	atomic_fetch_add(&l->bytes, bytes);
	atomic_store(&l->elements, elements);
}

const struct load_user *
load_user_at(const struct load *l, unsigned session)
{
	static const struct load_user nobody = { "nobody", "" };
	size_t spread = l->o.spread;

	if (l->user_count == 0)
		return &nobody;
	if (spread == 0 || spread > l->user_count)
		spread = l->user_count;
	return &l->users[(l->o.first + session % spread) % l->user_count];
}

unsigned
hand_random(struct hand *h, unsigned below)
{
	h->random = h->random * 6364136223846793005U + 1442695040888963407U;
	return below == 0 ? 0 : (unsigned)(h->random >> 33) % below;
}

static bool
take_ticket(struct load *l, unsigned *ticket)
{
	if (atomic_load(&l->failures) >= FAILURES_MAX)
		return false;
	*ticket = atomic_fetch_add(&l->tickets, 1);
	return *ticket < l->o.count && load_now() < l->end;
}

/* After a failure a session begins anew. */
static bool
come_back(struct hand *h)
{
	if (h->job->finish != NULL)
		h->job->finish(h);
	wire_close(&h->wire);
	return h->job->prepare == NULL || h->job->prepare(h);
}

/* When the ticket begins to count: at once; with a pace when it is due, also
 * if its session is late because an answer was, but not if it wakes up late. */
static double
begin_ticket(const struct load *l, unsigned ticket)
{
	double now = load_now();
	double due = l->o.pace == 0 ? now : l->start + (double)ticket
	    / l->o.pace;
	struct timespec until = { (time_t)due,
		(long)((due - (double)(time_t)due) * 1e9) };

	if (due <= now)
		return due;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL)
	    != 0)
		continue;
	return load_now();
}

static void
serve_tickets(struct hand *h)
{
	struct load *l = h->load;
	unsigned ticket;

	while (take_ticket(l, &ticket)) {
		double begin = begin_ticket(l, ticket);

		if (h->job->once(h, ticket)) {
			unsigned at = atomic_fetch_add(&l->sampled, 1);

			if (at < l->o.count)
				l->samples[at] = load_now() - begin;
		} else if (!come_back(h)) {
			return;
		}
	}
}

static void *
session(void *context)
{
	struct place *p = context;
	struct hand *h = p->hand;
	bool prepared = h->job->prepare == NULL || h->job->prepare(h);

	pthread_barrier_wait(&p->crew->prepared);
	pthread_barrier_wait(&p->crew->go);
	if (prepared)
		serve_tickets(h);
	if (h->job->finish != NULL && h->wire != NULL)
		h->job->finish(h);
	wire_close(&h->wire);
	buf_free(&h->out);
	return NULL;
}

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
at_share(const double *values, unsigned n, unsigned per_cent)
{
	unsigned at = (unsigned)((uint64_t)n * per_cent / 100);

	return n == 0 ? 0 : 1e3 * values[at < n ? at : n - 1];
}

void
load_print_samples(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), by_value);
	printf("\"p50\":%.4f,\"p99\":%.4f,\"max\":%.4f",
	    at_share(values, n, 50), at_share(values, n, 99),
	    at_share(values, n, 100));
}

static void
report(struct load *l, double seconds)
{
	unsigned n = atomic_load(&l->sampled);

	if (n > l->o.count)
		n = l->o.count;
	printf("{\"count\":%u,\"failed\":%u,\"seconds\":%.6f,"
	       "\"rate\":%.3f,\"bytes\":%llu,\"elements\":%llu,"
	       "\"tls\":\"%s\",\"first\":%.4f,",
	    n, atomic_load(&l->failures), seconds,
	    seconds > 0 ? n / seconds : 0, atomic_load(&l->bytes),
	    atomic_load(&l->elements), l->tls,
	    n == 0 ? 0 : 1e3 * l->samples[0]);
	load_print_samples(l->samples, n);
	printf("}\n");
}

static void
hire(struct load *l, const struct job *job, struct crew *crew)
{
	for (unsigned i = 0; i < l->o.sessions; i++)
		crew->hands[i] = (struct hand){
			.load = l,
			.job = job,
			.index = i,
			.user = load_user_at(l, i),
			.out = buf_new(1 << 26),
			.random = 88172645463325252U + i,
		};
	pthread_barrier_init(&crew->prepared, NULL, l->o.sessions + 1);
	pthread_barrier_init(&crew->go, NULL, l->o.sessions + 1);
}

int
load_run(struct load *l, const struct job *job)
{
	static struct crew crew;
	pthread_t threads[SESSIONS_MAX];
	struct place places[SESSIONS_MAX];

	if (l->o.sessions == 0 || l->o.sessions > SESSIONS_MAX) {
		fprintf(stderr, "load: 1 to %d sessions\n", SESSIONS_MAX);
		return 2;
	}
	l->samples = calloc(l->o.count + 1, sizeof(*l->samples));
	if (l->samples == NULL)
		abort();
	hire(l, job, &crew);
	for (unsigned i = 0; i < l->o.sessions; i++) {
		places[i] = (struct place){ &crew, &crew.hands[i] };
		if (pthread_create(&threads[i], NULL, session, &places[i]))
			abort();
	}
	pthread_barrier_wait(&crew.prepared);
	l->start = load_now();
	l->end = l->start + l->o.seconds;
	pthread_barrier_wait(&crew.go);
	for (unsigned i = 0; i < l->o.sessions; i++)
		pthread_join(threads[i], NULL);
	report(l, load_now() - l->start);
	free(l->samples);
	return atomic_load(&l->failures) > 0 || atomic_load(&l->sampled) == 0;
}
