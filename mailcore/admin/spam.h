/*
 * spam.h - who may always or never send mail to whom, and which scores count:
 * the operations behind `posthaste spam` and the pages.
 */
#ifndef ADMIN_SPAM_H
#define ADMIN_SPAM_H

#include "mailcore/store/sender.h"

/* "server", a hosted domain, or a mailbox' address.  NOT_FOUND: neither. */
CHECKED result spam_owner(struct store *, struct arena *, view who,
    struct sender_owner *out);

enum spam_list { SPAM_ALLOW, SPAM_DENY, SPAM_FORGET };

/* Put a pattern into a list of `who`, or take it out of both.  Errors as
 * sender_pattern, sender_rule_set and sender_rule_remove have them. */
CHECKED result spam_rule(struct store *, struct arena *, view who,
    view pattern, enum spam_list);

/* "8", "8.5", "-2" as tenths.  MALFORMED: not from -20 to 200. */
CHECKED result spam_points(view text, int64_t *out);

/* MALFORMED: mail would be refused before it is marked. */
CHECKED result spam_levels(struct store *, struct arena *, view who,
    const struct sender_levels *);

#endif
