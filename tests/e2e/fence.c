/*
 * fence.c - what a role can open once it serves.
 *
 * Preloaded.  A role writes one "r" to its supervisor when it is ready; just
 * before that every path in FENCE_PATHS (with ':' between) is tried, and one
 * line says what came of it: "fence ROLE read|write PATH ERRNO".
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static void
say(const char *role, const char *how, const char *path, int fd)
{
	dprintf(STDERR_FILENO, "fence %s %s %s %d\n", role, how, path,
	    fd < 0 ? errno : 0);
	if (fd >= 0)
		close(fd);
}

static void
try_path(const char *role, const char *path)
{
	char inside[4096];

	say(role, "read", path, open(path, O_RDONLY | O_CLOEXEC));
	snprintf(inside, sizeof inside, "%s/fence", path);
	say(role, "write", path,
	    open(inside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	unlink(inside);
}

ssize_t
write(int fd, const void *bytes, size_t n)
{
	static ssize_t (*real)(int, const void *, size_t);
	const char *list = getenv("FENCE_PATHS");
	char name[16] = "";

	if (real == NULL)
		real = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT,
		    "write");
	prctl(PR_GET_NAME, name);
	if (n == 1 && *(const char *)bytes == 'r' && list != NULL
	    && strncmp(name, "posthaste-", 10) == 0) {
		char *copy = strdup(list), *rest = copy, *path;

		while ((path = strsep(&rest, ":")) != NULL)
			try_path(name + 10, path);
		free(copy);
	}
	return real(fd, bytes, n);
}
