/* Counts: kept in a file, by many threads, and read without trust. */
#include "mailcore/sys/count.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 4, TIMES = 20000 };

static int64_t
value_of(const char *path, const char *name, bool level)
{
	struct count *list = calloc(COUNT_SLOTS, sizeof *list);
	int64_t found = -1;
	size_t n;

	if (list != NULL && count_read(path, list, &n).is == OK)
		for (size_t i = 0; i < n; i++)
			if (list[i].level == level
			    && strcmp(list[i].name, name) == 0)
				found = list[i].value;
	free(list);
	return found;
}

static void *
work(void *unused)
{
	(void)unused;
	for (int i = 0; i < TIMES; i++) {
		count_event("shared.event");
		count_level("shared", i % 2 == 0 ? 1 : -1);
	}
	return NULL;
}

static void
test_threads(const char *path)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, NULL) != 0)
			abort();
	for (int i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	is_number((long)value_of(path, "shared.event", false),
	    THREADS * TIMES, "nothing is lost between threads");
	is_number((long)value_of(path, "shared", true), 0, "nor of a level");
}

static void
test_restart(const char *path)
{
	count_level("imap", 1);
	count_event("role.start");
	ok(count_open(path).is == OK, "the same file again");
	is_number((long)value_of(path, "role.start", false), 1,
	    "events go on");
	is_number((long)value_of(path, "imap", true), 0,
	    "levels begin anew");
}

static void
test_room(const char *path)
{
	static char names[COUNT_SLOTS + 8][COUNT_NAME];
	char longest[COUNT_NAME + 1];
	struct count *list = calloc(COUNT_SLOTS, sizeof *list);
	size_t n = 0;

	memset(longest, 'a', COUNT_NAME);
	longest[COUNT_NAME] = '\0';
	count_event(longest);
	is_number((long)value_of(path, longest, false), -1,
	    "a name that is too long is not kept");
	longest[COUNT_NAME - 1] = '\0';
	count_event(longest);
	is_number((long)value_of(path, longest, false), 1, "one shorter is");
	for (size_t i = 0; i < COUNT_SLOTS + 8; i++) {
		(void)snprintf(names[i], COUNT_NAME, "n%zu", i);
		count_event(names[i]);
	}
	ok(list != NULL && count_read(path, list, &n).is == OK
		&& n == COUNT_SLOTS,
	    "there is room for so many names");
	free(list);
}

static void
test_foreign(const char *path)
{
	struct count *list = calloc(COUNT_SLOTS, sizeof *list);
	char bytes[64] = { 1, 67, 104, 80 };
	size_t n;
	int fd = open(path, O_RDWR);

	if (list == NULL || fd < 0)
		abort();
	/* The first slot, whatever it holds: an event named "a\nb". */
	memcpy(bytes + 4, "\2\0\0\0a\nb", 8);
	ok(pwrite(fd, bytes, 16, 0) == 16
		&& count_read(path, list, &n).is == OK,
	    "a file that somebody wrote to is read");
	for (size_t i = 0; i < n; i++)
		if (strchr(list[i].name, '\n') != NULL)
			n = COUNT_SLOTS + 1;
	ok(n <= COUNT_SLOTS, "but not names that are none");
	ok(ftruncate(fd, 100) == 0
		&& count_read(path, list, &n).is == FAILED && n == 0,
	    "a short one is refused");
	(void)close(fd);
	ok(unlink(path) == 0 && count_read(path, list, &n).is == NOT_FOUND,
	    "none is none");
	free(list);
}

int
main(void)
{
	char path[] = "/tmp/posthaste-count-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0)
		abort();
	(void)close(fd);
	count_event("before");
	ok(count_open(path).is == OK, "an empty file");
	is_number((long)value_of(path, "before", false), -1,
	    "what was before is not kept");
	test_threads(path);
	test_restart(path);
	test_room(path);
	test_foreign(path);
	return tap_done();
}
