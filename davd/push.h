/*
 * push.h - clients that subscribed are told of changes (WebDAV-Push), by
 * threads of the queue role.
 *
 * Whoever changes an account says so by datagram; pusher_hear notes it without
 * asking the database, and remembers for a minute who has no subscriptions.
 * What has changed within LIMIT_PUSH_WINDOW_MS is one message.  A push
 * service that fails is asked again later, and after LIMIT_PUSH_FAILURES in
 * a row no more.
 */
#ifndef DAVD_PUSH_H
#define DAVD_PUSH_H

#include "mailcore/store/store.h"
#include "mailcore/sys/conf.h"

struct pusher;
struct signer;

CHECKED result pusher_start(struct pusher **, struct store *,
    const struct conf *, struct tls *, struct signer *);

/* Something in the account has changed.  `fresh`: somebody has subscribed, so
 * that what is remembered of it counts no more.  Any thread. */
void pusher_hear(struct pusher *, int64_t account, bool fresh);

/* Waits for the threads.  NULL is nothing to stop. */
void pusher_stop(struct pusher **);

#endif
