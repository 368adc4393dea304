/*
 * runner.h - the queue role's work: lease what is due, deliver it by MX or by
 * the configured relay, settle, bounce (RFC 3464).
 */
#ifndef SMTP_RUNNER_H
#define SMTP_RUNNER_H

#include "mailcore/store/store.h"
#include "mailcore/sys/conf.h"
#include "mailcore/sys/msg.h"

struct runner;
struct signer;

CHECKED result runner_new(struct runner **, struct store *,
    const struct conf *, struct tls *, struct post *);

/* Bounces are signed from now on; before runner_run. */
void runner_sign_with(struct runner *, struct signer *);

/* What else comes by post is handed on, by the thread of runner_run; before
 * that.  It must not take long. */
typedef void runner_heard(void *context, struct msg);
void runner_hear(struct runner *, runner_heard *, void *context);

/* Until runner_stop: wakes on MSG_QUEUE, on due times, once a minute. */
CHECKED result runner_run(struct runner *);
void runner_stop(struct runner *); /* any thread, signal handlers */
void runner_free(struct runner **);

#endif
