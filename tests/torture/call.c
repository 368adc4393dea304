/*
 * call.c - one system call fails once, when a test says so.
 *
 * Preloaded.  CALL_SWITCH names a file that all processes map.  `call` is the
 * place of a name in the list below, from 1; that call fails with `error` when
 * `left` of them have been counted down to nothing, in any process, once.
 * `hits` counts what has failed.  Reads, writes and syncs are those of regular
 * files other than standard error.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum call {
	NONE,
	OPEN,
	READ,
	PREAD,
	WRITE,
	PWRITE,
	FSYNC,
	FDATASYNC,
	FTRUNCATE,
	RENAME,
	UNLINK,
	MKDIR,
	LINK,
	MMAP,
	SOCKET,
	ACCEPT,
	EPOLL_CTL,
	FSTAT,
	OPENDIR
};

struct order {
	_Atomic int call;
	_Atomic int error;
	_Atomic int left;
	_Atomic int hits;
};

static struct order nothing;
static struct order *order = &nothing;

/* The function of that name behind this one. */
#define NEXT(name) \
	(__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void
call_open(void)
{
	const char *path = getenv("CALL_SWITCH");
	int fd = path == NULL ? -1 : NEXT(open)(path, O_RDWR | O_CLOEXEC);
	void *p;

	if (fd < 0)
		return;
	p = NEXT(mmap)(NULL, sizeof *order, PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	if (p != MAP_FAILED)
		order = p;
	(void)close(fd);
}

static bool
fails(enum call call)
{
	if (atomic_load(&order->call) != (int)call
	    || atomic_fetch_sub(&order->left, 1) != 1)
		return false;
	atomic_fetch_add(&order->hits, 1);
	errno = atomic_load(&order->error);
	return true;
}

static bool
file_fails(enum call call, int fd)
{
	struct stat st;

	return atomic_load(&order->call) == (int)call && fd != STDERR_FILENO
	    && NEXT(fstat)(fd, &st) == 0 && S_ISREG(st.st_mode) && fails(call);
}

int
open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	if (flags & (O_CREAT | __O_TMPFILE)) {
		va_list args;

		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	return fails(OPEN) ? -1 : NEXT(open)(path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	mode_t mode = 0;

	if (flags & (O_CREAT | __O_TMPFILE)) {
		va_list args;

		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	return fails(OPEN) ? -1 : NEXT(open64)(path, flags, mode);
}

ssize_t
read(int fd, void *p, size_t n)
{
	return file_fails(READ, fd) ? -1 : NEXT(read)(fd, p, n);
}

ssize_t
pread(int fd, void *p, size_t n, off_t at)
{
	return file_fails(PREAD, fd) ? -1 : NEXT(pread)(fd, p, n, at);
}

ssize_t
pread64(int fd, void *p, size_t n, off64_t at)
{
	return file_fails(PREAD, fd) ? -1 : NEXT(pread64)(fd, p, n, at);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	return file_fails(WRITE, fd) ? -1 : NEXT(write)(fd, p, n);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	return file_fails(PWRITE, fd) ? -1 : NEXT(pwrite)(fd, p, n, at);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return file_fails(PWRITE, fd) ? -1 : NEXT(pwrite64)(fd, p, n, at);
}

/* Folders, too. */
int
fsync(int fd)
{
	return fails(FSYNC) ? -1 : NEXT(fsync)(fd);
}

int
fdatasync(int fd)
{
	return fails(FDATASYNC) ? -1 : NEXT(fdatasync)(fd);
}

int
ftruncate(int fd, off_t size)
{
	return fails(FTRUNCATE) ? -1 : NEXT(ftruncate)(fd, size);
}

int
ftruncate64(int fd, off64_t size)
{
	return fails(FTRUNCATE) ? -1 : NEXT(ftruncate64)(fd, size);
}

int
rename(const char *old, const char *new)
{
	return fails(RENAME) ? -1 : NEXT(rename)(old, new);
}

int
unlink(const char *path)
{
	return fails(UNLINK) ? -1 : NEXT(unlink)(path);
}

int
mkdir(const char *path, mode_t mode)
{
	return fails(MKDIR) ? -1 : NEXT(mkdir)(path, mode);
}

int
link(const char *old, const char *new)
{
	return fails(LINK) ? -1 : NEXT(link)(old, new);
}

/* Of files: memory is malloc's business, and without it a process ends. */
void *
mmap(void *where, size_t n, int protect, int flags, int fd, off_t at)
{
	if (fd >= 0 && fails(MMAP))
		return MAP_FAILED;
	return NEXT(mmap)(where, n, protect, flags, fd, at);
}

void *
mmap64(void *where, size_t n, int protect, int flags, int fd, off64_t at)
{
	return mmap(where, n, protect, flags, fd, at);
}

int
socket(int domain, int type, int protocol)
{
	return fails(SOCKET) ? -1 : NEXT(socket)(domain, type, protocol);
}

int
accept(int fd, struct sockaddr *address, socklen_t *n)
{
	return fails(ACCEPT) ? -1 : NEXT(accept)(fd, address, n);
}

int
accept4(int fd, struct sockaddr *address, socklen_t *n, int flags)
{
	return fails(ACCEPT) ? -1 : NEXT(accept4)(fd, address, n, flags);
}

int
epoll_ctl(int epoll, int what, int fd, struct epoll_event *event)
{
	/* To take one out needs nothing. */
	if (what != EPOLL_CTL_DEL && fails(EPOLL_CTL))
		return -1;
	return NEXT(epoll_ctl)(epoll, what, fd, event);
}

int
fstat(int fd, struct stat *st)
{
	return fails(FSTAT) ? -1 : NEXT(fstat)(fd, st);
}

DIR *
opendir(const char *path)
{
	return fails(OPENDIR) ? NULL : NEXT(opendir)(path);
}
