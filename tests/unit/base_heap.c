/* heap: what stands in an array stays there while it grows, and a size that
 * wraps is none. */
#include "mailcore/base/heap.h"
#include "tests/tap.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 1000 };

static void
test_more(void)
{
	uint32_t *list = NULL, *before;
	size_t room = 0, n = 0, right = 0, moves = 0;

	for (; n < MANY; n++) {
		size_t was = room;

		before = list;
		list = heap_more(list, n, &room, sizeof *list);
		list[n] = (uint32_t)n;
		if (room != was)
			moves++;
		else if (list != before)
			moves = MANY;
	}
	for (size_t i = 0; i < n; i++)
		right += list[i] == i;
	is_number((int64_t)right, MANY, "all are there");
	is_number((int64_t)room, 1024, "room is doubled");
	is_number((int64_t)moves, 8, "and nothing moved in between");
	free(list);
}

/* The last element may be written to, and under the address sanitizer not a
 * byte behind it. */
static void
test_resize(void)
{
	char *p = heap_resize(NULL, 3, 5);

	for (size_t i = 0; i < 15; i++)
		p[i] = (char)i;
	p = heap_resize(p, 4, 5);
	p[19] = 'x';
	ok(p[0] == 0 && p[14] == 14 && p[19] == 'x', "moved with its bytes");
	free(p);
	p = heap_resize(NULL, 0, 5);
	ok(p != NULL, "never NULL, also of none");
	p = heap_resize(p, 5, 0);
	ok(p != NULL, "nor of nothing");
	free(p);
}

static void
size_wraps(void)
{
	free(heap_resize(NULL, SIZE_MAX / 4 + 2, 4));
}

static void
room_wraps(void)
{
	size_t room = SIZE_MAX / 2 + 1;

	free(heap_more(NULL, room, &room, 1));
}

static void
array_wraps(void)
{
	size_t room = SIZE_MAX / 8 + 1;

	free(heap_more(NULL, room, &room, 4));
}

static bool
aborts(void (*call)(void))
{
	static const struct rlimit no_core = { 0, 0 };
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		(void)setrlimit(RLIMIT_CORE, &no_core);
		(void)signal(SIGABRT, SIG_DFL);
		call();
		_exit(0);
	}
	return child > 0 && waitpid(child, &status, 0) == child
	    && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void
test_wrap(void)
{
	ok(aborts(size_wraps), "a size that wraps: the process stops");
	ok(aborts(room_wraps), "so it does when the room would");
	ok(aborts(array_wraps), "or the room times the size");
}

int
main(void)
{
	test_more();
	test_resize();
	test_wrap();
	return tap_done();
}
