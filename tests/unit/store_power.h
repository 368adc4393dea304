/*
 * store_power.h - power cuts and failing syncs, for tests of the store.
 *
 * fdatasync stands in front of the C library's here, for SQLite too: it fails
 * on demand, and notes what a power cut would leave.
 */
#ifndef TESTS_STORE_POWER_H
#define TESTS_STORE_POWER_H

#include "tests/unit/store_help.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* What fdatasync fails with, or 0: it stands in front of the C library's. */
static int sync_error;

/* How much of each file has been synced: that a power cut leaves. */
static struct synced {
	ino_t file;
	off_t size;
} synced[4096];
static size_t synced_count;
static pthread_mutex_t synced_lock = PTHREAD_MUTEX_INITIALIZER;

static struct synced *
synced_find(ino_t file)
{
	size_t i = 0;

	while (i < synced_count && synced[i].file != file)
		i++;
	if (i == COUNT(synced))
		exit(1);
	if (i == synced_count)
		synced[synced_count++] = (struct synced){ file, 0 };
	return &synced[i];
}

/* What pwrite fails with, or 0; it stands in front, too, for all who use files
 * of 64 bits. */
static int write_error;

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	if (write_error != 0) {
		errno = write_error;
		return -1;
	}
	return (ssize_t)syscall(SYS_pwrite64, fd, p, n, at);
}

int
fdatasync(int fd)
{
	struct stat st;

	if (sync_error != 0) {
		errno = sync_error;
		return -1;
	}
	if (fstat(fd, &st) == 0) {
		(void)pthread_mutex_lock(&synced_lock);
		synced_find(st.st_ino)->size = st.st_size;
		(void)pthread_mutex_unlock(&synced_lock);
	}
	return (int)syscall(SYS_fdatasync, fd);
}

/* The data folder as a power cut leaves it: of each WAL what was synced, and
 * perhaps more. */
static const char *copy_from;
static const char *copy_to;
static unsigned copy_random;

static int
copy_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	char to[1024];
	size_t n = (size_t)st->st_size;
	char *bytes;
	FILE *f;

	(void)ftw;
	(void)snprintf(to, sizeof to, "%s%s", copy_to,
	    path + strlen(copy_from));
	if (kind == FTW_D)
		return mkdir(to, 0700) != 0 && errno != EEXIST;
	if (view_ends(view_of(path), VIEW("-shm")))
		return 0;
	bytes = calloc(1, n + 1);
	f = fopen(path, "rb");
	if (f == NULL || fread(bytes, 1, n, f) != n)
		exit(1);
	(void)fclose(f);
	if (view_ends(view_of(path), VIEW("-wal")) && n > 0) {
		size_t least = (size_t)synced_find(st->st_ino)->size;
		size_t some;

		copy_random = copy_random * 1103515245 + 12345;
		some = copy_random / 65536 % 3 == 0 ? 0 : copy_random % n;
		n = some > least ? some : least;
	}
	f = fopen(to, "wb");
	if (f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
		exit(1);
	free(bytes);
	return 0;
}

static void
cut_power(const struct home *h, struct home *after)
{
	*after = (struct home){ .arena = arena_new(1 << 26) };
	(void)snprintf(after->data, sizeof after->data, "%.200s-cut",
	    h->data);
	copy_from = h->data;
	copy_to = after->data;
	if (nftw(h->data, copy_one, 16, FTW_PHYS) != 0)
		must(fail(FAILED, "copying"), after->data);
}

#endif
