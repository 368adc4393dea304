#include "mailcore/db/sqlite_wal.h"

#include "mailcore/db/sqlite.h"

#include <stdlib.h>
#include <string.h>

enum {
	FRAME_HEAD = 24,
	COMMIT_AT = 4,  /* in it: the database's size, in the last frame */
	WRITE_LOCK = 0, /* among the locks of the -shm file */
	COLLECTED_MOST = 65536
};

/* Either a database or its WAL; all other files are the usual VFS' own. */
struct file {
	sqlite3_file base;
	struct file *wal; /* of a database */
	struct file *of;  /* of a WAL */
	char *collected;
	int collected_n;
	sqlite3_int64 at;   /* where that belongs */
	sqlite3_int64 next; /* where the last write ended; -1: not known */
	bool commits;       /* the next page ends a transaction */
	int failed;         /* why what was collected is lost, from `at` on */
};

/* The usual VFS' file lies behind ours. */
enum {
	FILE_SIZE = (sizeof(struct file) + 15) / 16 * 16
};

static struct file *
ours(sqlite3_file *f)
{
	return (struct file *)(void *)f;
}

static sqlite3_file *
real(sqlite3_file *f)
{
	return (sqlite3_file *)(void *)((char *)f + FILE_SIZE);
}

static void
drop(struct file *f)
{
	free(f->collected);
	f->collected = NULL;
	f->collected_n = 0;
	f->next = -1;
	f->commits = false;
}

/* After this the file is as SQLite thinks that it is; or it is not, and
 * nothing but taking the transaction back makes it so. */
static int
settle(struct file *f)
{
	sqlite3_file *r = real(&f->base);

	if (f->failed == SQLITE_OK && f->collected_n > 0)
		f->failed = r->pMethods->xWrite(r, f->collected,
		    f->collected_n, f->at);
	drop(f);
	return f->failed;
}

static bool
collect(struct file *f, const void *bytes, int n, sqlite3_int64 at)
{
	if (at != f->next || n > COLLECTED_MOST - f->collected_n)
		return false;
	if (f->collected == NULL) {
		f->collected = malloc(COLLECTED_MOST);
		if (f->collected == NULL)
			return false;
		f->at = at;
	}
	memcpy(f->collected + f->collected_n, bytes, (size_t)n);
	f->collected_n += n;
	f->next = at + n;
	return true;
}

static bool
is_last_head(const void *bytes, int n)
{
	static const char none[4];

	return n == FRAME_HEAD
	    && memcmp((const char *)bytes + COMMIT_AT, none, sizeof none) != 0;
}

static int
wal_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
	struct file *f = ours(file);
	sqlite3_file *r = real(file);
	bool ends = f->commits && n != FRAME_HEAD;
	bool commits = is_last_head(bytes, n);
	int code = SQLITE_OK;

	if (collect(f, bytes, n, at)) {
		f->commits = commits;
		return ends ? settle(f) : SQLITE_OK;
	}
	code = settle(f);
	if (code == SQLITE_OK)
		code = r->pMethods->xWrite(r, bytes, n, at);
	if (code == SQLITE_OK && !ends) {
		f->next = at + n;
		f->commits = commits;
	}
	return code;
}

static int
file_close(sqlite3_file *file)
{
	struct file *f = ours(file);
	sqlite3_file *r = real(file);

	drop(f);
	if (f->of != NULL)
		f->of->wal = NULL;
	if (f->wal != NULL)
		f->wal->of = NULL;
	return r->pMethods->xClose(r);
}

static int
file_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
	struct file *f = ours(file);
	sqlite3_file *r = real(file);
	int code = settle(f);

	/* What was committed before is there. */
	return code == SQLITE_OK || at + n <= f->at
	    ? r->pMethods->xRead(r, to, n, at)
	    : code;
}

static int
file_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
	sqlite3_file *r = real(file);

	return r->pMethods->xWrite(r, bytes, n, at);
}

static int
file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	sqlite3_file *r = real(file);
	int code = settle(ours(file));

	return code == SQLITE_OK ? r->pMethods->xTruncate(r, size) : code;
}

