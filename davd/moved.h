/*
 * moved.h - a server's folder that was copied or moved, and whose
 * configuration still names the place where it was.
 */
#ifndef DAVD_MOVED_H
#define DAVD_MOVED_H

#include <stdbool.h>

/* Has `folder` a store of its own, although the configuration in it says that
 * the data are in `data`, which is another folder or none? */
bool moved_here(const char *folder, const char *data);

#endif
