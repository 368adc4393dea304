/*
 * imap_fill.h - a mailbox of thousands of messages, before anybody looks.
 */
#ifndef TESTS_IMAP_FILL_H
#define TESTS_IMAP_FILL_H

#include "mailcore/store/item.h"
#include "tests/dialog/talk.h"

struct imap_fill {
	struct spool *bytes;
	uint64_t count;
};

static inline result
imap_fill_work(struct account *a, void *context)
{
	const struct imap_fill *fill = context;
	const struct item_summary summary = { .envelope = VIEW("NIL"),
		.header = VIEW("Subject: crowd\r\n\r\n") };
	const struct item_new new = { .bytes = fill->bytes,
		.summary = &summary };
	struct arena *arena = arena_new(65536);
	struct collection inbox;
	struct item made;
	result r = collection_find(a, arena, COLLECTION_MAILBOX,
	    VIEW("INBOX"), &inbox);

	for (uint64_t i = 0; r.is == OK && i < fill->count; i++)
		r = item_add(a, inbox.id, &new, &made);
	arena_free(&arena);
	return r;
}

/* a's INBOX has `count` messages more, each with a text of so many lines of
 * ten bytes. */
static inline void
imap_fill(struct talk *t, uint64_t count, size_t lines)
{
	struct imap_fill fill = { .bytes = spool_new(t->store,
				      100 + 10 * (uint64_t)lines),
		.count = count };
	struct account *a = NULL;

	spool_add(fill.bytes, VIEW("Subject: crowd\r\n\r\n"));
	for (size_t i = 0; i < lines; i++)
		spool_add(fill.bytes, VIEW("12345678\r\n"));
	talk_check(account_open(t->store, talk_account(t, VIEW("a")), &a),
	    "open");
	talk_check(item_prepare(a, fill.bytes), "prepare");
	talk_check(account_write(a, imap_fill_work, &fill, DURABLE), "fill");
	account_close(&a);
	spool_free(&fill.bytes);
}

#endif