static int
file_sync(sqlite3_file *file, int flags)
{
	sqlite3_file *r = real(file);
	int code = settle(ours(file));

	return code == SQLITE_OK ? r->pMethods->xSync(r, flags) : code;
}

static int
file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	sqlite3_file *r = real(file);
	int code = settle(ours(file));

	return code == SQLITE_OK ? r->pMethods->xFileSize(r, size) : code;
}

static int
file_lock(sqlite3_file *file, int how)
{
	return real(file)->pMethods->xLock(real(file), how);
}

static int
file_unlock(sqlite3_file *file, int how)
{
	return real(file)->pMethods->xUnlock(real(file), how);
}

static int
file_is_reserved(sqlite3_file *file, int *out)
{
	return real(file)->pMethods->xCheckReservedLock(real(file), out);
}

static int
file_control(sqlite3_file *file, int what, void *with)
{
	return real(file)->pMethods->xFileControl(real(file), what, with);
}

static int
file_sector(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int
file_traits(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int
file_shm_map(sqlite3_file *file, int region, int size, int extend,
    void volatile **out)
{
	return real(file)->pMethods->xShmMap(real(file), region, size, extend,
	    out);
}

static int
file_shm_lock(sqlite3_file *file, int first, int count, int flags)
{
	struct file *f = ours(file);

	if (first == WRITE_LOCK && f->wal != NULL) {
		drop(f->wal);
		f->wal->failed = SQLITE_OK;
	}
	return real(file)->pMethods->xShmLock(real(file), first, count, flags);
}

static void
file_shm_barrier(sqlite3_file *file)
{
	real(file)->pMethods->xShmBarrier(real(file));
}

static int
file_shm_unmap(sqlite3_file *file, int delete)
{
	return real(file)->pMethods->xShmUnmap(real(file), delete);
}

/* Version 2: nothing is read by mapping. */
static const sqlite3_io_methods database_methods = {
	2, file_close, file_read, file_write, file_truncate, file_sync,
	file_size, file_lock, file_unlock, file_is_reserved, file_control,
	file_sector, file_traits, file_shm_map, file_shm_lock,
	file_shm_barrier, file_shm_unmap, NULL, NULL
};
static const sqlite3_io_methods wal_methods = {
	1, file_close, file_read, wal_write, file_truncate, file_sync,
	file_size, file_lock, file_unlock, file_is_reserved, file_control,
	file_sector, file_traits, NULL, NULL, NULL, NULL, NULL, NULL
};

static sqlite3_vfs *
usual(sqlite3_vfs *vfs)
{
	return vfs->pAppData;
}

static int
open_ours(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
    int *out)
{
	struct file *f = ours(file);
	bool wal = (flags & SQLITE_OPEN_WAL) != 0;
	int code;

	*f = (struct file){ .next = -1 };
	real(file)->pMethods = NULL;
	code = usual(vfs)->xOpen(usual(vfs), name, real(file), flags, out);
	/* SQLite closes what has methods, also after a failure. */
	if (real(file)->pMethods != NULL)
		file->pMethods = wal ? &wal_methods : &database_methods;
	if (code == SQLITE_OK && wal) {
		f->of = ours(sqlite3_database_file_object(name));
		f->of->wal = f;
	}
	return code;
}

static int
vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
    int *out)
{
	if (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB))
		return open_ours(vfs, name, file, flags, out);
	return usual(vfs)->xOpen(usual(vfs), name, file, flags, out);
}

void
sqlite_wal_register(void)
{
	sqlite3_vfs *real_vfs = sqlite3_vfs_find(NULL);
	sqlite3_vfs *vfs = malloc(sizeof *vfs);

	if (real_vfs == NULL || vfs == NULL)
		abort();
	*vfs = *real_vfs;
	vfs->zName = SQLITE_WAL_VFS;
	vfs->pNext = NULL;
	vfs->szOsFile = FILE_SIZE + real_vfs->szOsFile;
	vfs->pAppData = real_vfs;
	vfs->xOpen = vfs_open;
	/* It stays SQLite's as long as the process lives. */
	if (sqlite3_vfs_register(vfs, 0) != SQLITE_OK)
		abort();
}
