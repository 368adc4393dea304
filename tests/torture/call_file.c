/* Files and folders. */
#include "tests/torture/call.h"
#include "tests/torture/open.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int
open_instead(const char *path, int flags, mode_t mode, const void *caller)
{
	return call_fails("open", caller) ? -1
					  : NEXT(open)(path, flags, mode);
}

FILE *
fopen(const char *path, const char *how)
{
	return call_fails("fopen", CALLER) ? NULL : NEXT(fopen)(path, how);
}

FILE *
fopen64(const char *path, const char *how)
{
	return call_fails("fopen", CALLER) ? NULL : NEXT(fopen64)(path, how);
}

ssize_t
read(int fd, void *p, size_t n)
{
	return call_bytes_fail("read", "recv", fd, &n, CALLER)
	    ? -1 : NEXT(read)(fd, p, n);
}

ssize_t
pread(int fd, void *p, size_t n, off_t at)
{
	return call_bytes_fail("pread", NULL, fd, &n, CALLER)
	    ? -1 : NEXT(pread)(fd, p, n, at);
}

ssize_t
pread64(int fd, void *p, size_t n, off64_t at)
{
	return call_bytes_fail("pread", NULL, fd, &n, CALLER)
	    ? -1 : NEXT(pread64)(fd, p, n, at);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	return call_bytes_fail("write", "send", fd, &n, CALLER)
	    ? -1 : NEXT(write)(fd, p, n);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	return call_bytes_fail("pwrite", NULL, fd, &n, CALLER)
	    ? -1 : NEXT(pwrite)(fd, p, n, at);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return call_bytes_fail("pwrite", NULL, fd, &n, CALLER)
	    ? -1 : NEXT(pwrite64)(fd, p, n, at);
}

/* Folders, too. */
int
fsync(int fd)
{
	return call_fails("fsync", CALLER) ? -1 : NEXT(fsync)(fd);
}

int
fdatasync(int fd)
{
	return call_fails("fdatasync", CALLER) ? -1 : NEXT(fdatasync)(fd);
}

int
ftruncate(int fd, off_t size)
{
	return call_fails("ftruncate", CALLER) ? -1
					       : NEXT(ftruncate)(fd, size);
}

int
ftruncate64(int fd, off64_t size)
{
	return call_fails("ftruncate", CALLER) ? -1
					       : NEXT(ftruncate64)(fd, size);
}

/* This one gives its error back. */
int
posix_fallocate(int fd, off_t at, off_t n)
{
	return call_fails("posix_fallocate", CALLER)
	    ? errno : NEXT(posix_fallocate)(fd, at, n);
}

int
posix_fallocate64(int fd, off64_t at, off64_t n)
{
	return call_fails("posix_fallocate", CALLER)
	    ? errno : NEXT(posix_fallocate64)(fd, at, n);
}

int
rename(const char *old, const char *new)
{
	return call_fails("rename", CALLER) ? -1 : NEXT(rename)(old, new);
}

int
unlink(const char *path)
{
	return call_fails("unlink", CALLER) ? -1 : NEXT(unlink)(path);
}

int
mkdir(const char *path, mode_t mode)
{
	return call_fails("mkdir", CALLER) ? -1 : NEXT(mkdir)(path, mode);
}

int
link(const char *old, const char *new)
{
	return call_fails("link", CALLER) ? -1 : NEXT(link)(old, new);
}

/* Of files; what is memory alone is in call_memory.c. */
void *
mmap(void *where, size_t n, int protect, int flags, int fd, off_t at)
{
	if (call_fails(fd >= 0 ? "mmap" : "mmap_memory", CALLER))
		return MAP_FAILED;
	return NEXT(mmap)(where, n, protect, flags, fd, at);
}

void *
mmap64(void *where, size_t n, int protect, int flags, int fd, off64_t at)
{
	if (call_fails(fd >= 0 ? "mmap" : "mmap_memory", CALLER))
		return MAP_FAILED;
	return NEXT(mmap64)(where, n, protect, flags, fd, at);
}

int
fstat(int fd, struct stat *st)
{
	return call_fails("fstat", CALLER) ? -1 : NEXT(fstat)(fd, st);
}

int
fstat64(int fd, struct stat64 *st)
{
	return call_fails("fstat", CALLER) ? -1 : NEXT(fstat64)(fd, st);
}

int
stat(const char *path, struct stat *st)
{
	return call_fails("stat", CALLER) ? -1 : NEXT(stat)(path, st);
}

int
stat64(const char *path, struct stat64 *st)
{
	return call_fails("stat", CALLER) ? -1 : NEXT(stat64)(path, st);
}

DIR *
opendir(const char *path)
{
	return call_fails("opendir", CALLER) ? NULL : NEXT(opendir)(path);
}

struct dirent *
readdir(DIR *folder)
{
	return call_fails("readdir", CALLER) ? NULL : NEXT(readdir)(folder);
}

struct dirent64 *
readdir64(DIR *folder)
{
	return call_fails("readdir", CALLER) ? NULL
					     : NEXT(readdir64)(folder);
}

/* To let go of a lock needs nothing. */
static bool
locks(int command, const struct flock *lock)
{
	return (command == F_SETLK || command == F_SETLKW
		   || command == F_OFD_SETLK || command == F_OFD_SETLKW)
	    && lock->l_type != F_UNLCK;
}

/* Whatever the third argument is, it is as large as a pointer. */
int
fcntl64(int fd, int command, ...)
{
	va_list args;
	void *argument;

	va_start(args, command);
	argument = va_arg(args, void *);
	va_end(args);
	if (locks(command, argument) && call_fails("lock", CALLER))
		return -1;
	return NEXT(fcntl64)(fd, command, argument);
}
