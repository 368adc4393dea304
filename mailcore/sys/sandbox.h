/*
 * sandbox.h - what a role may still do once it serves: Landlock for paths,
 * seccomp for system calls, no_new_privs for good.
 */
#ifndef SYS_SANDBOX_H
#define SYS_SANDBOX_H

#include "mailcore/base/result.h"

#include <stdbool.h>
#include <stddef.h>

struct sandbox {
	const char *const *writable; /* folders */
	size_t writable_count;
	const char *const *readable; /* files and folders */
	size_t readable_count;
	bool connect; /* may open connections (queue, mail for DNS) */
};

/* No way back.  A kernel without Landlock: a warning in the log. */
CHECKED result sandbox_enter(const struct sandbox *);

#endif
