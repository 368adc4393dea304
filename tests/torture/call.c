#include "tests/torture/call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct order nothing;
static struct order *order = &nothing;
static const char *role = "";

/* What a process is: the word behind --role, or the command. */
static const char *
role_of(int count, char **words)
{
	for (int i = 1; i + 1 < count; i++)
		if (strcmp(words[i], "--role") == 0)
			return words[i + 1];
	if (count > 1 && strcmp(words[1], "serve") == 0)
		return "supervisor";
	return "command";
}

__attribute__((constructor)) static void
call_open(int count, char **words)
{
	const char *path = getenv("CALL_SWITCH");
	int fd = path == NULL ? -1 : NEXT(open)(path, O_RDWR | O_CLOEXEC);
	void *p;

	if (fd < 0)
		return;
	role = role_of(count, words);
	p = NEXT(mmap)(NULL, sizeof *order, PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	if (p != MAP_FAILED)
		order = p;
	(void)close(fd);
}

static bool
concerns(const char *name)
{
	return atomic_load(&order->armed) != 0
	    && strcmp(order->call, name) == 0
	    && (order->role[0] == '\0' || strcmp(order->role, role) == 0);
}

/* As "module+offset", of which addr2line makes a line. */
static void
tell_where(const void *caller, char *to, size_t n)
{
	const char *name, *slash;
	Dl_info info;

	if (dladdr(caller, &info) == 0 || info.dli_fname == NULL)
		return;
	slash = strrchr(info.dli_fname, '/');
	name = slash == NULL ? info.dli_fname : slash + 1;
	(void)snprintf(to, n, "%s %s+%#zx", role, name,
	    (size_t)((const char *)caller - (const char *)info.dli_fbase));
}

/* To the test, and among what the server writes. */
static void
tell(const void *caller)
{
	char line[sizeof *order];
	int n;

	tell_where(caller, order->where, sizeof order->where);
	n = snprintf(line, sizeof line, "call %s fails: errno=%d at %s\n",
	    order->call, order->error, order->where);
	if (n > 0)
		(void)!NEXT(write)(STDERR_FILENO, line, (size_t)n);
}

static bool
counted(const void *caller)
{
	int left = atomic_fetch_sub(&order->left, 1);

	if (left > 1 || left <= 1 - order->count)
		return false;
	if (atomic_fetch_add(&order->hits, 1) == 0)
		tell(caller);
	errno = order->error;
	return true;
}

bool
call_fails(const char *name, const void *caller)
{
	return concerns(name) && counted(caller);
}

bool
call_bytes_fail(const char *file, const char *socket, int fd, size_t *n,
    const void *caller)
{
	const char *name = NULL;
	struct stat st;

	if (atomic_load(&order->armed) == 0 || fd == STDERR_FILENO
	    || NEXT(fstat)(fd, &st) != 0)
		return false;
	if (S_ISREG(st.st_mode))
		name = file;
	else if (S_ISSOCK(st.st_mode))
		name = socket;
	if (name == NULL || !call_fails(name, caller))
		return false;
	if (order->error != 0)
		return true;
	if (*n > 1)
		*n = 1;
	return false;
}

/* Who gives up says so nowhere else. */
void
abort(void)
{
	char where[CALL_WHERE] = "?", line[CALL_WHERE + 32];
	int n;

	tell_where(__builtin_return_address(0), where, sizeof where);
	n = snprintf(line, sizeof line, "abort by %s\n", where);
	if (n > 0)
		(void)!NEXT(write)(STDERR_FILENO, line, (size_t)n);
	NEXT(abort)();
	__builtin_unreachable();
}
