/*
 * proc.h - what processes need from the machine: listening sockets, fewer
 * rights, and telling the service manager.
 */
#ifndef SYS_PROC_H
#define SYS_PROC_H

#include "mailcore/base/result.h"

#include <stdbool.h>
#include <sys/types.h>

/* A listening TCP socket, close-on-exec.  NOT_FOUND: a machine without IPv6
 * (or IPv4).  FAILED: logged with address, port and what to do. */
CHECKED result proc_listen(const char *address, unsigned port, int *fd);

struct proc_socket {
	const char *path;
	const char *owner, *group; /* NULL: stays; the group: the owner's */
	unsigned mode;
};

/* A listening Unix socket there, in place of one where nobody answers.
 * FAILED: logged. */
CHECKED result proc_listen_at(const struct proc_socket *, int *fd);

/* For root: become `user` for good, with its groups.  For others: give up
 * capabilities.  FAILED: no such user, logged. */
CHECKED result proc_become(const char *user);

/* The same user's numbers; false (logged): there is none. */
bool proc_user(const char *user, uid_t *uid, gid_t *gid);

/* Ends with its parent, whatever ends that; gains no rights by execve.  After
 * proc_become, which would undo the first.  FAILED: `parent` has gone. */
CHECKED result proc_bind_to(pid_t parent);

/* As many descriptors as allowed, at least `wanted` when that can be. */
void proc_raise_files(unsigned long wanted);

/* sd_notify(3): "READY=1", "STOPPING=1"; nothing without NOTIFY_SOCKET. */
void proc_notify(const char *state);

#endif
