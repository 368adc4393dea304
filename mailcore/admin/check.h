/*
 * check.h - what may become the name of a domain, a person or a mailbox.
 * Stricter than what we read in mail: these names go into paths, URLs and
 * other people's programs.
 */
#ifndef ADMIN_CHECK_H
#define ADMIN_CHECK_H

#include "mailcore/base/arena.h"

/* A fully qualified domain in A-labels.  MALFORMED. */
CHECKED result check_domain(view text, struct arena *, view *out);

/* A mailbox' address, normalised; `domain` behind its '@'.  MALFORMED. */
CHECKED result check_address(view text, struct arena *, view *out,
    view *domain);

/* A name for people.  MALFORMED: not one line of UTF-8; OVER_LIMIT. */
CHECKED result check_name(view text);

#endif
