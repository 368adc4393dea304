/* The names of files, and what no reader could follow. */
#include "tests/torture/open.h"
#include "tests/torture/record.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATHS = 2 * PATH_MAX };

static uint64_t
inode_at(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? st.st_ino : 0;
}

static int
open_recorded(const char *path, int flags, mode_t mode)
{
	bool there;
	int fd;

	record_lock();
	there = inode_at(path) != 0;
	fd = NEXT(open)(path, flags, mode);
	if (fd >= 0 && !there)
		record_add(MADE, record_inode(fd), 0, path, strlen(path) + 1);
	else if (fd >= 0 && (flags & O_TRUNC))
		record_add(CUT, record_inode(fd), 0, NULL, 0);
	record_unlock();
	return fd;
}

static bool
concerns(const char *path, int flags)
{
	if (!record_on() || !(flags & (O_CREAT | O_TRUNC)))
		return false;
	if (path[0] != '/')
		record_strange("a path without a folder");
	return true;
}

int
open_instead(const char *path, int flags, mode_t mode, const void *caller)
{
	(void)caller;
	return concerns(path, flags) ? open_recorded(path, flags, mode)
				     : NEXT(open)(path, flags, mode);
}

static int
rename_recorded(enum kind kind, const char *old, const char *new,
    int (*act)(const char *, const char *))
{
	char both[PATHS];
	size_t n = strlen(old) + 1, m = strlen(new) + 1;
	uint64_t inode;
	int r;

	if (!record_on() || n + m > sizeof both)
		return act(old, new);
	memcpy(both, old, n);
	memcpy(both + n, new, m);
	record_lock();
	inode = inode_at(old);
	r = act(old, new);
	if (r == 0)
		record_add(kind, inode, 0, both, n + m);
	record_unlock();
	return r;
}

int
rename(const char *old, const char *new)
{
	return rename_recorded(RENAMED, old, new, NEXT(rename));
}

int
link(const char *old, const char *new)
{
	return rename_recorded(LINKED, old, new, NEXT(link));
}

static int
remove_recorded(enum kind kind, const char *path, int (*act)(const char *))
{
	uint64_t inode;
	int r;

	if (!record_on())
		return act(path);
	record_lock();
	inode = inode_at(path);
	r = act(path);
	if (r == 0)
		record_add(kind, inode, 0, path, strlen(path) + 1);
	record_unlock();
	return r;
}

int
unlink(const char *path)
{
	return remove_recorded(REMOVED, path, NEXT(unlink));
}

int
rmdir(const char *path)
{
	return remove_recorded(FOLDER_REMOVED, path, NEXT(rmdir));
}

int
mkdir(const char *path, mode_t mode)
{
	int r;

	if (!record_on())
		return NEXT(mkdir)(path, mode);
	record_lock();
	r = NEXT(mkdir)(path, mode);
	if (r == 0)
		record_add(FOLDER_MADE, inode_at(path), 0, path,
		    strlen(path) + 1);
	record_unlock();
	return r;
}

int
unlinkat(int fd, const char *name, int flags)
{
	bool folder = (flags & AT_REMOVEDIR) != 0;
	struct stat st;
	int r;

	if (fd == AT_FDCWD && name[0] == '/')
		return folder ? rmdir(name) : unlink(name);
	if (!record_on() || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return NEXT(unlinkat)(fd, name, flags);
	record_lock();
	r = NEXT(unlinkat)(fd, name, flags);
	if (r == 0)
		record_add(folder ? FOLDER_REMOVED_IN : REMOVED_IN,
		    st.st_ino, record_inode(fd), name, strlen(name) + 1);
	record_unlock();
	return r;
}

int
renameat(int a, const char *old, int b, const char *new)
{
	record_strange("renameat");
	return NEXT(renameat)(a, old, b, new);
}

void *
mmap(void *where, size_t n, int protect, int flags, int fd, off_t at)
{
	uint64_t inode = 0;

	if (fd >= 0 && (protect & PROT_WRITE) && (flags & MAP_SHARED))
		inode = record_inode(fd);
	if (inode != 0) {
		record_lock();
		record_add(STRANGE, inode, 0, "mmap", 4);
		record_unlock();
	}
	return NEXT(mmap)(where, n, protect, flags, fd, at);
}

void *
mmap64(void *where, size_t n, int protect, int flags, int fd, off64_t at)
{
	return mmap(where, n, protect, flags, fd, at);
}
