/*
 * metadata.h - annotations of mailboxes and of the account (RFC 5464), their
 * names as clients write them: /private/... and /shared/...
 *
 * /private/specialuse is the use of a mailbox (RFC 6154 4).  With an empty
 * mailbox name, /private is one's own and /shared the administrator's, which
 * nobody sets by IMAP.
 */
#ifndef IMAP_METADATA_H
#define IMAP_METADATA_H

#include "mailcore/imap/place.h"

/* An entry's name, in small letters.  Malformed: it fails `in`. */
view metadata_parse_name(struct parse *in);

/* "name" or "(name name)": at most LIMIT_IMAP_METADATA of them. */
struct metadata_names {
	view *list;
	size_t count;
};
void metadata_parse_names(struct parse *in, struct metadata_names *out);

enum { METADATA_DEEP = 1000000 };

struct metadata_question {
	struct metadata_names names;
	unsigned depth;    /* 0, 1, METADATA_DEEP */
	uint64_t max_size; /* RFC 5464 4.2.1; UINT64_MAX: not asked */
	uint64_t longest;  /* of those that are left out; 0: none */
};

/* RFC 5464 3.3: may he ask at all? */
bool metadata_may_ask(unsigned rights);

/* "* METADATA name (...)" CRLF, or nothing; the account is the command's. */
CHECKED result metadata_tell(struct imap *, struct command *,
    const struct collection *, int64_t owner, struct metadata_question *,
    struct buf *out);

#endif
