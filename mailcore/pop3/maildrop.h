/*
 * maildrop.h - the INBOX of an account as POP3 sees it: numbered messages
 * that do not change while a session looks at them.
 *
 * 24 octets a message, so that a big mailbox costs a session little.
 */
#ifndef POP3_MAILDROP_H
#define POP3_MAILDROP_H

#include "mailcore/base/buf.h"
#include "mailcore/store/body.h"

struct message {
	int64_t body;
	uint64_t size;
	uint32_t uid;
	bool deleted; /* marked; only maildrop_update removes */
};

struct maildrop {
	int64_t account;
	int64_t collection;
	uint32_t uid_validity;
	struct message *messages;
	size_t count;
};

CHECKED result maildrop_open(struct store *, int64_t account,
    struct maildrop *);
void maildrop_close(struct maildrop *);

/* Those not marked. */
void maildrop_total(const struct maildrop *, size_t *count, uint64_t *octets);

void maildrop_reset(struct maildrop *);

/* Remove what is marked, durably when it returns. */
CHECKED result maildrop_update(struct store *, struct maildrop *);

/* Run `use` over the bytes of one message.
 * NOT_FOUND: somebody else removed it meanwhile. */
typedef void maildrop_use(void *context, view bytes);
CHECKED result maildrop_read(struct store *, const struct maildrop *,
    const struct message *, maildrop_use *, void *context);

#endif
