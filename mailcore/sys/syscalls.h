/*
 * syscalls.h - the seccomp half of sandbox.h: which system calls are left.
 */
#ifndef SYS_SYSCALLS_H
#define SYS_SYSCALLS_H

#include "mailcore/base/result.h"

#include <stdbool.h>

/* No way back.  A call that is not on the list ends the process. */
CHECKED result syscalls_restrict(bool connect);

#endif
