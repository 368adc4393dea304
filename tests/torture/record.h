/*
 * record.h - all that a server changes on the disk, in its order.
 *
 * Preloaded.  RECORD_LOG names a file that all processes map: a head, then
 * records.  A change is made and recorded under one lock, so the order of the
 * records is that of the changes; a record counts once `tail` is beyond it.
 * A sync is recorded when it has succeeded, with the tail before it began:
 * what came later may not be on the disk yet.
 *
 *	head	tail(8) room(8) lock(4) delay(4) closed(4) fail(4),
 *		up to 4,096 bytes
 *	record	size(4) kind(4) inode(8) at(8) n(8) bytes(n), up to 8 bytes
 *
 * `delay`: a sync takes up to so many microseconds longer than it would, as
 * on a disk that is slow.  `fail`: of so many syncs one fails, and nothing
 * promises then that a later one writes what this one did not: the system may
 * take it for written.  0: none fails.  What lies in a mapping is not seen:
 * SQLite's -shm files, which are worth nothing after a power cut; any other
 * writable mapping of a file is recorded as strange.
 */
#ifndef TORTURE_RECORD_H
#define TORTURE_RECORD_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kind {
	WRITTEN = 1,
	CUT,      /* at: the new size */
	EXTENDED, /* at: at least that size */
	MADE,     /* bytes: the path */
	RENAMED,  /* bytes: both paths, each with its NUL */
	REMOVED,
	FOLDER_MADE,
	FOLDER_REMOVED,
	SYNCED,   /* at: the tail when it began */
	LINKED,
	STRANGE,  /* bytes: what */
	REMOVED_IN, /* at: the folder's inode, bytes: the name there */
	FOLDER_REMOVED_IN,
	SYNC_FAILED /* at: the tail when it began */
};

/* The function of that name behind this one. */
#define NEXT(name) \
	(__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

/* Whether anything is to be recorded at all. */
bool record_on(void);

/* Around a change and its record. */
void record_lock(void);
void record_unlock(void);
void record_add(enum kind, uint64_t inode, uint64_t at, const void *p,
    size_t n);

/* Something happened that no reader can follow.  Keeps errno. */
void record_strange(const char *what);

/* Of a file or folder whose changes are recorded; 0: none. */
uint64_t record_inode(int fd);

#endif
