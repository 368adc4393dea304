/*
 * file.h - files, whole and safely: written to a temporary name, synced,
 * renamed, the folder synced.  NO_SPACE: disk full; FAILED: logged with path.
 */
#ifndef SYS_FILE_H
#define SYS_FILE_H

#include "mailcore/base/buf.h"

/* NOT_FOUND; OVER_LIMIT past the buf's limit. */
CHECKED result file_read(const char *path, struct buf *out);
CHECKED result file_write(const char *path, view bytes, int mode);

/* The same without syncing: whoever reads it sees all of one of both, but
 * after a power cut it may be gone, or empty.  For what each start makes
 * anew. */
CHECKED result file_write_fleeting(const char *path, view bytes, int mode);

/* Make a folder and those above it, mode 0700; no failure when there. */
CHECKED result file_make_folder(const char *path);
CHECKED result file_sync_folder(const char *path);

#endif
