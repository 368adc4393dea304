/* The record, and what is written to files. */
#include "tests/torture/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = 4096 };

struct head {
	_Atomic uint64_t tail;
	uint64_t room;
	_Atomic uint32_t lock;
	uint32_t delay;
	_Atomic uint32_t closed;
	uint32_t fail;
};

struct record {
	uint32_t size;
	uint32_t kind;
	uint64_t inode;
	uint64_t at;
	uint64_t n;
};

static struct head *head;
static dev_t device; /* of the record, and of all that is recorded */

__attribute__((constructor)) static void
record_open(void)
{
	const char *path = getenv("RECORD_LOG");
	int fd = path == NULL ? -1 : NEXT(open)(path, O_RDWR | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_size > HEAD) {
		p = NEXT(mmap)(NULL, (size_t)st.st_size,
		    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (p != MAP_FAILED)
			head = p;
		device = st.st_dev;
	}
	(void)NEXT(close)(fd);
}

bool
record_on(void)
{
	return head != NULL;
}

static void
rest(long nanoseconds)
{
	const struct timespec pause = { .tv_nsec = nanoseconds };

	(void)nanosleep(&pause, NULL);
}

void
record_lock(void)
{
	/* Closed: nothing changes any more; who tries waits for its end. */
	while (atomic_load(&head->closed) != 0
	    || atomic_exchange(&head->lock, 1) != 0)
		rest(5000);
}

void
record_unlock(void)
{
	atomic_store(&head->lock, 0);
}

/* Room for a record with n bytes; `tail` is not moved yet.  NULL: full, which
 * the reader sees by a tail at the end. */
static struct record *
begin(enum kind kind, uint64_t inode, uint64_t at, size_t n)
{
	uint64_t tail = atomic_load(&head->tail);
	size_t size = (sizeof(struct record) + n + 7) & ~(size_t)7;
	struct record *r = (void *)((char *)head + tail);

	if (size > head->room - tail) {
		atomic_store(&head->tail, head->room);
		return NULL;
	}
	*r = (struct record){ (uint32_t)size, kind, inode, at, n };
	return r;
}

static void
finish(const struct record *r)
{
	atomic_fetch_add(&head->tail, r->size);
}

void
record_add(enum kind kind, uint64_t inode, uint64_t at, const void *p,
    size_t n)
{
	struct record *r = begin(kind, inode, at, n);

	if (r == NULL)
		return;
	if (n > 0)
		memcpy(r + 1, p, n);
	finish(r);
}

void
record_strange(const char *what)
{
	int error = errno;

	if (head == NULL)
		return;
	record_lock();
	record_add(STRANGE, 0, 0, what, strlen(what));
	record_unlock();
	errno = error;
}

uint64_t
record_inode(int fd)
{
	struct stat st;

	if (head == NULL || fd == STDERR_FILENO || fd == STDOUT_FILENO
	    || fstat(fd, &st) != 0
	    || st.st_dev != device
	    || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return 0;
	return st.st_ino;
}

/* Contents. */

static ssize_t
written(uint64_t inode, uint64_t at, const void *p, ssize_t n)
{
	int error = errno;

	if (n > 0)
		record_add(WRITTEN, inode, at, p, (size_t)n);
	record_unlock();
	errno = error;
	return n;
}

ssize_t
write(int fd, const void *p, size_t n)
{
	uint64_t inode = record_inode(fd);
	off_t at;
	ssize_t done;

	if (inode == 0)
		return NEXT(write)(fd, p, n);
	record_lock();
	at = lseek(fd, 0, SEEK_CUR);
	if (fcntl(fd, F_GETFL) & O_APPEND)
		at = lseek(fd, 0, SEEK_END);
	done = NEXT(write)(fd, p, n);
	return written(inode, (uint64_t)at, p, done);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	uint64_t inode = record_inode(fd);
	ssize_t done;

	if (inode == 0)
		return NEXT(pwrite)(fd, p, n, at);
	record_lock();
	done = NEXT(pwrite)(fd, p, n, at);
	return written(inode, (uint64_t)at, p, done);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return pwrite(fd, p, n, at);
}

/* As many single writes: nobody may rely on more. */
ssize_t
writev(int fd, const struct iovec *v, int count)
{
	ssize_t done = 0;

	if (record_inode(fd) == 0)
		return NEXT(writev)(fd, v, count);
	for (int i = 0; i < count; i++) {
		ssize_t n = write(fd, v[i].iov_base, v[i].iov_len);

		if (n < 0)
			return done > 0 ? done : n;
		done += n;
		if ((size_t)n < v[i].iov_len)
			break;
	}
	return done;
}

ssize_t
pwritev(int fd, const struct iovec *v, int count, off_t at)
{
	if (record_inode(fd) != 0)
		record_strange("pwritev");
	return NEXT(pwritev)(fd, v, count, at);
}

ssize_t
copy_file_range(int from, off64_t *a, int to, off64_t *b, size_t n,
    unsigned flags)
{
	if (record_inode(to) != 0) {
		errno = ENOSYS; /* everybody can do without */
		return -1;
	}
	return NEXT(copy_file_range)(from, a, to, b, n, flags);
}

int
ftruncate(int fd, off_t size)
{
	uint64_t inode = record_inode(fd);
	int r;

	if (inode == 0)
		return NEXT(ftruncate)(fd, size);
	record_lock();
	r = NEXT(ftruncate)(fd, size);
	if (r == 0)
		record_add(CUT, inode, (uint64_t)size, NULL, 0);
	record_unlock();
	return r;
}

int
ftruncate64(int fd, off64_t size)
{
	return ftruncate(fd, size);
}

int
truncate(const char *path, off_t size)
{
	record_strange("truncate");
	return NEXT(truncate)(path, size);
}

int
posix_fallocate(int fd, off_t at, off_t n)
{
	uint64_t inode = record_inode(fd);
	int r;

	if (inode == 0)
		return NEXT(posix_fallocate)(fd, at, n);
	record_lock();
	r = NEXT(posix_fallocate)(fd, at, n);
	if (r == 0)
		record_add(EXTENDED, inode, (uint64_t)(at + n), NULL, 0);
	record_unlock();
	return r;
}

int
posix_fallocate64(int fd, off64_t at, off64_t n)
{
	return posix_fallocate(fd, at, n);
}

int
fallocate(int fd, int mode, off_t at, off_t n)
{
	if (record_inode(fd) != 0)
		record_strange("fallocate");
	return NEXT(fallocate)(fd, mode, at, n);
}

int
fallocate64(int fd, int mode, off64_t at, off64_t n)
{
	return fallocate(fd, mode, at, n);
}

/* Syncs. */

static uint64_t
sync_begins(uint64_t inode)
{
	uint64_t tail;

	if (inode == 0)
		return 0;
	tail = atomic_load(&head->tail);
	if (head->delay > 0)
		rest((long)(((uint64_t)clock() * 7919 + tail)
		    % head->delay * 1000));
	return tail;
}

/* As by chance: nobody chooses where the record ends. */
static bool
is_to_fail(uint64_t inode, uint64_t tail)
{
	return inode != 0 && head->fail != 0
	    && (tail * 0x9e3779b97f4a7c15U >> 32) % head->fail == 0;
}

static int
synced(int fd, int (*sync)(int))
{
	uint64_t inode = record_inode(fd), tail = sync_begins(inode);
	bool fails = is_to_fail(inode, tail);
	int r = fails ? -1 : sync(fd);

	if (inode == 0 || (r != 0 && !fails))
		return r;
	record_lock();
	record_add(fails ? SYNC_FAILED : SYNCED, inode, tail, NULL, 0);
	record_unlock();
	if (fails)
		errno = EIO;
	return r;
}

int
fsync(int fd)
{
	return synced(fd, NEXT(fsync));
}

int
fdatasync(int fd)
{
	return synced(fd, NEXT(fdatasync));
}
