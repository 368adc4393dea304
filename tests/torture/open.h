/* open.h - both names of open, in one place, for what is preloaded. */
#ifndef TORTURE_OPEN_H
#define TORTURE_OPEN_H

#include <sys/types.h>

/* What the library does instead of open; `caller` asked for it. */
int open_instead(const char *path, int flags, mode_t mode,
    const void *caller);

#endif
