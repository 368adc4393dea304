/*
 * files.h - a person's files: plain collections and resources (RFC 4918
 * classes 1 and 3) at .../Files/.
 *
 * A folder is a collection of the store by the name of its whole path,
 * "Files/a/b"; "Files" itself is made when its owner first looks there.  The
 * files are the owner's alone, and no app password opens them.
 */
#ifndef DAV_FILES_H
#define DAV_FILES_H

#include "davd/dav/stream.h"

/* What the path names: it may lack its slash. */
CHECKED result files_resolve(struct dav *);

/* Methods that are another thing here; false: this one is not. */
bool files_handle(struct dav *);

/* The folder around `name`, "Files/a" of "Files/a/b". */
view files_parent(view name);

/* Inside account_write: its list of what is in it is another. */
CHECKED result files_touch(struct dav *, view folder);

/* Is there room for another resource of that path?  `status` 0: yes. */
CHECKED result files_place(struct dav *, view path, unsigned *status);

/* What lies in a folder; `all`: and in those below it, the folder first. */
CHECKED result files_folders(struct dav *, struct arena *, view folder,
    bool all, struct collection **out, size_t *count);

/* Inside account_write: a folder with all in it. */
CHECKED result files_remove(struct dav *, view folder);

/* The folders in a folder that have changed since, for its sync-collection;
 * what has changed in them is theirs to tell. */
void files_changes(struct stream *, const struct collection *, int64_t since);

/* MKCOL: may there be one?  false: answered. */
bool files_fit(struct dav *);

/* The methods. */
void files_put(struct dav *);
void files_copy(struct dav *);
void files_move(struct dav *);

#endif
