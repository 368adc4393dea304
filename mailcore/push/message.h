/*
 * message.h - what a client is told, and the topic by which it knows of which
 * collection (draft-bitfire-webdav-push).
 */
#ifndef PUSH_MESSAGE_H
#define PUSH_MESSAGE_H

#include "mailcore/auth/signer.h"

#define PUSH_NS "https://bitfire.at/webdav-push"

/* Appends the topic of a collection: the same for everybody and for good, of
 * this server alone, and nothing can be read from it. */
void push_topic(const struct signer_point *, int64_t account,
    int64_t collection, struct buf *out);

struct push_message {
	view topic;
	bool content, properties; /* what has changed */
	view token;               /* the DAV:sync-token now; may be empty */
};
void push_message_write(const struct push_message *, struct buf *out);

#endif
