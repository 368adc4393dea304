/*
 * buf.h - bytes that grow, up to a limit.
 *
 * A failure sticks: once a buf would have passed its limit, later additions
 * do nothing and buf_result says OVER_LIMIT, so a long construction is
 * checked once.  When malloc itself fails the process stops.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "mailcore/base/result.h"
#include "mailcore/base/view.h"

struct buf {
	char *p;
	size_t n;
	size_t room;
	size_t limit;
	result r;
};

/* An empty buf that holds no memory yet.  Free it with buf_free. */
struct buf buf_new(size_t limit);
void buf_free(struct buf *);

void buf_add(struct buf *, view);
void buf_add_byte(struct buf *, char);
void buf_add_text(struct buf *, const char *text);
void buf_add_number(struct buf *, uint64_t);
void buf_print(struct buf *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for `n` more bytes at the end, to be filled by the caller, who then
 * adds what it used to b->n.  NULL past the limit. */
char *buf_reserve(struct buf *, size_t n);

/* What is in it; valid until the next addition. */
view buf_view(const struct buf *);

/* The same as a C string (a NUL stands behind the last byte). */
const char *buf_text(struct buf *);

/* Drop the first `n` bytes. */
void buf_drop(struct buf *, size_t n);

/* Drop everything from byte `n` on; used to take back a half-built answer. */
void buf_cut(struct buf *, size_t n);

/* Empty it and forget a failure; keeps the memory. */
void buf_reset(struct buf *);

/* Keep this failure, unless there is one already. */
void buf_fail(struct buf *, enum status, const char *why);

CHECKED result buf_result(const struct buf *);

#endif
