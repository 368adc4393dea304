/*
 * clock.c - the time of day jumps when a test says so; the steady clock, which
 * cannot, goes on.
 *
 * Preloaded.  CLOCK_SWITCH names a file that all processes map: how many
 * seconds to add.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static _Atomic int64_t none;
static _Atomic int64_t *jump = &none;

/* The function of that name behind this one. */
#define NEXT(name) \
	(__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void
clock_open(void)
{
	const char *path = getenv("CLOCK_SWITCH");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, sizeof *jump, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
	    0);
	if (p != MAP_FAILED)
		jump = p;
	(void)close(fd);
}

int
clock_gettime(clockid_t which, struct timespec *t)
{
	int r = NEXT(clock_gettime)(which, t);

	if (r == 0
	    && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
		t->tv_sec += (time_t)atomic_load(jump);
	return r;
}

time_t
time(time_t *to)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	if (to != NULL)
		*to = t.tv_sec;
	return t.tv_sec;
}

int
gettimeofday(struct timeval *t, void *zone)
{
	struct timespec now;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	t->tv_sec = now.tv_sec;
	t->tv_usec = now.tv_nsec / 1000;
	return 0;
}
