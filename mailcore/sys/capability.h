/*
 * capability.h - the names of what IMAP can do here, for those who switch some
 * of it off: a name that nothing has would silently switch off nothing.
 */
#ifndef SYS_CAPABILITY_H
#define SYS_CAPABILITY_H

#include "mailcore/base/result.h"
#include "mailcore/base/view.h"

/* May all of "A B" be switched off?  A name before "=" is that of all that
 * begin so.  MALFORMED, and then `*bad`, if not NULL, is the one. */
CHECKED result capability_check(view words, view *bad);

#endif
