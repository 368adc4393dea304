/*
 * segment.h - one file of a journal: records, one after the other.
 *
 * A segment in use is <data>/journal/<role>-<16 digits> and locked by the
 * process that writes it, so one that is there and not locked was left behind.
 * When no longer needed it becomes <role>.spare, to be written over by the
 * next: a write into blocks that a file has already is synced in half the
 * time of one that makes it grow, and needs no room on a full disk.
 *
 * A segment therefore may end in records of an earlier use.  Each record is
 * numbered; the number and the writer of the segment are folded into its
 * checksum, and reading ends where they do not fit: that is also where the
 * machine stopped in the middle of a write.
 *
 *	segment	"PHJRNL1\n" writer(8) first record's number(8)
 *	record	check(8) length(8) account(8) seq(8) payload(length)
 *
 * Numbers are little-endian.  `check` is the first 8
 * bytes of SHA-256 over all that follows it in the record, XOR writer + the
 * record's number.
 */
#ifndef STORE_SEGMENT_H
#define STORE_SEGMENT_H

#include "mailcore/base/buf.h"
#include "mailcore/store/idset.h"

enum { SEGMENT_HEAD = 24, SEGMENT_RECORD_HEAD = 32, SEGMENT_PATH = 1024 };

struct segment {
	struct segment *next;
	int fd;
	uint64_t writer;
	uint64_t end;       /* where the next record goes */
	uint64_t allocated; /* bytes that the file has */
	uint64_t number;    /* of the next record */
	struct idset touched; /* accounts with a record in it */
	bool distrusted;      /* a write or a sync failed */
	char path[SEGMENT_PATH];
};

/* Room for the head of a record, filled in later. */
void segment_begin_record(struct buf *record);

/* `record` as begun, with its payload: fill in the head, but for writer and
 * number, which segment_write adds to the check. */
void segment_seal_record(struct buf *record, int64_t account, int64_t seq);

/* A segment whose name is on the disk.  A writer never gives a number
 * twice. */
CHECKED result segment_open(struct segment **, const char *data,
    const char *role, uint64_t writer, uint64_t number);

/* Write sealed records at the end, and sync them; numbers them in place. */
CHECKED result segment_write(struct segment *, struct buf *records);

/* Nothing in it is needed any more: keep the file for later, unless it is
 * distrusted.  Frees the segment. */
void segment_retire(struct segment **, const char *data, const char *role);

/* Frees it and leaves the file as it is. */
void segment_leave(struct segment **);

/* A file as it was left: all its whole records, in their order. */
typedef void segment_visit(void *context, int64_t account, int64_t seq,
    view payload);
void segment_read(view file, segment_visit *, void *context);

#endif
