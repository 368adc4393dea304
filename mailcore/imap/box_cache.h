/*
 * box_cache.h - large mailboxes as they were when last opened, for all
 * sessions of the process: opening one again costs what has changed since,
 * not a walk over all its messages, and no memory until it is changed.  Any
 * thread.
 */
#ifndef IMAP_BOX_CACHE_H
#define IMAP_BOX_CACHE_H

#include "mailcore/imap/box.h"

struct box_cache;

enum { BOX_CACHE_WORTH = 200 };

/* Mailboxes of fewer messages than `worth` are not kept: they are read as
 * quickly. */
struct box_cache *box_cache_new(size_t worth);
void box_cache_free(struct box_cache **);

/* Fill the empty `b` with what is known of its mailbox up to some modseq, at
 * most `most`: b->modseq.  false: nothing is.  No cache: NULL. */
bool box_cache_take(struct box_cache *, int64_t account, struct box *b,
    int64_t most);

/* `b` was just opened; it holds no marks.  Its messages are shared then. */
void box_cache_keep(struct box_cache *, int64_t account, struct box *b);

/* Messages `from` and up are about to be told of, the last of which is `to`:
 * the first of them that no session was told of, as far as this process
 * knows.  `keep`: it is now.  No cache: `from`. */
int64_t box_cache_claim(struct box_cache *, int64_t account,
    int64_t collection, int64_t from, int64_t to, bool keep);

#endif
