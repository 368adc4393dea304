/*
 * address.h - mail addresses (RFC 5321 4.1.2, RFC 6531) and what we make of
 * them: domain as A-label in lower case, local part as it is.
 */
#ifndef FORMAT_ADDRESS_H
#define FORMAT_ADDRESS_H

#include "mailcore/base/arena.h"

struct address {
	view local;  /* unquoted */
	view domain; /* A-label, lower case; "[192.0.2.1]" stays */
	bool utf8;   /* the local part needs SMTPUTF8 */
};

/* One addr-spec, "local@domain", also with a quoted local part and with a
 * U-label domain.  Views live in `arena`.
 * MALFORMED, OVER_LIMIT (RFC 5321 4.5.3.1). */
CHECKED result address_parse(view text, struct arena *, struct address *out);

/* "local@domain", quoted where needed. */
view address_text(const struct address *, struct arena *);

/* A host name in A-labels and lower case (libidn2).  MALFORMED. */
CHECKED result domain_normalise(view text, struct arena *, view *out);

/* One step through an RFC 5322 address list (3.4, with the obsolete forms of
 * 4.4), as it is spelled: quotes and comments taken off, encoded words left.
 * What cannot be read is skipped. */
enum address_kind { ADDRESS_MAILBOX, ADDRESS_GROUP, ADDRESS_GROUP_END };

struct address_item {
	enum address_kind kind;
	view name;   /* of the person or the group */
	view route;  /* "@a,@b"; obsolete */
	view local;  /* unquoted */
	view domain; /* empty: there is none */
};

struct address_walk {
	view rest;
	struct arena *arena;
	bool in_group;
	unsigned count; /* up to LIMIT_HEADER_ADDRESSES */
};

struct address_walk address_walk(view field, struct arena *);
bool address_next(struct address_walk *, struct address_item *);

/* An RFC 5322 address list, as far as it can be read: display name (decoded
 * of RFC 2047, UTF-8) and addr-spec of each. Groups are flattened. */
struct mailbox_address {
	view name;
	view local;
	view domain;
};
CHECKED result address_list_parse(view field, struct arena *,
    struct mailbox_address **out, size_t *count);

#endif
