/*
 * domain_admin.h - what somebody does who administers a domain beside the
 * operator: by the pages and by the API.  Each function sees for itself
 * whether the account may; what is of another domain is NOT_FOUND, as what is
 * not there.  Each failure's `why` says to people what was expected.  What
 * returned OK is durable, logged with who did it, and the other roles were
 * told.
 */
#ifndef ADMIN_DOMAIN_ADMIN_H
#define ADMIN_DOMAIN_ADMIN_H

#include "mailcore/store/administrator.h"
#include "mailcore/store/alias.h"
#include "mailcore/sys/msg.h"

/* Who asks. */
struct domain_admin {
	struct store *store;
	struct post *post; /* NULL: the roles find out by themselves */
	int64_t account;
	unsigned strength; /* that a new password must have (strength.h) */
};

/* The operator's part: who administers what; `domain` and `address` are
 * theirs by name.  NOT_FOUND says which there is none of. */
CHECKED result domain_admin_add(struct store *, view domain, view address);
CHECKED result domain_admin_remove(struct store *, view domain,
    view address);
CHECKED result domain_admin_list(struct store *, struct arena *, view domain,
    view **out, size_t *count);
CHECKED result domain_admin_limit(struct store *, view domain,
    const struct domain_share *);
CHECKED result domain_admin_share(struct store *, view domain,
    struct domain_share *limit, struct domain_share *used);

/* A mailbox of a domain that `w` administers. */
CHECKED result domain_admin_mailbox(const struct domain_admin *,
    struct arena *, int64_t id, struct account_info *out);

/* At most `most` of them by address, behind `after`; with what they hold. */
CHECKED result domain_admin_mailboxes(const struct domain_admin *,
    struct arena *, int64_t domain, view after, size_t most,
    struct account_info **out, size_t *count);

/* The part before '@', a person's name, a password in clear, a quota in bytes
 * (0: none). */
struct mailbox_wanted {
	view local_part, name, password;
	int64_t quota;
};
/* EXISTS, MALFORMED; OVER_LIMIT: more than the domain may have.  `*weak`: it
 * was the password (DENIED, MALFORMED, OVER_LIMIT). */
CHECKED result domain_admin_mailbox_add(const struct domain_admin *,
    int64_t domain, const struct mailbox_wanted *, int64_t *id, bool *weak);

/* OVER_LIMIT: as above.  MALFORMED: less than 0. */
CHECKED result domain_admin_quota(const struct domain_admin *, int64_t id,
    int64_t bytes);

/* That and domain_admin_enable, which is below: both or neither. */
CHECKED result domain_admin_state(const struct domain_admin *, int64_t id,
    bool enabled, int64_t bytes);

/* The following are DENIED for a mailbox that administers more than `w`
 * does, and for one's own.  A new password ends its sessions and connections,
 * as does disabling it. */
CHECKED result domain_admin_password(const struct domain_admin *, int64_t id,
    view password, bool *weak);
CHECKED result domain_admin_enable(const struct domain_admin *, int64_t id,
    bool);
CHECKED result domain_admin_mailbox_remove(const struct domain_admin *,
    int64_t id);

/* By address. */
CHECKED result domain_admin_aliases(const struct domain_admin *,
    struct arena *, int64_t domain, struct alias **out, size_t *count);

/* An address of that domain, or "@domain".  `target` and errors as
 * admin_alias_put_within has them. */
CHECKED result domain_admin_alias_add(const struct domain_admin *,
    int64_t domain, view address, view target);
CHECKED result domain_admin_alias_remove(const struct domain_admin *,
    int64_t domain, view address);

#endif
