/*
 * children.h - the roles as processes: started, heard of, started again.
 *
 * A role that dies after it has served comes back at once; one that dies
 * again and again waits longer each time, and longest when it never gets as
 * far as serving.
 */
#ifndef DAVD_CHILDREN_H
#define DAVD_CHILDREN_H

#include "davd/role.h"

#include <poll.h>

struct children;

/* Binds their sockets; `only` names one role, NULL is all.  They also hold
 * the descriptor `lock`. */
CHECKED result children_new(struct children **, const struct conf *,
    const char *config, const char *only, int lock);
void children_free(struct children **);

/* Start those that are due; milliseconds until the next is, -1: never. */
int children_start_due(struct children *);

/* What to wait for until a role says that it serves; how many. */
size_t children_poll(const struct children *, struct pollfd to[ROLE_COUNT]);
void children_hear(struct children *);

/* Take note of those that have ended. */
void children_reap(struct children *);

void children_signal(const struct children *, int signal);

/* SIGTERM, and no new starts. */
void children_stop(struct children *);
bool children_gone(const struct children *);

/* All serve, and not all are those that have been told of. */
bool children_changed(const struct children *);
void children_told(struct children *);

/* "web 123\n" for each. */
void children_list(const struct children *, struct buf *out);

#endif
