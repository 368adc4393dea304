/*
 * sqlite_wal.h - a transaction goes into the WAL with one write.
 *
 * SQLite writes each page of a commit apart, and before it 24 bytes that speak
 * of it: some twenty system calls for a message.  They follow each other in
 * the file, so this VFS, a thin layer over the usual one, collects them in
 * memory.  What was collected is written
 *
 *  - with the page that ends the transaction, before SQLite tells other
 *    readers of it: the error of a full disk is that page's;
 *  - before anything else is done with the file: reading, another place,
 *    syncing, asking for its size;
 *
 * and is dropped when the write lock is taken or let go of: all that can be
 * left then is of a transaction that was rolled back.  Until then, what could
 * not be written is an error of all that follows: SQLite would go on after a
 * statement that only read when the disk was full.
 */
#ifndef DB_SQLITE_WAL_H
#define DB_SQLITE_WAL_H

/* The VFS' name for sqlite3_open_v2. */
#define SQLITE_WAL_VFS "posthaste"

/* Once, before the first database is opened. */
void sqlite_wal_register(void);

#endif
