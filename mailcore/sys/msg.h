/*
 * msg.h - short words between roles: "account N changed", "queue has work",
 * "read the configuration again".
 *
 * Datagrams on sockets in <data>/run/<role>.sock (also used by the CLI).  Any
 * may be lost: the change log is the truth, and whoever waits also looks now
 * and then.  Sending never blocks, and goes to the roles that listen to words
 * of that kind (msg.c).  Sending is thread-safe; one thread receives.
 */
#ifndef SYS_MSG_H
#define SYS_MSG_H

#include "mailcore/base/result.h"

#include <stdbool.h>
#include <stdint.h>

enum msg_kind {
	MSG_ACCOUNT = 1, /* something in it changed */
	MSG_QUEUE = 2,
	MSG_RELOAD = 3,
	MSG_STANDING = 4, /* who may be logged in to the account changed */
	MSG_LOGIN = 5,    /* somebody has logged in to it */
	MSG_PUSH = 6      /* somebody wants to be told of changes in it */
};

struct msg {
	enum msg_kind kind;
	int64_t number; /* account id */
};

struct post; /* one end */

/* `role`: "web", "mail", "queue"; NULL: send only. */
CHECKED result post_open(struct post **, const char *data, const char *role);
void post_close(struct post **);

/* To every role but the own one; MSG_STANDING to that too, whose other parts
 * look on. */
void post_send(struct post *, struct msg);

/* MSG_ACCOUNT, at once or POST_GATHER_MS later: under load many accounts go
 * in one datagram, and each once. */
void post_send_changed(struct post *, int64_t account);

/* For a loop: readable when there is something; -1 for a sender only. */
int post_fd(const struct post *);

/* false when nothing is waiting. */
bool post_receive(struct post *, struct msg *out);

#endif
