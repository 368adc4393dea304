/*
 * stream.h - multistatus answers (RFC 4918 13), made piece by piece: however
 * long the list, an account is held only while a piece is made.  A short one
 * goes out whole, with its length.
 */
#ifndef DAV_STREAM_H
#define DAV_STREAM_H

#include "davd/dav/data.h"

struct stream {
	struct prop_out out; /* its scratch is emptied for each response */
	/* Add some responses; `*more` false: that was all.  May stop where it
	 * likes, best when stream_is_full. */
	result (*next)(struct stream *, bool *more);
	/* Add what stands behind the responses (a sync-token); or NULL. */
	void (*finish)(struct stream *);
	const struct prop_wanted *wanted;
	struct data_view data; /* how bytes are given */
	const struct ical_clock *clock; /* of floating times; NULL: that of
	                                 * the calendar */
	struct arena *clocks; /* of the last calendar's, */
	int64_t clock_of;     /* and its number */
	view base;       /* the href of the collection last written of */
	int64_t base_of; /* its number */
	struct buf first; /* the first piece, when there are more */
	struct buf *to;   /* the piece that is being made */
	bool more;
};

/* Start the answer.  `s` is the first member of something that lives in the
 * request's arena, with `next` and `wanted` set. */
void stream_start(struct stream *s, struct dav *);

bool stream_is_full(const struct stream *);

/* The response for an object, with its bytes when they are wanted. */
void stream_item(
    struct stream *, const struct collection *, const struct item *);

/* The response for anything else. */
void stream_resource(struct stream *, const struct resource *);

/* A response that is only a status: "HTTP/1.1 404 Not Found". */
void stream_status(struct stream *, view href, view status);

/* 403 for one of them, with the condition that it does not meet. */
void stream_refused(struct stream *, view href, const char *condition);

/* 507 for the whole: there is more than this answer tells (RFC 6352 8.6.2,
 * RFC 6578 3.6). */
void stream_truncated(struct stream *);

#endif
