/* glob.h - list-mailbox patterns (RFC 3501 6.3.8): '*' any, '%' one level. */
#ifndef IMAP_GLOB_H
#define IMAP_GLOB_H

#include "mailcore/base/view.h"

/* In a time that is bounded by the product of the lengths. */
bool glob_matches(view pattern, view name);

#endif
