/*
 * fault.c - a disk that is full or fails when a test says so.
 *
 * Preloaded.  The byte at the start of the file named by FAULT_SWITCH is
 * shared with the test: '0' all is well, 's' no space for any write, 'e' an
 * error from every sync, 'w' an error from every write.  Only regular files
 * other than standard error are touched.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const volatile char *fault_switch = "0";

__attribute__((constructor)) static void
fault_open(void)
{
	const char *path = getenv("FAULT_SWITCH");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		fault_switch = p;
	close(fd);
}

static bool
regular(int fd)
{
	struct stat st;

	return fd != STDERR_FILENO && fstat(fd, &st) == 0
	    && S_ISREG(st.st_mode);
}

static bool
refuses_write(int fd)
{
	char is = *fault_switch;

	if ((is != 's' && is != 'w') || !regular(fd))
		return false;
	errno = is == 's' ? ENOSPC : EIO;
	return true;
}

static bool
refuses_sync(int fd)
{
	if (*fault_switch != 'e' || !regular(fd))
		return false;
	errno = EIO;
	return true;
}

/* The function of that name behind this one. */
#define NEXT(name) \
	(__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

ssize_t
write(int fd, const void *p, size_t n)
{
	return refuses_write(fd) ? -1 : NEXT(write)(fd, p, n);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	return refuses_write(fd) ? -1 : NEXT(pwrite)(fd, p, n, at);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return refuses_write(fd) ? -1 : NEXT(pwrite64)(fd, p, n, at);
}

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	return refuses_write(fd) ? -1 : NEXT(writev)(fd, v, n);
}

ssize_t
pwritev(int fd, const struct iovec *v, int n, off_t at)
{
	return refuses_write(fd) ? -1 : NEXT(pwritev)(fd, v, n, at);
}

int
fallocate(int fd, int mode, off_t at, off_t n)
{
	return refuses_write(fd) ? -1 : NEXT(fallocate)(fd, mode, at, n);
}

int
posix_fallocate(int fd, off_t at, off_t n)
{
	return refuses_write(fd) ? errno : NEXT(posix_fallocate)(fd, at, n);
}

int
fsync(int fd)
{
	return refuses_sync(fd) ? -1 : NEXT(fsync)(fd);
}

int
fdatasync(int fd)
{
	return refuses_sync(fd) ? -1 : NEXT(fdatasync)(fd);
}
